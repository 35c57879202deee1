"""Slow mode: owners and moderators limit a room to one message of each person in so many seconds.

The storage holds messages to it, under the lock of the log (`storage/postgres/slow_mode.py`).
"""

from chat.features.feature import ChangeEvent, Feature
from chat.features.slow_mode.changes import SLOW_MODE, SetSlowMode, SlowModeSet
from chat.features.slow_mode.native import OPERATIONS, SlowModeChangedEvent, slow_mode_event
from chat.features.slow_mode.queries import save_slow_modes

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="slow_mode",
    kinds=(SLOW_MODE,),
    savers={SetSlowMode: save_slow_modes},
    operations=OPERATIONS,
    events=(ChangeEvent(SlowModeSet, SlowModeChangedEvent, slow_mode_event),),
)
