"""Direct: messages of one person to another, by id."""

from chat.protocols.direct.codec import DIRECT
from chat.protocols.direct.handlers import open_direct
from chat.protocols.direct.http import direct_routes
from chat.protocols.protocol import ChatProtocol

PROTOCOL = ChatProtocol(DIRECT, open_direct, direct_routes)
