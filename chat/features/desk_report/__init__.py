"""The report of the desk: how fast operators answer and close, how much there is, and how people rate it."""

from chat.features.desk_report.native import OPERATIONS
from chat.features.desk_report.port import DESK_REPORT
from chat.features.desk_report.queries import PostgresDeskReport
from chat.features.feature import Feature

__all__ = ["FEATURE"]

FEATURE = Feature(name="desk_report", ports={DESK_REPORT: PostgresDeskReport}, operations=OPERATIONS)
