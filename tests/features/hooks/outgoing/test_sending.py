"""Outgoing hooks from a server to a receiver on loopback."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import trio
from trio.testing import wait_all_tasks_blocked

from chat.domain.accounts.outgoing_hooks import OUTGOING
from chat.domain.failures import StorageDown
from chat.features.hooks.outgoing import open_outgoing
from chat.features.hooks.outgoing.sending import TIMEOUT, Sender
from tests.features.hooks.outgoing.receiver import Call, Receiver, open_receiver
from tests.protocols.native.site import Site, open_site


class At:
    """A site whose sender runs, a receiver, and Ada, who owns the room `alarms`."""

    def __init__(self, site: Site, receiver: Receiver, sender: Sender, token: str, room: int) -> None:
        self.site, self.receiver, self.sender, self.token, self.room = site, receiver, sender, token, room
        self._keys = 0

    async def make(self, **about: Any) -> Any:
        body = {"url": self.receiver.url, "room": self.room, **about}
        made = await self.site.call("POST", "/outgoing-hooks", body, token=self.token)
        assert made.status == 201, made.body
        return made.body

    async def say(self, *texts: str, room: int | None = None, token: str = "") -> None:
        for text in texts:
            self._keys += 1
            body = {"key": f"key-{self._keys:05}", "text": text}
            path = f"/rooms/{room or self.room}/messages"
            said = await self.site.call("POST", path, body, token=token or self.token)
            assert said.status == 201, said.body

    async def hook(self) -> Any:
        (hook,) = (await self.site.call("GET", "/outgoing-hooks", token=self.token))["hooks"]
        return hook

    async def until(self, **fields: Any) -> Any:
        """Wait until the hook has these fields, and return it."""
        while True:
            hook = await self.hook()
            if fields.items() <= hook.items():
                return hook
            await trio.sleep(0.01)

    async def change(self, hook: Any, **fields: Any) -> Any:
        path = f"/outgoing-hooks/{hook['id']}"
        return await self.site.call("PATCH", path, fields, token=self.token)

    async def retry(self) -> None:
        """Let the next try be due."""
        self.site.pass_time(4000)
        self.sender.wake()


@asynccontextmanager
async def opened(**settings: Any) -> AsyncGenerator[At]:
    async with open_site(**settings) as site, open_receiver() as receiver:
        await site.services.settings.change(None, {"outbound_hosts": ("127.0.0.1",)})
        async with open_outgoing(site.services, 0.01) as sender:
            _, token = await site.join("ada")
            room = (await site.call("POST", "/rooms", {"name": "alarms"}, token=token))["id"]
            yield At(site, receiver, sender, token, room)


def status(code: int, *headers: str, body: bytes = b"") -> bytes:
    lines = "".join(f"{line}\r\n" for line in headers)
    return f"HTTP/1.1 {code} X\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body


async def test_changes_of_a_room_are_sent_signed_and_in_order() -> None:
    async with opened() as at:
        await at.say("before")
        made = await at.make()
        other = (await at.site.call("POST", "/rooms", {"name": "other"}, token=at.token))["id"]
        await at.say("elsewhere", room=other)
        await at.say("one", "two")
        calls = await at.receiver.until("two")
        assert [text for call in calls for text in call.texts] == ["one", "two"]
        ids = [each["id"] for call in calls for each in call.data["events"]]
        assert ids == sorted(ids)
        first = calls[0].data["events"][0]["event"]
        assert (first["type"], first["room"], first["sender"]["name"]) == ("message", at.room, "ada")
        assert all(call.is_signed_by(made["secret"]) for call in calls)
        assert len({call.id for call in calls}) == len(calls)
        hook = await at.until(position=calls[-1].data["position"], behind=0)
        assert (hook["off"], hook["tries"], hook["error"]) == (None, 0, None)
        assert hook["sent"] is not None
        assert made["secret"] not in str(hook)


async def test_only_the_wanted_kinds_are_sent() -> None:
    async with opened() as at:
        await at.make(kinds=["deleted", "pinned"])
        await at.say("one")
        assert (await at.site.call("PUT", f"/rooms/{at.room}/pins/1", token=at.token)).status in (200, 204)
        assert (await at.site.call("DELETE", f"/rooms/{at.room}/messages/1", token=at.token)).status in (
            200,
            204,
        )
        kinds: list[str] = []
        while "deleted" not in kinds:
            kinds += [each["event"]["type"] for each in (await at.receiver.next()).data["events"]]
        assert set(kinds) == {"deleted", "pinned"}


async def test_a_batch_that_failed_is_sent_again_with_its_id_and_what_was_deleted_is_not() -> None:
    async with opened() as at:
        at.receiver.answer = lambda _call: status(503)
        await at.make()
        await at.say("one")
        failed = await at.receiver.next()
        hook = await at.until(tries=1)
        assert hook["error"] == "the receiver answered 503"
        assert hook["position"] == failed.data["after"]
        await at.say("two")
        await at.retry()
        again = await at.receiver.next()
        assert (again.id, again.texts) == (failed.id, ["one"])
        await at.until(tries=2)
        assert (await at.site.call("DELETE", f"/rooms/{at.room}/messages/1", token=at.token)).status in (
            200,
            204,
        )
        at.receiver.answer = lambda _call: status(200)
        await at.retry()
        calls = await at.receiver.until("two")
        assert [text for call in calls for text in call.texts] == ["two"]
        hook = await at.until(tries=0, behind=0)
        assert hook["error"] == "the receiver answered 503"


async def test_a_redirect_is_no_success_and_is_not_followed() -> None:
    async with opened() as at:
        at.receiver.answer = lambda _call: status(308, f"Location: {at.receiver.url}")
        await at.make()
        await at.say("one")
        assert (await at.until(tries=1))["error"] == "the receiver answered 308"
        assert len(at.receiver.calls) == 1


async def test_a_receiver_that_is_gone_switches_its_hook_off() -> None:
    async with opened() as at:
        at.receiver.answer = lambda _call: status(410)
        hook = (await at.make())["hook"]
        await at.say("one")
        await at.until(off="gone")
        await at.say("two")
        await at.retry()
        await wait_all_tasks_blocked()
        assert [call.texts for call in at.receiver.calls] == [(await at.receiver.next()).texts]
        at.receiver.answer = lambda _call: status(200)
        assert (await at.change(hook, on=True))["off"] is None
        calls = await at.receiver.until("two")  # nothing was lost
        assert [text for call in calls for text in call.texts] == ["one", "two"]


async def test_a_hook_that_failed_for_a_day_is_off_and_goes_on_from_where_it_stood() -> None:
    async with opened() as at:
        at.receiver.answer = lambda _call: status(500)
        hook = (await at.make())["hook"]
        await at.say("one")
        await at.until(tries=1)
        at.site.pass_time(86_000)
        at.sender.wake()
        assert (await at.until(tries=2))["off"] is None
        await at.retry()
        await at.until(off="failing", tries=3)
        at.receiver.answer = lambda _call: status(200)
        await at.change(hook, on=True)
        await at.until(off=None, behind=0)
        assert at.receiver.calls[-1].texts == ["one"]


async def test_what_was_sent_is_sent_again_from_a_position() -> None:
    async with opened() as at:
        hook = (await at.make())["hook"]
        await at.say("one", "two")
        await at.receiver.until("two")
        await at.until(behind=0)
        first = at.receiver.calls[0]
        assert (await at.change(hook, position=hook["position"])).status == 200
        again = await at.receiver.until("two")
        assert [text for call in again for text in call.texts] == ["one", "two"]
        assert first.id not in [call.id for call in again]  # a receiver that drops repeats takes it
        beyond = await at.change(hook, position=10_000)
        assert (beyond.status, beyond["reason"], beyond["field"]) == (400, "position_not_in_log", "position")


async def test_both_secrets_sign_while_one_is_changed() -> None:
    async with opened() as at:
        made = await at.make()
        path = f"/outgoing-hooks/{made['hook']['id']}/secret"
        renewed = await at.site.call("POST", path, token=at.token)
        await at.say("one")
        call = await at.receiver.next()
        assert call.is_signed_by(made["secret"])
        assert call.is_signed_by(renewed["secret"])
        at.site.pass_time(90_000)
        await at.say("two")
        call = await at.receiver.next()
        assert call.is_signed_by(renewed["secret"])
        assert not call.is_signed_by(made["secret"])


async def test_rights_are_asked_when_it_sends() -> None:
    async with opened() as at:
        ben, bens = await at.site.join("ben")
        await at.make()
        member = f"/rooms/{at.room}/members"
        assert (
            await at.site.call("PUT", f"{member}/{ben.id}", {"role": "owner"}, token=at.token)
        ).status in (200, 201)
        await at.say("one")
        await at.receiver.until("one")
        await at.until(behind=0)
        at.receiver.answer = lambda _call: status(500)
        await at.say("two")
        await at.until(tries=1)
        assert (await at.site.call("PUT", f"{member}/1", {"role": "member"}, token=bens)).status == 200
        known = len(at.receiver.calls)
        await at.retry()
        hook = await at.until(off="no_right")
        assert hook["error"] == "its owner may not send this any more"
        assert len(at.receiver.calls) == known


async def test_an_admin_sends_the_rooms_that_they_are_in() -> None:
    async with opened() as at:
        olga, olgas = await at.site.join("olga", admin=True)
        made = await at.site.call("POST", "/outgoing-hooks", {"url": at.receiver.url}, token=olgas)
        assert made.status == 201
        _, bens = await at.site.join("ben")
        secret = (await at.site.call("POST", "/rooms", {"name": "b", "private": True}, token=bens))["id"]
        direct = (await at.site.call("PUT", f"/direct/{olga.id}", token=bens))["id"]
        await at.say("not hers", token=bens, room=secret)
        await at.say("to her", token=bens, room=direct)
        await at.say("in the lobby", token=bens, room=1)
        calls = await at.receiver.until("in the lobby")
        assert [text for call in calls for text in call.texts if text] == ["in the lobby"]


async def test_addresses_that_no_hook_may_call() -> None:
    async with opened(public_url="https://chat.example") as at:
        for url, reason in (
            ("ftp://a.example/", "bad_hook_url"),
            ("https://ada:secret@a.example/", "bad_hook_url"),
            ("https://chat.example/hooks/x", "own_hook_url"),
        ):
            refused = await at.site.call(
                "POST", "/outgoing-hooks", {"url": url, "room": at.room}, token=at.token
            )
            assert (refused.status, refused["reason"], refused["field"]) == (400, reason, "url")
        refused = await at.site.call(
            "POST", "/outgoing-hooks", {"url": at.receiver.url, "kinds": ["none"]}, token=at.token
        )
        assert (refused.status, refused["reason"]) == (400, "unknown_event_type")
        await at.site.services.settings.change(None, {"outbound_hosts": ()})
        await at.make()
        await at.say("one")
        assert "which is not one of the internet" in (await at.until(tries=1))["error"]
        assert at.receiver.calls == []


async def test_a_receiver_that_answers_without_end_is_cut_off_and_has_taken_it() -> None:
    async with opened() as at:
        at.receiver.answer = lambda _call: (
            b"HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\n" + b"x" * 200_000
        )
        await at.make()
        await at.say("one")
        await at.until(behind=0)


async def test_a_receiver_that_does_not_answer_holds_up_no_other(
    autojump_clock: trio.testing.MockClock,
) -> None:
    # The clock stands still: its connections are real.
    autojump_clock.autojump_threshold = float("inf")
    async with opened() as at, open_receiver() as good:
        autojump_clock.rate = 1.0
        at.receiver.answer = lambda _call: None
        await at.make()
        await at.make(url=good.url)
        await at.say("one")
        await at.receiver.next()
        assert (await good.next()).texts == ["one"]
        autojump_clock.jump(TIMEOUT)
        while True:
            hooks = (await at.site.call("GET", "/outgoing-hooks", token=at.token))["hooks"]
            if hooks[0]["tries"]:
                break
            await trio.sleep(0.01)
        assert hooks[0]["error"].endswith("did not answer within 15 seconds")
        assert "secret" not in hooks[0]["error"]  # the path may be one


async def test_a_database_that_fails_loses_nothing() -> None:
    async with opened() as at:
        await at.make()
        at.site.obstacles.fail("rooms_to_send", StorageDown("no"))
        at.site.obstacles.fail("waiting", StorageDown("no"))
        await at.say("one")
        while not at.receiver.calls:
            at.site.pass_time(60)
            at.sender.wake()
            await trio.sleep(0.05)
        assert at.receiver.calls[0].texts == ["one"]
        await at.until(behind=0)


async def test_two_servers_send_each_change_once() -> None:
    async with opened() as at, open_outgoing(at.site.services, 0.01) as other:
        await at.make()
        other.wake()
        await at.say(*(f"text {n}" for n in range(20)))
        calls: list[Call] = await at.receiver.until("text 19")
        assert [text for call in calls for text in call.texts] == [f"text {n}" for n in range(20)]
        await at.until(behind=0)
        assert len(at.receiver.calls) == len(calls)


async def test_leaving_leaves_nothing_under_way() -> None:
    async with opened() as at:
        at.receiver.answer = lambda _call: None
        await at.make()
        await at.say("one")
        await at.receiver.next()
    (hook,) = await at.site.services.feature_ports[OUTGOING].of(1)
    assert hook.behind > 0


async def test_a_replay_since_a_time_sends_what_was_said_from_then_on() -> None:
    async with opened() as at:
        made = await at.make()
        await at.say("one")
        await at.receiver.until("one")
        await at.until(behind=0)
        at.site.pass_time(100)
        await at.say("two")
        await at.receiver.until("two")
        page = await at.site.call("GET", f"/rooms/{at.room}/messages", token=at.token)
        await at.change(made["hook"], since=page["messages"][-1]["at"])
        again = await at.receiver.until("two")
        assert [text for call in again for text in call.texts] == ["two"]


async def test_who_leads_a_room_sees_the_host_that_anothers_hook_calls() -> None:
    async with opened() as at:
        made = await at.make(url="https://tools.example/secret/path")
        lena, token = await at.site.join("lena")
        path = f"/rooms/{at.room}/outgoing-hooks"
        assert (await at.site.call("GET", path, token=token)).status == 403
        for role in ("member", "moderator"):
            member = f"/rooms/{at.room}/members/{lena.id}"
            await at.site.call("PUT", member, {"role": role}, token=at.token)
        (seen,) = (await at.site.call("GET", path, token=token))["hooks"]
        assert (seen["id"], seen["url"], seen["next"]) == (made["hook"]["id"], "https://tools.example", None)
        (own,) = (await at.site.call("GET", path, token=at.token))["hooks"]
        assert own["url"] == "https://tools.example/secret/path"
