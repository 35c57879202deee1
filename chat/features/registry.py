"""All features of this server."""

from chat.features.feature import Feature

FEATURES: tuple[Feature, ...] = ()
