"""The table of operations, from which HTTP routes, socket requests and the OpenAPI document are made."""

from chat.features.registry import FEATURES
from chat.operations.operation import Access, Operation
from chat.protocols.native.accounts.operations import ACCOUNTS
from chat.protocols.native.admin.operations import ADMIN
from chat.protocols.native.messages.operations import MESSAGES
from chat.protocols.native.people.operations import PEOPLE
from chat.protocols.native.rooms.operations import ROOMS
from chat.protocols.native.server import limits
from chat.protocols.native.server.types import ServerInfo

_SERVER = (
    Operation(
        name="server_info",
        method="GET",
        path="/server",
        reply=ServerInfo,
        access=Access.ANYBODY,
        handler=limits.server_info,
    ),
)


_OF_FEATURES = tuple(operation for feature in FEATURES for operation in feature.operations)

OPERATIONS = (*_SERVER, *ACCOUNTS, *PEOPLE, *ROOMS, *MESSAGES, *ADMIN, *_OF_FEATURES)
