"""Instant Messenger: the lobby, in lines of `username` and `message`."""

from chat.protocols.lines.handlers import open_lobby
from chat.protocols.messenger.codec import MESSENGER
from chat.protocols.messenger.http import messenger_routes
from chat.protocols.protocol import ChatProtocol

PROTOCOL = ChatProtocol(MESSENGER, open_lobby, messenger_routes)
