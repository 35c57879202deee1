"""Pinned messages: those who may delete others' messages pin up to 50 in a room, for everybody in it."""

from chat.features.feature import ChangeEvent, Feature
from chat.features.pins.changes import PIN, Pin, Pinned
from chat.features.pins.native import OPERATIONS, PinnedEvent, pinned_event
from chat.features.pins.queries import PostgresPins, save_pins
from chat.features.pins.use_cases import PINS

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="pins",
    kinds=(PIN,),
    savers={Pin: save_pins},
    ports={PINS: PostgresPins},
    operations=OPERATIONS,
    events=(ChangeEvent(Pinned, PinnedEvent, pinned_event),),
)
