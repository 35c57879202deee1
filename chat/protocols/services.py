"""What a protocol may use of the server: one value, given to each when the server is opened."""

import msgspec

from chat.domain.accounts import Accounts
from chat.domain.administration import Administration
from chat.domain.blocks import Blocks
from chat.domain.budgets import Budgets
from chat.domain.contacts import Contacts
from chat.domain.conversations import Conversations
from chat.domain.direct import Direct
from chat.domain.invites import Invites
from chat.domain.live_settings import LiveSettings
from chat.domain.room_history import RoomHistory
from chat.domain.rooms import Rooms
from chat.domain.search import SearchIndex
from chat.domain.sessions import Sessions
from chat.domain.set_up import FirstAdmin
from chat.domain.support import Support
from chat.domain.timelines import Timelines
from chat.domain.uploads import Uploads
from chat.domain.visitors import Visitors
from chat.engine.cluster.cluster import Cluster
from chat.engine.desk_watch import DeskWatch
from chat.engine.engine import Engine
from chat.engine.history import History
from chat.engine.hub import Hub
from chat.engine.memberships import Memberships
from chat.engine.notices import Notices
from chat.engine.presence import Presence
from chat.engine.read_marks import ReadMarks
from chat.engine.statuses import Statuses
from chat.engine.writes import Writes


class Services(msgspec.Struct, frozen=True):
    """What stands below the protocols. `session.py` has what is of one connection, its way to the journal too.

    `lobby_needs_login`: nobody hears the lobby without a token. `direct_trust_from`: clients of direct messages are
    whom they say they are, for labs.
    """

    accounts: Accounts
    budgets: Budgets
    rooms: Rooms
    direct: Direct
    support: Support
    memberships: Memberships
    history: History
    presence: Presence
    hub: Hub
    cluster: Cluster
    sessions: Sessions
    first_admin: FirstAdmin
    conversations: Conversations
    room_history: RoomHistory
    timelines: Timelines
    contacts: Contacts
    blocks: Blocks
    read_marks: ReadMarks
    writes: Writes
    invites: Invites
    search: SearchIndex
    notices: Notices
    statuses: Statuses
    administration: Administration
    settings: LiveSettings
    visitors: Visitors
    desk_watch: DeskWatch
    uploads: Uploads
    lobby_needs_login: bool = False
    direct_trust_from: bool = False


def services_of(
    engine: Engine, *, lobby_needs_login: bool = False, direct_trust_from: bool = False
) -> Services:
    """Return what protocols may use of an engine."""
    return Services(
        engine.accounts,
        engine.budgets,
        engine.rooms,
        engine.direct,
        engine.support,
        engine.memberships,
        engine.history,
        engine.presence,
        engine.hub,
        engine.cluster,
        engine.sessions,
        engine.first_admin,
        engine.conversations,
        engine.room_history,
        engine.timelines,
        engine.contacts,
        engine.blocks,
        engine.read_marks,
        engine.writes,
        engine.invites,
        engine.search,
        engine.notices,
        engine.statuses,
        engine.administration,
        engine.settings,
        engine.visitors,
        engine.desk_watch,
        engine.uploads,
        lobby_needs_login,
        direct_trust_from,
    )
