"""All dialects. Where two have the same shape of first frame, the earlier is chosen."""

from chat.engine.dialect import Dialect
from chat.protocols.direct.codec import DIRECT
from chat.protocols.messenger.codec import MESSENGER
from chat.protocols.rooms.codec import ROOMS
from chat.protocols.support.codec import SUPPORT
from chat.protocols.talker.codec import TALKER

DIALECTS: tuple[Dialect, ...] = (TALKER, MESSENGER, DIRECT, SUPPORT, ROOMS)
