"""Statuses: what people say of themselves beside their name, with an emoji, and for how long."""

from functools import partial

from chat.due.runner import Handler
from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.statuses.native import OPERATIONS
from chat.features.statuses.queries import PostgresPersonStatuses
from chat.features.statuses.use_cases import PERSON_STATUSES, STATUS_END, end_due

__all__ = ["FEATURE"]


def _ending(services: EngineServices) -> Handler:
    return partial(end_due, services)


FEATURE = Feature(
    name="statuses",
    ports={PERSON_STATUSES: PostgresPersonStatuses},
    operations=OPERATIONS,
    due={STATUS_END: _ending},
)
