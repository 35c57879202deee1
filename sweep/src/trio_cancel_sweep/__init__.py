"""Cancels Trio code at every point where it can be cancelled, and looks at what is left."""

from .await_lines import Line, SweptCode, all_lines
from .items import Items
from .planting import (
    Mutant,
    NothingToEdit,
    call_instead,
    checkpoint_before,
    drop,
    go_on_after,
    move,
    never,
    only_on_success,
    planted,
    read_instead,
    replace,
    without_deadline,
    without_shield,
)
from .reporting import KINDS, Failure, Point, Report
from .run import CANCELLING, Run
from .sweeper import Sweeper
from .sweeping import Options, Scenario, sweep, sweep_scenario

__all__ = [
    "CANCELLING",
    "KINDS",
    "Failure",
    "Items",
    "Line",
    "Mutant",
    "NothingToEdit",
    "Options",
    "Point",
    "Report",
    "Run",
    "Scenario",
    "Sweeper",
    "SweptCode",
    "all_lines",
    "call_instead",
    "checkpoint_before",
    "drop",
    "go_on_after",
    "move",
    "never",
    "only_on_success",
    "planted",
    "read_instead",
    "replace",
    "sweep",
    "sweep_scenario",
    "without_deadline",
    "without_shield",
]
