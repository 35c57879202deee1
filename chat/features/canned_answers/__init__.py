"""Canned answers: texts that operators put into a support conversation by a shortcut; one's own, and shared ones."""

from chat.features.canned_answers.native import OPERATIONS
from chat.features.canned_answers.port import CANNED_ANSWERS
from chat.features.canned_answers.queries import PostgresCannedAnswers
from chat.features.feature import Feature

__all__ = ["FEATURE"]

FEATURE = Feature(name="canned_answers", ports={CANNED_ANSWERS: PostgresCannedAnswers}, operations=OPERATIONS)
