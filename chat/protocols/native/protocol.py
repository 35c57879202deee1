"""The native protocol: all rooms of a person on one socket, and everything over HTTP."""

from chat.protocols.native.connection.socket import open_native
from chat.protocols.native.http import native_blueprints
from chat.protocols.native.wire.codec import NATIVE
from chat.protocols.protocol import ChatProtocol

PROTOCOL = ChatProtocol(NATIVE, open_native, blueprints=native_blueprints)
