"""Requests are written in order until they are answered, on as many connections as it takes."""

import pytest

from chat.client.errors import ConnectionFailed, Refused
from chat.client.outbox import Outbox, PendingRequest
from chat.client.wire import ChangeCommitted, Edit, ErrorReply, Hello, Ping, Pong, Send, Sent

SENT = Sent(seq=1, pos=1, at=1)


def send(n: int) -> Send:
    return Send(room=1, key=f"k{n}", text=str(n))


def connected(outbox: Outbox) -> Outbox:
    outbox.begin_connection()
    outbox.set_open(is_open=True)
    return outbox


def written(outbox: Outbox) -> list[str]:
    """What is written now: the texts of the sends, the types of the others."""
    texts = []
    while (item := outbox.next()) is not None:
        request = item[1]
        texts.append(request.text if isinstance(request, Send) else request.type)
    return texts


def refused(code: str, retry_ms: int | None = None) -> ErrorReply:
    return ErrorReply(code=code, text="no", retry_ms=retry_ms)


def test_unanswered_requests_are_sent_again_in_order_on_the_next_connection() -> None:
    outbox = connected(Outbox())
    for n in range(5):
        outbox.add(send(n))
    assert written(outbox) == ["0", "1", "2", "3", "4"]
    outbox.settle(1, SENT)
    outbox.settle(3, SENT)
    outbox.add(send(5))
    assert written(connected(outbox)) == ["1", "3", "4", "5"]


def test_a_reply_settles_its_own_request() -> None:
    outbox = connected(Outbox())
    pending = [outbox.add(send(n)) for n in range(2)]
    assert written(outbox) == ["0", "1"]
    assert outbox.settle(2, SENT) is pending[1]
    assert (pending[1].outcome, pending[0].outcome) == (SENT, None)
    assert pending[1].done.is_set()


@pytest.mark.parametrize(
    ("reply", "times"),
    [
        (refused("unavailable"), 9),
        (refused("outcome_unknown"), 9),
        (refused("too_many", retry_ms=100), 9),
        (refused("too_many"), 0),  # twenty kinds of emoji: waiting does not help
        (refused("internal"), 1),
        (refused("not_found"), 0),
        (refused("conflict"), 0),
        (refused("a code of tomorrow"), 0),
    ],
)
def test_retryable_writes_are_sent_again_and_others_raise(reply: ErrorReply, times: int) -> None:
    outbox = connected(Outbox())
    first, second = outbox.add(send(1)), outbox.add(send(2))
    assert written(outbox) == ["1", "2"]
    number = 1
    for n in range(min(times, 3)):
        assert outbox.settle(number, reply) is first
        assert first.outcome is None, n
        if n == 0:
            assert second.outcome is None
            outbox.settle(2, SENT)
        assert written(outbox) == ["1"]
        number = 3 + n
    if times < 3:
        outbox.settle(number, reply)
        assert isinstance(first.outcome, Refused)
        assert first.outcome.code == reply.code


def test_a_temporarily_refused_request_is_sent_before_later_ones() -> None:
    outbox = connected(Outbox())
    outbox.add(send(1))
    assert written(outbox) == ["1"]
    outbox.settle(1, refused("unavailable"))
    outbox.add(send(2))
    assert written(outbox) == ["1", "2"]


def test_after_a_temporary_refusal_nothing_is_sent_until_all_in_flight_is_answered() -> None:
    outbox = connected(Outbox())
    for n in range(4):
        outbox.add(send(n))
    assert written(outbox) == ["0", "1", "2", "3"]
    outbox.settle(1, SENT)
    outbox.settle(2, refused("too_many", retry_ms=100))
    outbox.add(send(4))
    ping = outbox.add(Ping(), is_internal=True)
    assert written(outbox) == ["ping"]
    outbox.settle(3, refused("too_many", retry_ms=100))
    assert written(outbox) == []
    outbox.settle(5, Pong(at=1))
    outbox.settle(4, refused("too_many", retry_ms=100))
    assert written(outbox) == ["1", "2", "3", "4"]
    assert ping.done.is_set()


def test_the_largest_request_is_refused_if_the_server_closed_over_a_frame() -> None:
    outbox = connected(Outbox())
    pending = [outbox.add(Send(room=1, key=f"k{n}", text="x" * n)) for n in (1, 300, 20)]
    assert len(written(outbox)) == 3
    outbox.add(Ping(), is_internal=True)
    assert outbox.refuse_largest()
    assert isinstance(pending[1].outcome, Refused)
    assert pending[1].outcome.code == "too_big"
    assert written(connected(outbox)) == ["x", "x" * 20]
    assert not Outbox().refuse_largest()


def test_the_connections_own_requests_come_first_and_end_with_it() -> None:
    outbox = Outbox()
    outbox.add(send(1))
    outbox.begin_connection()
    hello = outbox.add(Hello(token="t"), is_internal=True)
    assert written(outbox) == ["hello"]
    outbox.set_open(is_open=True)
    outbox.add(Ping(), is_internal=True)
    assert written(outbox) == ["ping", "1"]
    assert outbox.settle(1, Pong(at=1)) is hello
    assert written(connected(outbox)) == ["1"]


def test_no_more_requests_are_in_flight_than_the_server_allows() -> None:
    outbox = connected(Outbox())
    outbox.max_in_flight = 10
    for n in range(20):
        outbox.add(send(n))
    assert len(written(outbox)) == 6  # the others are for the connection itself
    outbox.add(Ping(), is_internal=True)
    assert written(outbox) == ["ping"]
    outbox.settle(1, SENT)
    outbox.settle(2, SENT)
    assert written(outbox) == ["6"]


def test_a_write_without_a_waiter_is_not_sent() -> None:
    outbox = connected(Outbox())
    first, _second = outbox.add(send(1)), outbox.add(send(2))
    outbox.withdraw(first)
    assert written(outbox) == ["2"]
    third = outbox.add(Edit(room=1, seq=1, text="x"))
    assert written(outbox) == ["edit"]
    outbox.withdraw(third)
    assert written(connected(outbox)) == ["2"]
    settled: PendingRequest = outbox.settle(1, ChangeCommitted(pos=1))
    outbox.withdraw(settled)
    assert not outbox._withdrawn


@pytest.mark.parametrize("code", ["unauthenticated", "expired"])
def test_a_token_that_is_no_longer_good_ends_the_connection_and_not_the_request(code: str) -> None:
    outbox = connected(Outbox())
    outbox.add(send(1))
    assert written(outbox) == ["1"]
    with pytest.raises(ConnectionFailed) as lost:
        outbox.settle(1, refused(code))
    assert lost.value.code == 4401
    assert written(connected(outbox)) == ["1"]


def test_a_reply_to_no_request_ends_the_connection() -> None:
    with pytest.raises(ConnectionFailed, match="reply to no request"):
        connected(Outbox()).settle(7, SENT)


def test_a_message_whose_key_may_be_forgotten_is_not_sent_again() -> None:
    outbox = connected(Outbox())
    long_ago, unsent = outbox.add(send(1)), outbox.add(send(3))
    outbox.max_in_flight = 5
    assert written(outbox) == ["1"]
    outbox.note_unanswered(now=100.0)
    lately = outbox.add(send(2))
    outbox.begin_connection()
    outbox.refuse_forgotten(before=100.0)
    assert long_ago.outcome is None
    outbox.refuse_forgotten(before=101.0)
    assert isinstance(long_ago.outcome, Refused)
    assert (long_ago.outcome.code, long_ago.outcome.reason) == ("conflict", "key_forgotten")
    outbox.max_in_flight = 64
    outbox.set_open(is_open=True)
    assert written(outbox) == ["3", "2"], "what was never sent is"
    outbox.note_unanswered(now=200.0)
    outbox.begin_connection()
    outbox.note_unanswered(now=300.0)
    assert [each.unanswered_since for each in (unsent, lately)] == [200.0, 200.0]
