"""Emoji of this server: small images that stand for `:name:` in texts and are reactions."""

from chat.features.custom_emoji.native import OPERATIONS
from chat.features.custom_emoji.queries import PostgresCustomEmoji
from chat.features.custom_emoji.use_cases import CUSTOM_EMOJI
from chat.features.feature import Feature

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="custom_emoji",
    is_on=lambda services: services.uploads.most_bytes > 0,
    ports={CUSTOM_EMOJI: PostgresCustomEmoji},
    operations=OPERATIONS,
)
