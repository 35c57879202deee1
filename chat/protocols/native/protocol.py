"""The native protocol's socket; `http.py` has its other way in."""

from chat.protocols.native.codec import NATIVE
from chat.protocols.native.socket import open_native
from chat.protocols.protocol import ChatProtocol

PROTOCOL = ChatProtocol(NATIVE, open_native)
