"""What the rules ask of a storage, whichever it is. Both implementations pass one contract suite.

Cancelling, for every method here: a read can be cancelled and leaves nothing behind; a write
that has begun is finished or fails before the cancellation is felt (it is shielded, with a deadline), so a
cancelled write was either not begun or is complete.

Any method may raise `StorageDown`; a write may also raise `OutcomeUnknown`.
"""

from chat.domain.ports.files import Files, FileStore, KeptFile, NewFile, Stored
from chat.domain.ports.messages import Messages
from chat.domain.ports.rooms import KEPT, Rooms
from chat.domain.ports.servers import Audit, Nodes, Setting, Settings, SetUp
from chat.domain.ports.sessions import MOST_SESSIONS, OVERLAP, NewSession, Refreshing, Replayed, Sessions
from chat.domain.ports.storage import Changed, Storage
from chat.domain.ports.users import (
    INVITE_KEPT,
    Invite,
    IssuedInvite,
    LookAlike,
    NewInvite,
    NewPerson,
    ProfileChange,
    Taken,
    Users,
    is_own_display,
    is_own_name,
)

__all__ = [
    "INVITE_KEPT",
    "KEPT",
    "MOST_SESSIONS",
    "OVERLAP",
    "Audit",
    "Changed",
    "FileStore",
    "Files",
    "Invite",
    "IssuedInvite",
    "KeptFile",
    "LookAlike",
    "Messages",
    "NewFile",
    "NewInvite",
    "NewPerson",
    "NewSession",
    "Nodes",
    "ProfileChange",
    "Refreshing",
    "Replayed",
    "Rooms",
    "Sessions",
    "SetUp",
    "Setting",
    "Settings",
    "Storage",
    "Stored",
    "Taken",
    "Users",
    "is_own_display",
    "is_own_name",
]
