"""The task that sends the log to the receivers of outgoing hooks. Each server has one; a hook is claimed by one.

A hook is a position in the log, which moves by what its receiver has taken. So each receiver gets the changes in order,
none is lost, and a receiver that is away costs a row. A batch that was sent and not recorded is sent again.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import msgspec
import structlog
import trio

from chat.domain.accounts.bridges import Bridge
from chat.domain.accounts.outgoing_hooks import Bot, Claimed, Failed, OffReason, OutgoingHooks, Waiting
from chat.domain.entities import MessageKind
from chat.domain.failures import StorageError
from chat.domain.timestamps import current_time
from chat.engine.hub import Hub
from chat.features.hooks.bridges.api import api_url, body_of, headers_of, is_bridged
from chat.features.hooks.bridges.circles import Circles
from chat.features.hooks.outgoing.bots import Answers, is_call
from chat.features.hooks.outgoing.pages import Entry, Page, Pages
from chat.features.hooks.outgoing.rules import signed_headers
from chat.features.hooks.retries import retry_after
from chat.operations.called_urls import OWN_URL, url_refusal
from chat.outbound.client import Outbound, RequestFailed
from chat.outbound.failures import Reason
from chat.signals import Signal

LEASE = 30.0
"""Seconds after which another server sends what this one has claimed. Each batch that was taken renews it."""

TIMEOUT = 15.0
"""Seconds for a call, its answer included."""

BOT_TIMEOUT = 7.0
"""Seconds for the answer of a bot; what it says later it posts itself."""

MOST_ANSWER = 65_536
"""Bytes of an answer that are read; the rest is cut off."""

PACE = 0.1
"""Seconds from one look at the hooks to the next."""

GOES_ROUND = (
    "messages come back into the room by another way than this bridge: end that way, then switch it on"
)

_LOOK = 60.0
"""Seconds after which the hooks are looked at though nothing was published: a command may have changed one."""

_IDLE_PACE = 1.0
"""Seconds from one look to the next where no hook had anything to send for `_BUSY` seconds."""

_BUSY = 60.0

_MOST = 32
"""Hooks that are sent at once by one server."""

_UNSENT = 10_000
"""Ids that a hook passes over before its position is written, where nothing there is for it."""

_RETRY = 1.0
"""Seconds until the next try when the database fails."""

_GOODBYE = 2.0
"""Seconds for calls under way when a server stops; later ones are sent again."""

_LONGEST_ERROR = 300

logger = structlog.get_logger(__name__)


class Batch(msgspec.Struct, frozen=True):
    """The events for a hook up to the log id `end`."""

    end: int
    entries: Sequence[Entry]


class Sender:
    """Sends outgoing hooks.

    Args:
        hooks: the hooks.
        pages: reads the log.
        hub: notifies of new changes.
        outbound: makes the calls.
        public_url: returns the server's own address, which no hook may call.
        answers: posts what bots answer.
        pace: seconds from one look at the hooks to the next.
    """

    def __init__(
        self,
        hooks: OutgoingHooks,
        pages: Pages,
        hub: Hub,
        outbound: Outbound,
        public_url: Callable[[], str],
        answers: Answers,
        pace: float = PACE,
    ) -> None:
        self._hooks = hooks
        self._pages = pages
        self._hub = hub
        self._outbound = outbound
        self._public_url = public_url
        self._answers = answers
        self._pace = pace
        self._wakes = 0
        self._busy_until = -float("inf")  # until then it looks at the hooks often
        self._is_stopping = False
        self._running: set[int] = set()
        self._seen: dict[
            int, tuple[int, int]
        ] = {}  # by hook: its position, and up to where nothing is for it
        self._circles: dict[int, Circles] = {}  # by bridge
        self._changed = Signal()
        self._has_failed = False

    def wake(self) -> None:
        """A hook was made or changed. Sync."""
        self._wakes += 1
        self._busy_until = trio.current_time() + _BUSY
        self._changed.notify()

    async def run(self) -> None:
        """Send until cancelled. Cancelling: calls under way may have been taken, and are sent again later."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._listen)
            while True:
                known = self._wakes, self._hub.newest_id
                try:
                    waiting = await self._hooks.waiting()
                except StorageError as error:
                    await self._failed(error)
                    continue
                self._has_failed = False
                if waiting:
                    self._busy_until = trio.current_time() + _BUSY
                with trio.move_on_after(min(self._begin(nursery, waiting), _LOOK)):
                    await self._changed.wait_until(
                        lambda seen=known: seen != (self._wakes, self._hub.newest_id)  # type: ignore[misc]
                    )
                await trio.sleep(self._pace)
                if trio.current_time() >= self._busy_until:
                    with trio.move_on_after(_IDLE_PACE):
                        await self._changed.wait_until(lambda: trio.current_time() < self._busy_until)

    async def _listen(self) -> None:
        """Wake the sender for each published change, until cancelled. Cancelling changes nothing."""
        while True:
            await self._hub.published.wait()
            self._changed.notify()

    def _begin(self, nursery: trio.Nursery, waiting: Sequence[Waiting]) -> float:
        """Begin with the hooks that may be claimed, and return the seconds until another one may. Sync."""
        next_in = float("inf")
        for hook in waiting:
            if hook.id in self._running or self._is_stopping:
                continue
            if hook.wait > 0:
                next_in = min(next_in, hook.wait)
            elif len(self._running) >= _MOST:
                next_in = 0.0
            elif self._start_of(hook) < self._hub.newest_id:
                self._running.add(hook.id)
                nursery.start_soon(self._serve, hook)
        self._seen = {each.id: self._seen[each.id] for each in waiting if each.id in self._seen}
        return next_in

    def _start_of(self, hook: Waiting) -> int:
        position, seen = self._seen.get(hook.id, (hook.position, hook.position))
        return max(seen, hook.position) if position == hook.position else hook.position

    async def stop(self) -> None:
        """Begin nothing more, and wait until nothing is under way. Cancelling: it still is."""
        self._is_stopping = True
        await self._changed.wait_until(lambda: not self._running)

    async def _serve(self, hook: Waiting) -> None:
        """Send a hook all that there is for it."""
        try:
            batch = await self._find(hook, self._start_of(hook))
            if batch is None or self._is_stopping:
                return
            claimed = await self._hooks.claim(hook, LEASE)
            if claimed is not None:
                await self._send_all(hook, claimed, batch)
        except StorageError as error:
            await self._failed(error)
        finally:
            self._running.discard(hook.id)
            self._wakes += 1  # it may be due again at a time of its own
            self._changed.notify()

    async def _send_all(self, hook: Waiting, claimed: Claimed, batch: Batch) -> None:
        """Send batch after batch while they are taken, and end the claim."""
        place, is_retry = hook.position, claimed.batch_end is not None
        if claimed.batch_end is not None:
            batch = await self._again(hook, claimed.batch_end)
        while True:
            entries = await self._allowed(hook, claimed, batch)
            if entries is None:
                return
            if entries:
                batch = msgspec.structs.replace(batch, entries=entries)
                failed = await self._call_and_read_on(hook, claimed, place, batch)
                if failed is not None:
                    await self._hooks.fail(hook.id, claimed.claim, failed)
                    return
                if not is_retry:
                    claimed = msgspec.structs.replace(claimed, tries=0)
            place, is_retry = batch.end, False
            following = None if self._is_stopping else await self._find(hook, place)
            lease = 0.0 if following is None else LEASE
            if not await self._hooks.advance(hook.id, claimed.claim, place, lease, is_sent=bool(entries)):
                return
            if following is None:
                return
            batch = following

    async def _call_and_read_on(
        self, hook: Waiting, claimed: Claimed, after: int, batch: Batch
    ) -> Failed | None:
        """Make the call for a batch, and read the next page meanwhile."""

        async def read_on() -> None:
            with suppress(StorageError):  # who needs the page reads it again
                if batch.end < self._hub.newest_id:
                    await self._pages.read(batch.end, self._hub.newest_id)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read_on)
            return await self._call(hook, claimed, after, batch)

    async def _find(self, hook: Waiting, place: int) -> Batch | None:
        """Return the next batch after a place; None: there is nothing, and not much was passed over."""
        while place < (newest := self._hub.newest_id):
            page = await self._pages.read(place, newest)
            entries = _of(hook, page)
            if entries and hook.bot is not None:
                return Batch(entries[0].id, entries[:1])  # a call for each message, also of a bridge
            if entries or page.end - hook.position >= _UNSENT:
                return Batch(page.end, entries)
            place = page.end
            self._seen[hook.id] = hook.position, place
        return None

    async def _again(self, hook: Waiting, end: int) -> Batch:
        """Return the batch that failed, as it is now: without messages that were deleted since."""
        entries: list[Entry] = []
        place = hook.position
        while place < end:
            page = await self._pages.read(place, end, is_fresh=True)
            entries += [each for each in _of(hook, page) if each.id <= end]
            place = page.end
        return Batch(end, entries)

    async def _allowed(self, hook: Waiting, claimed: Claimed, batch: Batch) -> Sequence[Entry] | None:
        """Return the entries that the hook's owner may send now; None: the hook is off, or the claim void."""
        if not batch.entries:
            return ()
        rooms = await self._hooks.rooms_to_send(hook, {each.room_id for each in batch.entries})
        if rooms is None:
            failed = Failed(batch.end, "its owner may not send this any more", 0.0, "no_right")
            await self._hooks.fail(hook.id, claimed.claim, failed)
            return None
        return [each for each in batch.entries if each.room_id in rooms]

    async def _call(self, hook: Waiting, claimed: Claimed, after: int, batch: Batch) -> Failed | None:
        """Make the call for a batch; None: its receiver has taken it."""
        if url_refusal(claimed.url, self._public_url()) is OWN_URL:
            return _failed(claimed, batch.end, OWN_URL.text)
        if claimed.bridge is not None:
            return await self._bridge(hook, claimed, claimed.bridge, batch)
        at = int(current_time())
        data = {"hook": hook.id, "after": after, "position": batch.end, "events": _events(batch.entries)}
        body = msgspec.json.encode({"type": "changes", "timestamp": at, "data": data})
        call_id = f"msg_{hook.id}_{claimed.replays}_{after}_{batch.end}"
        try:
            answer = await self._outbound.send(
                "POST",
                claimed.url,
                headers=signed_headers(call_id, at, body, claimed.secrets),
                body=body,
                most_bytes=MOST_ANSWER,
                is_cut=True,
                total_timeout=TIMEOUT if hook.bot is None else BOT_TIMEOUT,
            )
        except RequestFailed as error:
            if hook.bot is not None and error.reason is Reason.TIMEOUT:
                return None  # it has the call, and posts its answer itself
            return _failed(claimed, batch.end, str(error))
        if 200 <= answer.status < 300:
            message = batch.entries[0].message
            if hook.bot is not None and message is not None:
                await self._answers.post(hook.bot, claimed.bot_token, message, call_id, answer)
            return None
        off: OffReason | None = "gone" if answer.status == 410 else None
        reason = f"the receiver answered {answer.status}"
        return _failed(claimed, batch.end, reason, answer.headers.get("retry-after"), off)

    async def _bridge(self, hook: Waiting, claimed: Claimed, bridge: Bridge, batch: Batch) -> Failed | None:
        """Post the message of a batch in the gateway of a bridge; None: its matterbridge has taken it."""
        message = batch.entries[0].message
        assert message is not None  # `is_bridged` chose it
        if claimed.batch_end is None:  # a repeated call is no return
            circles = self._circles.setdefault(hook.id, Circles())
            if circles.goes_round(message, trio.current_time()):
                del self._circles[hook.id]
                return _failed(claimed, batch.end, GOES_ROUND, off="failing")
        try:
            answer = await self._outbound.send(
                "POST",
                api_url(claimed.url, "message"),
                headers=headers_of(bridge.token),
                body=body_of(message, bridge),
                most_bytes=MOST_ANSWER,
                is_cut=True,
                total_timeout=TIMEOUT,
            )
        except RequestFailed as error:
            return _failed(claimed, batch.end, str(error))
        if 200 <= answer.status < 300:
            return None
        reason = f"the matterbridge answered {answer.status}"
        return _failed(claimed, batch.end, reason, answer.headers.get("retry-after"))

    async def _failed(self, error: StorageError) -> None:
        if not self._has_failed:
            logger.warning("outgoing hooks are not sent; trying again each second", error=str(error))
        self._has_failed = True
        await trio.sleep(_RETRY)


def _of(hook: Waiting, page: Page) -> list[Entry]:
    """Return the entries of a page that a hook is for. Sync and pure."""
    return [
        each
        for each in page.entries
        if hook.room_id in (None, each.room_id)
        and (not hook.kinds or each.kind in hook.kinds)
        and (is_bridged(each.message) if hook.is_bridge else hook.bot is None or _is_call(hook.bot, each))
    ]


def _is_call(bot: Bot, entry: Entry) -> bool:
    message = entry.message
    is_text = message is not None and message.kind is MessageKind.TEXT
    return message is not None and is_text and is_call(bot, message.sender_name, message.text)


def _events(entries: Sequence[Entry]) -> list[dict[str, object]]:
    return [{"id": each.id, "event": each.event} for each in entries]


def _failed(
    claimed: Claimed, end: int, error: str, asked: str | None = None, off: OffReason | None = None
) -> Failed:
    return Failed(end, error[:_LONGEST_ERROR], retry_after(claimed.tries + 1, asked), off)


@asynccontextmanager
async def open_sender(sender: Sender) -> AsyncGenerator[None]:
    """Send for as long as the block lasts; leaving it waits a moment for calls under way.

    Cancelling: these may have been taken, and are sent again.
    """
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sender.run)
        yield
        with trio.move_on_after(_GOODBYE):
            await sender.stop()
        nursery.cancel_scope.cancel(reason="the server stops")
