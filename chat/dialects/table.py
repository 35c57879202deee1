"""All dialects. Where two have the same shape of first frame, the earlier is chosen."""

from chat.dialects.dialect import Dialect
from chat.dialects.direct import DIRECT
from chat.dialects.messenger import MESSENGER
from chat.dialects.rooms import ROOMS
from chat.dialects.support import SUPPORT
from chat.dialects.talker import TALKER

DIALECTS: tuple[Dialect, ...] = (TALKER, MESSENGER, DIRECT, SUPPORT, ROOMS)
