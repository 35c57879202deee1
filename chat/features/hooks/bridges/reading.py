"""The task that reads the messages of matterbridges and posts them. Each server has one; a matterbridge is read by one.

A matterbridge forgets a message that it has handed out. So the reader stores each message first, and posts it from
there with a key: once, even if the server or the database ends in between.
"""

import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import msgspec
import structlog
import trio

from chat.domain.accounts.bridges import BRIDGES, BridgeToRead, Read
from chat.domain.accounts.hooks import HOOKS
from chat.domain.entities import Message
from chat.domain.failures import StorageError
from chat.domain.messages.outcomes import KeyUsed, Repeated
from chat.domain.refusals import Code, Refusal
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices
from chat.features.hooks.bridges.api import Received, api_url, headers_of, messages_in
from chat.features.hooks.changes import NO_HOOK, HookPost
from chat.features.hooks.retries import retry_after
from chat.operations.called_urls import OWN_URL, url_refusal
from chat.outbound.client import RequestFailed
from chat.signals import Signal

PACE = 1.0
"""Seconds from one call to the next, and for which messages are posted before it."""

TURN = 10.0
"""Seconds after which a reader looks whether its bridges are still there, and renews its claim."""

LEASE = 30.0
"""Seconds after which another server reads what this one has claimed."""

TIMEOUT = 5.0
"""Seconds for a call, its answer included."""

MOST_ANSWER = 33_554_432
"""Bytes of an answer: files are in it, and all that came while no server was here."""

MOST_KEPT = 1000
"""Messages of a bridge that wait to be posted; until they are fewer, the matterbridge keeps the others."""

_LONGEST = 8.0
"""Seconds for which a call, and the storing of what it brought, is not cancelled."""

_LOOK = 60.0
"""Seconds after which the bridges are looked at though nothing happened: a command may have made one."""

_RETRY = 1.0
"""Seconds until the next try when the database fails."""

_GOODBYE = 2.0
"""Seconds for a call under way when a server stops."""

logger = structlog.get_logger(__name__)


class Source(msgspec.Struct, frozen=True):
    """A matterbridge's API, and the bridges that are read there, by their ids. The first is claimed."""

    url: str
    token: str
    bridges: Sequence[BridgeToRead]


class SourceFailed(Exception):
    """A matterbridge gave no answer that can be read."""


class BridgeReader:
    """Reads bridges.

    Args:
        services: those of the server.
        pace: seconds from one call to the next.
    """

    def __init__(self, services: EngineServices, pace: float = PACE) -> None:
        self._services = services
        self._bridges = services.feature_ports[BRIDGES]
        self._pace = pace
        self._wakes = 0
        self._changes = 0  # of bridges, by people
        self._changed = Signal()
        self._is_stopping = False
        self._running: set[tuple[str, str]] = set()
        self._claims: dict[int, int] = {}  # by bridge: the claim of this server
        self._failures: dict[
            tuple[str, str], tuple[int, float]
        ] = {}  # how many, and when the next try is due
        self._has_failed = False

    def wake(self) -> None:
        """A bridge was made or changed. Sync."""
        self._failures.clear()
        self._changes += 1
        self._wakes += 1
        self._changed.notify()

    async def run(self) -> None:
        """Read until cancelled. Cancelling: messages that came are stored, and the next server posts them."""
        async with trio.open_nursery() as nursery:
            while True:
                known = self._wakes
                try:
                    found = await self._bridges.to_read()
                except StorageError as error:
                    await self._failed(error)
                    continue
                self._has_failed = False
                with trio.move_on_after(min(self._begin(nursery, found), _LOOK)):
                    await self._changed.wait_until(lambda seen=known: seen != self._wakes)  # type: ignore[misc]

    def _begin(self, nursery: trio.Nursery, found: Sequence[BridgeToRead]) -> float:
        """Begin with the sources that may be claimed, and return the seconds until another one may. Sync."""
        sources: dict[tuple[str, str], list[BridgeToRead]] = {}
        for each in found:
            sources.setdefault(_key(each), []).append(each)
        next_in, now = float("inf"), trio.current_time()
        for key, bridges in sources.items():
            if key in self._running or self._is_stopping:
                continue
            first = bridges[0]
            is_own = self._claims.get(first.id) == first.claim
            wait = max(0.0 if is_own else first.wait, self._failures.get(key, (0, now))[1] - now)
            if wait > 0:
                next_in = min(next_in, wait)
            else:
                self._running.add(key)
                nursery.start_soon(self._serve, Source(*key, bridges))
        return next_in

    async def stop(self) -> None:
        """Begin nothing more, and wait until nothing is under way. Cancelling: it still is."""
        self._is_stopping = True
        self._changed.notify()
        await self._changed.wait_until(lambda: not self._running)

    async def _serve(self, source: Source) -> None:
        """Read a source for a turn."""
        key, first = _key(source), source.bridges[0]
        try:
            claim = await self._bridges.claim(first.id, self._claims.get(first.id), LEASE)
            if claim is not None:
                self._claims[first.id] = claim
                await self._read(source)
                if self._is_stopping:
                    await self._bridges.claim(first.id, claim, 0.0)
        except StorageError as error:
            await self._failed(error)
        except (RequestFailed, SourceFailed) as error:
            tries = self._failures.get(key, (0, 0.0))[0] + 1
            self._failures[key] = tries, trio.current_time() + retry_after(tries, None)
            await self._note(source, str(error))
        finally:
            self._running.discard(key)
            self._wakes += 1
            self._changed.notify()

    async def _read(self, source: Source) -> None:
        """Post the kept messages, and read more, until the turn ends.

        May raise RequestFailed, SourceFailed and StorageError.
        """
        until, changes = trio.current_time() + TURN, self._changes
        while trio.current_time() < until and self._changes == changes and not self._is_stopping:
            left = [await self._post(each) for each in source.bridges]
            if max(left) < MOST_KEPT and await self._poll(source):
                continue  # post at once
            with trio.move_on_after(self._pace):
                await self._changed.wait_until(lambda: self._is_stopping or self._changes != changes)

    async def _poll(self, source: Source) -> bool:
        """Read all messages that there are, and keep them; False: there are none."""
        batch, received = secrets.token_urlsafe(18), list[Received]()
        # Cancelled between the answer and the end of the write, the messages would be lost.
        with trio.move_on_after(_LONGEST, shield=True) as scope:
            received = await self._call(source)
            await self._keep(source, batch, received)
        if scope.cancelled_caught:
            await self._keep(source, batch, received)
        return bool(received)

    async def _call(self, source: Source) -> list[Received]:
        if url_refusal(source.url, self._services.settings.public_url) is OWN_URL:
            raise SourceFailed(OWN_URL.text)
        answer = await self._services.outbound.send(
            "GET",
            api_url(source.url, "messages"),
            headers=headers_of(source.token),
            most_bytes=MOST_ANSWER,
            is_cut=True,
            total_timeout=TIMEOUT,
        )
        if answer.status != 200:
            raise SourceFailed(f"the matterbridge answered {answer.status}")
        try:
            received = messages_in(answer.body)
        except ValueError as error:
            raise SourceFailed(str(error)) from None
        self._failures.pop(_key(source), None)
        return received

    async def _keep(self, source: Source, batch: str, received: Sequence[Received]) -> None:
        """Keep messages for the bridges that there are now, and try again until it is done: they are nowhere else."""
        while received:
            try:
                bridges = [each for each in await self._bridges.to_read() if _key(each) == _key(source)]
                kept = [
                    Read(bridge.id, f"{batch}{place:04}{bridge.id:x}", message.text)
                    for place, message in enumerate(received)
                    for bridge in bridges
                    if bridge.gateway == message.gateway
                ]
                await self._bridges.keep(kept)
            except StorageError as error:
                await self._failed(error)
            else:
                break

    async def _post(self, bridge: BridgeToRead) -> int:
        """Post the kept messages of a bridge for a moment, and return how many are left."""
        kept = await self._bridges.kept(bridge.id, MOST_KEPT)
        posted: list[str] = []
        until = trio.current_time() + PACE
        for each in kept:
            if trio.current_time() > until:
                break
            if refusal := self._services.budgets.hook(each.hook_id):
                await trio.sleep(refusal.retry_after or self._pace)
                break
            post = HookPost(
                room_id=each.room_id,
                actor_id=each.hook_id,
                created_at=current_time(),
                token=each.hook_token,
                text=each.text,
                key=each.key,
                is_body=False,
            )
            outcome = await self._services.writes.write(post)
            if outcome is NO_HOOK or _is_unsure(outcome):
                break  # it has another token now, or the database is away
            if not isinstance(outcome, Message | Repeated | KeyUsed):
                reason = outcome.text if isinstance(outcome, Refusal) else str(outcome)
                await self._services.feature_ports[HOOKS].note_error(each.hook_id, reason)
            posted.append(each.key)
        if posted:
            await self._bridges.posted(posted)
        return len(kept) - len(posted)

    async def _note(self, source: Source, error: str) -> None:
        """Keep why a source cannot be read, once for as long as it cannot."""
        if self._failures[_key(source)][0] > 1:
            return
        logger.warning("a matterbridge is not read", bridge=source.bridges[0].id, error=error)
        for each in source.bridges:
            try:
                await self._services.feature_ports[HOOKS].note_error(each.hook_id, error)
            except StorageError as problem:
                await self._failed(problem)

    async def _failed(self, error: StorageError) -> None:
        if not self._has_failed:
            logger.warning("bridges wait for the database; trying again each second", error=str(error))
        self._has_failed = True
        await trio.sleep(_RETRY)


def _key(source: Source | BridgeToRead) -> tuple[str, str]:
    return source.url, source.token


def _is_unsure(outcome: object) -> bool:
    return isinstance(outcome, Refusal) and outcome.code in (Code.UNAVAILABLE, Code.OUTCOME_UNKNOWN)


@asynccontextmanager
async def open_bridge_reader(reader: BridgeReader) -> AsyncGenerator[None]:
    """Read for as long as the block lasts; leaving it waits a moment for calls under way. Cancelling: as of `run`."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader.run)
        yield
        with trio.move_on_after(_GOODBYE):
            await reader.stop()
        nursery.cancel_scope.cancel(reason="the server stops")
