"""The services of the engine for the protocols."""

from pathlib import Path

import msgspec

from chat.domain.accounts.accounts import Accounts
from chat.domain.accounts.contacts import Contacts
from chat.domain.accounts.invites import Invites
from chat.domain.accounts.sessions import Sessions
from chat.domain.accounts.set_up import FirstAdmin
from chat.domain.accounts.visitors import Visitors
from chat.domain.administration.administration import Administration
from chat.domain.administration.live_settings import LiveSettings
from chat.domain.features import Ports
from chat.domain.identity_provider import IdentityProvider
from chat.domain.limits.budgets import Budgets
from chat.domain.mail_server import MailServer
from chat.domain.messages.uploads import Uploads
from chat.domain.ports.sessions import Restore
from chat.domain.ports.timelines import Timelines
from chat.domain.rooms.blocks import Blocks
from chat.domain.rooms.conversations import Conversations
from chat.domain.rooms.direct import Direct
from chat.domain.rooms.room_history import RoomHistory
from chat.domain.rooms.rooms import Rooms
from chat.domain.rooms.support import Support
from chat.engine.catch_up import CatchUp
from chat.engine.cluster_port import Cluster
from chat.engine.deliveries import Deliveries
from chat.engine.history import History
from chat.engine.hub import Hub
from chat.engine.member_counts import MemberCounts
from chat.engine.memberships import Memberships
from chat.engine.notices import Notices
from chat.engine.operator_watch import OperatorWatch
from chat.engine.presence import Presence
from chat.engine.read_marks import ReadMarks
from chat.engine.statuses import Statuses
from chat.engine.writes import Writes
from chat.inspection.metrics import Metrics
from chat.outbound.client import Outbound
from chat.storage.archives import Archives


class EngineServices(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of the domain, and the parts of the engine that apply them to open sockets."""

    accounts: Accounts
    budgets: Budgets
    rooms: Rooms
    direct: Direct
    deliveries: Deliveries
    support: Support
    memberships: Memberships
    history: History
    presence: Presence
    hub: Hub
    metrics: Metrics
    cluster: Cluster
    sessions: Sessions
    first_admin: FirstAdmin
    conversations: Conversations
    room_history: RoomHistory
    timelines: Timelines
    feature_ports: Ports
    catch_up: CatchUp
    contacts: Contacts
    blocks: Blocks
    read_marks: ReadMarks
    writes: Writes
    invites: Invites
    notices: Notices
    statuses: Statuses
    administration: Administration
    settings: LiveSettings
    visitors: Visitors
    operator_watch: OperatorWatch
    member_counts: MemberCounts
    uploads: Uploads
    outbound: Outbound
    mail: MailServer | None
    provider: IdentityProvider | None
    archives: Archives | None
    """The directory of exports; None: nobody may export."""
    local: Path | None
    """The data directory, for files that outlive the process; None: there is none."""
    data_id: str
    """Identifies the data in the storage; the same on all servers, and in a restored backup."""
    restore: Restore | None
    """The last restore of these data from a backup, as of the start of this server."""
