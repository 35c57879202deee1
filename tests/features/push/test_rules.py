"""One pure function decides: each rule, and which of two comes first."""

import pytest

from chat.features.push.rules import DAY, HOUR, Decision, Facts, decide


@pytest.mark.parametrize(
    ("facts", "decision"),
    [
        (Facts(), "waiting"),
        (Facts(is_due=True), "sent"),
        (Facts(is_due=True, is_active=True), "active"),
        (Facts(is_due=True, is_newest=False), "collapsed"),
        (Facts(is_due=True, quiet=60.0), "quiet"),
        (Facts(is_due=True, quiet=60.0, is_newest=False), "quiet"),
        (Facts(is_due=True, quiet=60.0, is_active=True), "active"),
        (Facts(is_due=True, quiet=60.0, is_read=True), "read"),
        (Facts(quiet=60.0), "waiting"),
        (Facts(is_active=True), "waiting"),
        (Facts(is_own=True, has_device=False), "own"),
        (Facts(is_deleted=True, is_read=True), "deleted"),
        (Facts(is_there=False, notify="all"), "left"),
        (Facts(is_blocked=True, notify="all"), "blocked"),
        (Facts(notify="none", is_due=True), "muted"),
        (Facts(is_for_one=False), "muted"),
        (Facts(is_for_one=False, notify="all", is_due=True), "sent"),
        (Facts(has_device=False, is_due=True), "no_device"),
        (Facts(is_read=True, is_due=True), "read"),
        (Facts(age=HOUR + 1, is_due=True), "too_old"),
        (Facts(age=HOUR + 1, is_due=True, tries=1), "sent"),
        (Facts(age=DAY + 1, is_due=True, tries=9), "failed"),
        (Facts(age=-5.0, is_due=True), "sent"),
    ],
)
def test_a_rule_decides(facts: Facts, decision: str) -> None:
    assert decide(facts) is Decision(decision)
