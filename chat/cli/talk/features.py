"""All features of the terminal client."""

from chat.cli.talk.context import Feature
from chat.cli.talk.pins import PINS
from chat.cli.talk.threads import THREADS

FEATURES: tuple[Feature, ...] = (PINS, THREADS)
