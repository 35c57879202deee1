"""All features of the terminal client."""

from chat.cli.talk.context import Feature

FEATURES: tuple[Feature, ...] = ()
