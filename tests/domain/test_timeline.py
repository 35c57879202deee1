"""Positions."""

from chat.domain.timeline import milliseconds


def test_times_are_rounded_down_to_milliseconds_from_their_microseconds() -> None:
    seconds = 1_700_000_000
    for microseconds in (0, 1, 999, 1000, 123_000, 123_456, 999_999):
        assert milliseconds(seconds + microseconds / 1e6) == seconds * 1000 + microseconds // 1000
