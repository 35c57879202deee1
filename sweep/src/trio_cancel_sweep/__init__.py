"""Cancels Trio code at every point where it can be cancelled, and looks at what is left."""

from .await_lines import Line, SweptCode, all_lines
from .items import Items
from .planting import NONSENSE, Mutant, NothingToReplace, Replacement, planted
from .reporting import KINDS, Failure, Point, Report
from .run import CANCELLING, Run
from .sweeper import Sweeper
from .sweeping import Options, Scenario, sweep, sweep_scenario

__all__ = [
    "CANCELLING",
    "KINDS",
    "NONSENSE",
    "Failure",
    "Items",
    "Line",
    "Mutant",
    "NothingToReplace",
    "Options",
    "Point",
    "Replacement",
    "Report",
    "Run",
    "Scenario",
    "Sweeper",
    "SweptCode",
    "all_lines",
    "planted",
    "sweep",
    "sweep_scenario",
]
