"""The storage interfaces that the domain uses. Both implementations pass one contract suite.

Cancelling any method here: a read stops and leaves nothing behind. A write that has begun runs to its end, shielded,
with a deadline; then the cancellation takes effect. So a cancelled write was not begun, or is complete.

Any method may raise `StorageDown`; a write may also raise `OutcomeUnknown`.
"""

from chat.domain.ports.account_removals import AccountRemovals
from chat.domain.ports.files import Files, FileStore, KeptFile, NewFile, Stored
from chat.domain.ports.messages import Messages
from chat.domain.ports.rooms import KEPT, RemovalStep, Rooms
from chat.domain.ports.servers import Audit, Nodes, Setting, Settings, SetUp
from chat.domain.ports.sessions import (
    MOST_SESSIONS,
    OVERLAP,
    NewSession,
    Refreshing,
    SessionRefreshed,
    Sessions,
    TokenReused,
)
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
    "AccountRemovals",
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
    "RemovalStep",
    "Rooms",
    "SessionRefreshed",
    "Sessions",
    "SetUp",
    "Setting",
    "Settings",
    "Storage",
    "Stored",
    "Taken",
    "TokenReused",
    "Users",
    "is_own_display",
    "is_own_name",
]
