"""One pure function decides: each rule, and which of two comes first."""

import pytest

from chat.features.push.rules import DAY, HOUR, Decision, Facts, decide, rule_of


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
        (Facts(is_for_one=False, is_followed=True, is_due=True), "sent"),
        (Facts(is_for_one=False, is_followed=True, notify="none", is_due=True), "muted"),
        (Facts(is_for_one=False, is_followed=True, is_blocked=True), "blocked"),
        (Facts(is_for_one=False, is_followed=True, is_there=False), "left"),
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


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        (Facts(), "mention"),
        (Facts(is_direct=True), "direct"),
        (Facts(is_followed=True, notify="all"), "mention"),
        (Facts(is_for_one=False, is_followed=True), "followed_thread"),
        (Facts(is_for_one=False, is_followed=True, notify="all"), "followed_thread"),
        (Facts(is_for_one=False, notify="all"), "all"),
        (Facts(is_for_one=False), None),
        (Facts(is_followed=True, notify="none"), None),
    ],
)
def test_one_rule_makes_a_message_somebodys(facts: Facts, rule: str | None) -> None:
    assert rule_of(facts) == rule
