"""Bots: called by messages for them, they answer; and two that mention each other say no more than one thing each."""

from typing import Any

import pytest
import trio

from chat.domain.accounts.outgoing_hooks import Bot
from chat.domain.limits.budgets import Rates
from chat.features.hooks.outgoing import open_outgoing, sending
from chat.features.hooks.outgoing.bots import is_call, text_of
from chat.outbound.client import Answer
from tests.features.hooks.outgoing.test_sending import At, opened, status


async def bot(at: At, name: str = "Echo", **about: Any) -> Any:
    path = f"/rooms/{at.room}/hooks"
    made = await at.site.call("POST", path, {"name": name}, token=at.token)
    return await at.make(bot=made["hook"]["id"], **about), made


async def messages(at: At) -> list[Any]:
    page = await at.site.call("GET", f"/rooms/{at.room}/messages", token=at.token)
    return [each for each in page["messages"] if each.get("kind") != "join"]


async def test_a_bot_answers_with_a_reply_when_it_is_called() -> None:
    async with opened() as at:
        at.receiver.answer = lambda call: status(
            200, "Content-Type: text/plain", body=f"heard {call.texts[0]}".encode()
        )
        made, _ = await bot(at, command="echo")
        assert (made["hook"]["bot"]["name"], made["hook"]["command"]) == ("Echo", "echo")
        await at.say("nothing for it", "hello @echo", "an echo@echo.example", "/echo two", "/echoes")
        while len(said := await messages(at)) < 7:  # noqa: ASYNC110 - only the server knows
            await trio.sleep(0.01)
        answers = {each["text"]: each["reply"] for each in said if each["sender"]["name"] == "Echo (hook)"}
        asked = {each["text"]: each["seq"] for each in said}
        assert answers == {
            "heard hello @echo": asked["hello @echo"],
            "heard /echo two": asked["/echo two"],
        }
        assert [call.texts for call in at.receiver.calls] == [["hello @echo"], ["/echo two"]]


async def test_bots_that_mention_each_other_and_themselves_call_nobody() -> None:
    async with opened() as at:
        at.receiver.answer = lambda _call: status(200, body=b"@Ping @Pong")
        await bot(at, "Ping")
        await bot(at, "Pong")
        for count, text in ((2, "@ping begin"), (4, "@pong next"), (6, "@ping last"), (8, "@pong last")):
            await at.say(text)
            while len(await messages(at)) < count:  # noqa: ASYNC110 - only the server knows
                await trio.sleep(0.01)
        # Each is called in the order of the log, so an answer that called one would have come before its last call.
        calls = [call.texts for call in at.receiver.calls]
        assert calls == [["@ping begin"], ["@pong next"], ["@ping last"], ["@pong last"]]


async def test_bots_of_two_servers_call_no_bot_and_say_what_their_budget_allows() -> None:
    async with opened() as at, open_outgoing(at.site.services, 0.01) as other:
        at.site.services.budgets.rates = Rates(messages=0, text=1000, pages=0, calls=0)
        at.receiver.answer = lambda _call: status(200, body=b"@Ping @Pong " + b"x" * 3900)
        for name in ("Ping", "Pong"):
            body = {"name": name, "scopes": ["speak"]}
            made = (await at.site.call("POST", "/bots", body, token=at.token))["id"]
            await at.site.call("PUT", f"/bots/{made}/rooms/{at.room}", token=at.token)
            await at.make(room=None, bot=made)
        other.wake()
        asked = [f"@ping and @pong {n}" for n in range(4)]
        await at.say(*asked)
        while sum(call.texts == asked[-1:] for call in at.receiver.calls) < 2:  # noqa: ASYNC110
            await trio.sleep(0.01)
        # Each is called in the order of the log, so all answers but the last are settled, and called nobody.
        assert sorted(text for call in at.receiver.calls for text in call.texts) == sorted(asked * 2)
        said = [each["sender"]["name"] for each in await messages(at)]
        # Eight seconds' worth of bytes is two such answers of each; the others are dropped.
        assert (said.count("Ping (bot)"), said.count("Pong (bot)"), len(said)) == (2, 2, 8)


async def test_a_bot_that_is_slow_posts_its_answer_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "BOT_TIMEOUT", 0.2)
    async with opened() as at:
        at.receiver.answer = lambda _call: None
        _, made = await bot(at)
        await at.say("@echo think")
        hook = await at.until(behind=0)
        assert hook["tries"] == 0
        client = at.site.app.test_client(use_cookies=False)
        assert (await client.post(made["path"], data=b"thought")).status_code == 200
        assert [each["text"] for each in await messages(at)] == ["@echo think", "thought"]


async def test_a_call_that_failed_is_repeated_and_answered_once() -> None:
    async with opened() as at:
        at.receiver.answer = lambda _call: status(500, body=b"no")
        await bot(at)
        await at.say("@echo one")
        await at.until(tries=1)
        at.receiver.answer = lambda _call: status(200, body=b"yes")
        await at.retry()
        await at.until(tries=0)
        assert [each["text"] for each in await messages(at)] == ["@echo one", "yes"]
        assert len({call.id for call in at.receiver.calls}) == 1


async def test_a_bot_is_a_hook_of_its_room() -> None:
    async with opened() as at:
        other = (await at.site.call("POST", "/rooms", {"name": "other"}, token=at.token))["id"]
        theirs = await at.site.call("POST", f"/rooms/{other}/hooks", {"name": "x"}, token=at.token)
        body = {"url": at.receiver.url, "room": at.room, "bot": theirs["hook"]["id"]}
        refused = await at.site.call("POST", "/outgoing-hooks", body, token=at.token)
        assert (refused.status, refused["reason"]) == (404, "no_hook")


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("@echo", True),
        ("hello (@Echo)!", True),
        ("@echoes", False),
        ("a@echo", False),
        ("@echoes @echo", True),
        ("/run", True),
        ("/RUN fast", True),
        ("run", False),
        ("say /run", False),
        ("/runner", False),
        ("@" * 4000, False),
        ("", False),
    ],
)
def test_which_messages_call_a_bot(text: str, called: bool) -> None:
    assert is_call(Bot(1, "Echo", "run"), "ada", text) is called
    assert is_call(Bot(1, "Echo", "run"), "Other (hook)", text) is False


def test_which_answers_say_something() -> None:
    def said(body: bytes, kind: str = "text/plain") -> str | None:
        return text_of(Answer(200, {"content-type": kind}, body, ""))

    assert said(b"hello") == "hello"
    assert said(b'{"text": "*hi*"}', "application/json") == "**hi**"
    assert said(b" \n") is None
    assert said(b"{", "application/json") is None
    assert said(b'{"other": 1}', "application/json") is None
    assert len(said(b"x" * 60_000) or "") == 4000
