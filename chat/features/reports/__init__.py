"""Reports: who can read a message reports it to the moderators of the server, who handle all reports in one list."""

from chat.features.feature import Feature
from chat.features.reports.native import OPERATIONS, ReportsEvent
from chat.features.reports.port import REPORTS
from chat.features.reports.queries import PostgresReports

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="reports",
    ports={REPORTS: PostgresReports},
    operations=OPERATIONS,
    own_events=(ReportsEvent,),
)
