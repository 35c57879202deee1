"""Support desk: a conversation of each person with all operators."""

from chat.protocols.protocol import ChatProtocol
from chat.protocols.support.codec import SUPPORT
from chat.protocols.support.handlers import open_support
from chat.protocols.support.http import support_routes

PROTOCOL = ChatProtocol(SUPPORT, open_support, support_routes)
