"""When a client reconnects, depending on how its connection ended."""

import pytest

from chat.client.endings import Backoff, Ending


@pytest.mark.parametrize(("random", "least"), [(0.0, 0.5), (1.0, 1.0)])
def test_waits_double_from_half_a_second_to_half_a_minute(random: float, least: float) -> None:
    backoff = Backoff(lambda: random)
    waits = [backoff.next() for _ in range(9)]
    assert waits == [wait * least for wait in (0.5, 1, 2, 4, 8, 16, 30, 30, 30)]


@pytest.mark.parametrize(
    ("code", "wait"),
    [
        *((code, 0.5) for code in (1001, 1011, 1013, 4008, 4999, None)),
        (4009, 0),
        (4401, 0),
        (4403, 0),
        (4010, 60),
        (4429, 60),
        (4431, 60),
    ],
)
def test_each_close_code_has_its_wait(code: int | None, wait: float) -> None:
    assert Backoff(lambda: 1.0).after(Ending("closed", code), was_ready=True) == wait


def test_at_once_is_not_for_ever() -> None:
    backoff = Backoff(lambda: 1.0)
    waits = [
        backoff.after(Ending("closed", 4009), was_ready=was_ready) for was_ready in (True, False, False, True)
    ]
    assert waits == [0, 0.5, 1, 0]


def test_the_server_names_the_wait() -> None:
    backoff = Backoff(lambda: 1.0)
    assert backoff.after(Ending("bye", 1001, retry_after=3.5), was_ready=True) == 3.5
    assert backoff.after(Ending("too many", 4429, retry_after=1), was_ready=False) == 1


def test_a_useful_connection_resets_the_backoff() -> None:
    backoff = Backoff(lambda: 1.0)
    lost = Ending("lost")
    assert [backoff.after(lost, was_ready=up) for up in (False, False, False, True, False)] == [
        0.5,
        1,
        2,
        0.5,
        1,
    ]
