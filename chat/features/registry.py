"""All features of this server."""

from chat.features.blocks import FEATURE as BLOCKS
from chat.features.exports import FEATURE as EXPORTS
from chat.features.feature import Feature
from chat.features.files import FEATURE as FILES
from chat.features.invites import FEATURE as INVITES
from chat.features.leaving import FEATURE as LEAVING
from chat.features.pins import FEATURE as PINS
from chat.features.search import FEATURE as SEARCH
from chat.features.support import FEATURE as SUPPORT

FEATURES: tuple[Feature, ...] = (BLOCKS, EXPORTS, FILES, INVITES, LEAVING, PINS, SEARCH, SUPPORT)
