"""Newcomers may not send links and files for some hours, by the setting `newcomer_hours`.

The storage refuses their messages (`storage/postgres/newcomers.py`); uploads ask this port first.
"""

from chat.domain.messages.newcomers import NEWCOMERS
from chat.features.feature import Feature
from chat.features.newcomers.queries import PostgresNewcomers

__all__ = ["FEATURE"]

FEATURE = Feature(name="newcomers", ports={NEWCOMERS: PostgresNewcomers})
