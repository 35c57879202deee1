"""A refusal in the client: its code, its text, and the stable key of the text."""

import pytest
import trio

from chat.client import LoggedOut, Refused, log_in, open_chat, parse_url
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
