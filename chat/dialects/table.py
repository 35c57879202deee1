"""All dialects. A new one is added here, and nowhere else below the gateway."""

from chat.dialects.dialect import Dialect
from chat.dialects.messenger import MESSENGER
from chat.dialects.talker import TALKER

DIALECTS: tuple[Dialect, ...] = (TALKER, MESSENGER)
