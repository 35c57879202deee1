"""All features of this server."""

from chat.features.feature import Feature
from chat.features.pins import FEATURE as PINS

FEATURES: tuple[Feature, ...] = (PINS,)
