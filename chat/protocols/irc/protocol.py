"""IRC: rooms are channels, and conversations of two are queries; on listeners of its own."""

from chat.protocols.irc.client import open_irc
from chat.protocols.irc.dialect import IRC
from chat.protocols.irc.endpoint import IrcEndpoint
from chat.protocols.protocol import StreamProtocol

PROTOCOL = StreamProtocol(IRC, open_irc, IrcEndpoint)
