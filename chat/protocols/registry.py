"""All protocols. Where two have the same shape of first frame, the earlier is chosen."""

from chat.protocols.direct import protocol as direct
from chat.protocols.irc import protocol as irc
from chat.protocols.messenger import protocol as messenger
from chat.protocols.native import protocol as native
from chat.protocols.protocol import ChatProtocol, StreamProtocol
from chat.protocols.rooms import protocol as rooms
from chat.protocols.support import protocol as support
from chat.protocols.talker import protocol as talker

PROTOCOLS: tuple[ChatProtocol, ...] = (
    talker.PROTOCOL,
    messenger.PROTOCOL,
    direct.PROTOCOL,
    support.PROTOCOL,
    rooms.PROTOCOL,
    native.PROTOCOL,
)

DIALECTS = tuple(protocol.dialect for protocol in PROTOCOLS)

STREAMS: tuple[StreamProtocol, ...] = (irc.PROTOCOL,)
"""Those with listeners of their own."""
