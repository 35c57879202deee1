"""Token Talker: the lobby, in lines of `name` and `message`."""

from chat.protocols.lines.handlers import open_lobby
from chat.protocols.protocol import ChatProtocol
from chat.protocols.talker.codec import TALKER
from chat.protocols.talker.http import talker_routes

PROTOCOL = ChatProtocol(TALKER, open_lobby, talker_routes)
