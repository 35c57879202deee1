"""How long a client may be silent, depending on what it is sending."""

import math

import h11
import pytest
import trio
from trio.testing import MockClock

from chat.gateway.http1.parser import StrictParser
from chat.gateway.http1.read_deadlines import BODY_BYTES, BODY_TIMEOUT, KEEP_ALIVE, ReadDeadlines

HEAD_TIMEOUT = 10.0
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n"


@pytest.fixture
def parser() -> StrictParser:
    return StrictParser(h11.SERVER)


async def test_a_head_has_its_time_from_its_first_byte_on_and_the_next_one_its_own(
    parser: StrictParser, mock_clock: MockClock
) -> None:
    deadlines = ReadDeadlines(parser, HEAD_TIMEOUT)
    began = trio.current_time()
    assert deadlines.deadline() == began + KEEP_ALIVE
    parser.receive_data(HEAD[:10])
    parser.next_event()
    assert deadlines.deadline() == began + HEAD_TIMEOUT
    mock_clock.jump(4)
    parser.receive_data(HEAD[10:20])
    assert deadlines.deadline() == began + HEAD_TIMEOUT
    deadlines.begin_request()
    mock_clock.jump(4)
    assert deadlines.deadline() == trio.current_time() + HEAD_TIMEOUT


async def test_each_piece_of_a_body_resets_its_deadline(parser: StrictParser, mock_clock: MockClock) -> None:
    deadlines = ReadDeadlines(parser, HEAD_TIMEOUT)
    parser.receive_data(HEAD)
    assert isinstance(parser.next_event(), h11.Request)
    began = trio.current_time()
    deadlines.begin_request()
    assert deadlines.deadline() == began + BODY_TIMEOUT
    mock_clock.jump(5)
    deadlines.came(BODY_BYTES - 1, 0.0)
    assert deadlines.deadline() == began + BODY_TIMEOUT
    deadlines.came(0, 3.0)
    assert deadlines.deadline() == began + BODY_TIMEOUT + 3
    for _ in range(2):
        deadlines.came(1, 0.0)
        assert deadlines.deadline() == trio.current_time() + BODY_TIMEOUT
        mock_clock.jump(5)
        deadlines.came(BODY_BYTES - 1, 0.0)
        assert deadlines.deadline() == trio.current_time() + BODY_TIMEOUT - 5
    deadlines.begin_request()
    mock_clock.jump(5)
    deadlines.came(BODY_BYTES - 1, 0.0)  # nothing of the one before counts
    assert deadlines.deadline() == trio.current_time() + BODY_TIMEOUT - 5


async def test_a_client_that_waits_for_an_answer_has_no_deadline(parser: StrictParser) -> None:
    deadlines = ReadDeadlines(parser, HEAD_TIMEOUT)
    parser.receive_data(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert isinstance(parser.next_event(), h11.Request)
    assert isinstance(parser.next_event(), h11.EndOfMessage)
    assert deadlines.deadline() == math.inf
