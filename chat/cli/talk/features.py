"""All features of the terminal client."""

from chat.cli.talk.context import Feature
from chat.cli.talk.pins import PINS

FEATURES: tuple[Feature, ...] = (PINS,)
