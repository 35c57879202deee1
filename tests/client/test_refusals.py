"""A refusal in the client: its code, its text, and the stable key of the text."""

import pytest
import trio
from trio.testing import MockClock

from chat.client import LoggedOut, Refused, log_in, open_chat, parse_url
from tests.client.model import Json, ModelRoom
from tests.client.model_server import ModelServer
from tests.client.people import Reach
from tests.support.watched_server import open_watched


async def test_a_refusal_has_the_reason_that_the_socket_names() -> None:
    async with open_watched() as watched, open_chat(watched.url, token=await watched.token("ada")) as chat:
        with pytest.raises(Refused) as refused:
            await chat.send(999, "hello")
    assert (refused.value.code, refused.value.reason) == ("not_found", "no_room")


async def test_a_refusal_has_the_reason_that_a_call_names() -> None:
    async with open_watched() as watched, open_chat(watched.url, token=await watched.token("ada")) as chat:
        with pytest.raises(Refused) as refused:
            await chat.http.join(999)
    assert (refused.value.code, refused.value.reason) == ("not_found", "no_room")


async def test_a_refused_login_has_its_reason() -> None:
    async with open_watched() as watched:
        with pytest.raises(LoggedOut) as refused:
            await log_in(parse_url(watched.url), "ada", "not her password")
    assert refused.value.reason == "bad_credentials"


async def test_a_request_that_cannot_be_sent_has_no_reason() -> None:
    async with open_watched() as watched, open_chat(watched.url, token=await watched.token("ada")) as chat:
        with pytest.raises(Refused) as refused, trio.fail_after(10):
            await chat.send(1, "\ud800")
    assert (refused.value.code, refused.value.reason) == ("invalid", None)


async def test_a_refusal_of_one_more_than_there_may_be_is_not_repeated(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    answer: Json = {"error": "there can be at most 50", "code": "too_many", "reason": "too_many_of_them"}
    model.sessions.answers = lambda _path: (429, answer)
    async with reach() as chat:
        with pytest.raises(Refused) as refused, trio.fail_after(600):
            await chat.http.block(2)
    assert (refused.value.code, refused.value.reason) == ("too_many", "too_many_of_them")
