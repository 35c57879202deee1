"""Deliberate defects of the server, each planted by a patch; the simulation must find every one of them."""

import time
from collections.abc import Awaitable, Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import _patch, patch

import trio
from msgspec import structs
from trio_cancel_sweep import Mutant

import chat.application.members
import chat.domain.rooms.rooms
import chat.engine.fence
import chat.engine.send_queue
import chat.protocols.lines.handlers
import tests.reference.storage.room_changes
import tests.reference.storage.saving
from chat.domain.entities import Draft, Message, Person, Room, Topic
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.messages.changes import Change, Edited, Write
from chat.domain.messages.outcomes import Outcome, Repeated
from chat.domain.messages.sync_types import KnownAt, ResumeCheck
from chat.domain.messages.uploads import Uploads
from chat.domain.nodes import FENCE
from chat.domain.ports import KeptFile
from chat.domain.refusals import NOT_SAVED, Refusal
from chat.domain.rooms.blocks import Blocks
from chat.domain.rooms.rooms import Rooms
from chat.engine.broadcaster import Broadcaster
from chat.engine.cluster.lease import Lease
from chat.engine.cluster.questions import Questions
from chat.engine.cluster.servers import Servers
from chat.engine.deliveries import Deliveries
from chat.engine.events import RequestId
from chat.engine.fence import Fence
from chat.engine.hub import Announcement, Hub, Subscriber
from chat.engine.journal import Entry, Journal, Submitter
from chat.engine.log_follower import LogFollower
from chat.engine.memberships import Memberships
from chat.engine.presence import Presence
from chat.engine.receipts import Receipts
from chat.engine.send_queue import SendQueue
from chat.engine.services import EngineServices
from chat.engine.session import Session
from chat.engine.subscriptions import Subscriptions
from chat.protocols.answer import Answer
from chat.protocols.direct.handlers import DirectClient
from chat.protocols.lines.codec import LineDialect
from chat.protocols.lines.commands import Say
from chat.protocols.lines.handlers import LobbyClient
from chat.protocols.native.messages import sending
from chat.protocols.native.wire.codec import NATIVE
from chat.protocols.native.wire.frames import SendOk
from chat.protocols.support.desk import SupportDesk
from tests.reference.storage.timelines import MemoryTimelines
from tests.simulation.editing import Answering


def remember_whom_people_blocked() -> "_patch[Any]":
    """Blocks are read once and never again."""
    return patch.object(Blocks, "changed", lambda self, person_id: None)


def read_another_file() -> "_patch[Any]":
    """Every download returns the bytes of the file that was downloaded first."""
    reading, read = Uploads.reading, list[bytes]()

    def mutated(self: Uploads, kept: KeptFile) -> Any:
        read.append(kept.digest)
        return reading(self, structs.replace(kept, digest=read[0]))

    return patch.object(Uploads, "reading", mutated)


def tell_visitors_of_the_lobby() -> "_patch[Any]":
    """Visitors receive the lobby."""
    return patch.object(MemoryTimelines, "_is_of", lambda self, room, person, with_closed=False: True)


def decide_on_roles_before_the_log_alone() -> "_patch[Any]":
    """Rights to change roles, remove and ban are not checked again at the commit."""
    return patch.object(tests.reference.storage.room_changes, "refusal_of", lambda write, by, role=None: None)


def decide_on_deletions_before_the_log_alone() -> "_patch[Any]":
    """The right to delete another person's message is not checked again at the commit."""
    return patch.object(tests.reference.storage.saving, "deletion_refusal", lambda by: None)


def drop_a_batch() -> "_patch[Any]":
    """The broadcaster loses every ninth batch."""
    announce, batches = Broadcaster.announce, [0]

    def mutated(self: Broadcaster, batch: list[Announcement]) -> None:
        batches[0] += 1
        announce(self, batch if batches[0] % 9 else [])

    return patch.object(Broadcaster, "announce", mutated)


def acknowledge_what_is_not_saved() -> "_patch[Any]":
    """A draft that the database refused is acknowledged as saved."""
    refuse = Journal._refuse

    def mutated(self: Journal, batch: Sequence[Entry], refusal: Refusal) -> None:
        if refusal is not NOT_SAVED:
            return refuse(self, batch, refusal)
        for entry in batch:
            d = entry.write
            if not isinstance(d, Draft):
                entry.submitter.on_outcome(d, refusal)
                continue
            message = Message(
                10**6, d.room_id, 1, d.sender_id, d.sender_name, d.text, d.created_at, people=d.people
            )
            entry.submitter.on_outcome(d, message)
        return None

    return patch.object(Journal, "_refuse", mutated)


def announce_before_commit() -> "_patch[Any]":
    """Messages are published before they are saved."""

    async def mutated(self: Journal, batch: Sequence[Entry]) -> None:
        writes = [entry.write for entry in batch]
        try:
            saved = await self._messages.save(writes)
        except (StorageDown, OutcomeUnknown):
            self._broadcaster.announce(
                [
                    Announcement(
                        Message(
                            10**6,
                            d.room_id,
                            10**6,
                            d.sender_id,
                            d.sender_name,
                            d.text,
                            d.created_at,
                            people=d.people,
                        )
                    )
                    for d in writes
                    if isinstance(d, Draft)
                ]
            )
            return self._refuse(batch, NOT_SAVED)
        for message, entry in zip(saved, batch, strict=True):
            if isinstance(message, Message):
                self._follower.announce_own([Announcement(message, entry.origin)])
                entry.submitter.on_outcome(entry.write, message)
        return None

    return patch.object(Journal, "_commit", mutated)


def forget_what_is_behind() -> "_patch[Any]":
    """The log is never read, so commits of unknown outcome are not published."""

    async def mutated(self: LogFollower) -> int:
        self._newest_id = self._end = await self._messages.newest_id()
        self._ahead.clear()
        return 0

    return patch.object(LogFollower, "_catch_up", mutated)


def tell_in_reverse() -> "_patch[Any]":
    """A batch is published in reverse order."""
    publish = Hub.publish

    def mutated(self: Hub, announcements: Any) -> None:
        publish(self, list(announcements)[::-1])

    return patch.object(Hub, "publish", mutated)


def write_past_the_queue() -> "_patch[Any]":
    """A frame is written to the socket before queued ones, perhaps in the middle of another."""
    put = SendQueue._put

    def mutated(self: SendQueue, blob: bytes) -> None:
        queued, self.queued = self.queued, 0
        put(self, blob)
        self.queued += queued

    return patch.object(SendQueue, "_put", mutated)


def believe_every_name() -> "_patch[Any]":
    """The sender's name in a line is trusted."""
    return patch.object(chat.protocols.lines.handlers, "_is_name_of", lambda claimed, name: True)


def let_nobody_speak_as_somebody() -> "_patch[Any]":
    """The lobby accepts a line from a client that is not authenticated."""

    async def mutated(client: LobbyClient, command: Any, nursery: trio.Nursery) -> None:
        if client.session.person is None:
            client.session.person = Person(id=1, name="p1")
            await client.say(structs.replace(command, claimed="p1"), nursery)
        else:
            await client.say(command, nursery)

    return patch.object(LobbyClient, "handlers", {**LobbyClient.handlers, Say: mutated})


def leave_the_removed_in() -> "_patch[Any]":
    """A removed member still receives the room."""
    return patch.object(Memberships, "_expel", lambda *_: None)


def let_everybody_hear() -> "_patch[Any]":
    """A room may be entered without being a member."""

    async def mutated(self: Rooms, person: Person, room_id: int) -> Room | Refusal:
        room = await self._rooms.by_id(room_id)
        assert room is not None
        return room

    return patch.object(Rooms, "may_hear", mutated)


def skip_instead_of_cutting() -> "_patch[Any]":
    """A slow client is not disconnected; frames that do not fit are dropped."""

    def mutated(self: Session) -> None:
        if self.send_queue._pending is not None:
            for blob in chat.engine.send_queue.receive_all_nowait(self.send_queue._pending, 10**6):
                self.send_queue.queued -= len(blob)

    return patch.object(Session, "too_slow", mutated)


def keep_the_dead() -> "_patch[Any]":
    """Silent clients are not pinged."""
    return patch.object(Session, "beat", lambda *_: None)


def forget_what_is_held() -> "_patch[Any]":
    """New messages during the read of a conversation are not sent after it."""
    return patch.object(Subscriptions, "_keep", lambda *_: None)


def stay_listening() -> "_patch[Any]":
    """A client that has left stays subscribed."""
    return patch.object(Subscriptions, "unsubscribe_all", lambda self: None)


def trust_from() -> "_patch[Any]":
    """A direct message has the sender's id that the client claims."""

    async def mutated(self: DirectClient, claimed: int) -> bool:
        person = await self._shared.direct.person(claimed)
        if person is not None:
            self.session.become(person)
            self.client_id = person.id
        return person is not None

    return patch.object(DirectClient, "_take_word", mutated)


def stop_without_a_word() -> "_patch[Any]":
    """A stopping server does not close its clients' sockets."""
    return patch.object(Presence, "close_all", lambda *_: None)


def tell_a_name_wrong() -> "_patch[Any]":
    """Now and then a line is encoded with another sender's name."""
    real, lines = LineDialect._frame, [0]

    def mutated(self: LineDialect, name: str, message: str) -> bytes:
        lines[0] += 1
        return real(self, name if lines[0] % 50 else "p0", message)

    return patch.object(LineDialect, "_frame", mutated)


def fail_in_one_session() -> "_patch[Any]":
    """A bug raises in the middle of a session, now and then."""
    decode, frames = LineDialect.decode, [0]

    def mutated(self: LineDialect, frame: str | bytes) -> object:
        frames[0] += 1
        if frames[0] % 20 == 0:
            raise ZeroDivisionError
        return decode(self, frame)

    return patch.object(LineDialect, "decode", mutated)


def take_what_left_for_delivered() -> "_patch[Any]":
    """A direct message counts as delivered when the operating system has taken its bytes."""
    sent = Receipts.sent

    def mutated(self: Receipts, *got: Any) -> None:
        sent(self, *got)
        self.all_confirmed()

    return patch.object(Receipts, "sent", mutated)


def never_ping_behind_a_message() -> "_patch[Any]":
    """No delivery is recorded, so all messages are sent again on each new connection."""
    return patch.object(Receipts, "pong", lambda _self, _payload: None)


def look_before_it_is_noted() -> "_patch[Any]":
    """Confirmations of a closing connection are not awaited, so the next one gets its messages again."""

    async def mutated(_self: Deliveries, _person_id: int) -> None:
        await trio.lowlevel.checkpoint()

    return patch.object(Deliveries, "wait_written", mutated)


@contextmanager
def answer_whoever_was_acknowledged_last() -> Generator[None]:
    """The desk follows acknowledged questions but not those published after an unknown outcome."""
    desks: list[SupportDesk] = []
    settled = Answer.on_outcome

    def received(self: SupportDesk, _desk: object, _operator: Subscriber, _told: object) -> None:
        desks.append(self)

    def mutated(self: Answer, draft: Draft, outcome: Outcome) -> None:
        if isinstance(outcome, Message) and (peer := outcome.peer) is not None and peer.id == draft.sender_id:
            for desk in desks:
                desk._last = outcome.id, peer
        settled(self, draft, outcome)

    with patch.object(SupportDesk, "note_published", received), patch.object(Answer, "on_outcome", mutated):
        yield


@contextmanager
def look_again_after_every_removal() -> Generator[None]:
    """Entering a room starts again whenever any membership ends, even a missing one."""
    remove = chat.application.members.remove

    async def mutated(services: EngineServices, by: Person, room_id: int, person_id: int) -> Refusal | None:
        try:
            return await remove(services, by, room_id, person_id)
        finally:
            services.rooms._reads.all_changed()

    with (
        patch.object(chat.application.members, "remove", mutated),
        patch.object(chat.domain.rooms.rooms, "_LOOKS", 10**6),
    ):
        yield


def forget_keys() -> "_patch[Any]":
    """A message that is sent again with its key is saved again."""
    submit = Journal.submit

    async def mutated(
        self: Journal, write: Write, submitter: Submitter, origin: Subscriber | None = None
    ) -> None:
        plain = structs.replace(write, key=None) if isinstance(write, Draft) else write
        await submit(self, plain, submitter, origin)

    return patch.object(Journal, "submit", mutated)


def announce_what_is_repeated() -> "_patch[Any]":
    """A message that is sent again with its key is published again."""
    answer = Answering.on_outcome

    def mutated(self: Answering, write: Write, outcome: Outcome) -> None:
        answer(self, write, outcome)
        if isinstance(outcome, Repeated):
            self._session.context.hub.publish([Announcement(outcome.message)])

    return patch.object(Answering, "on_outcome", mutated)


def catch_up_with_messages_alone() -> "_patch[Any]":
    """Edits, deletions and reactions that are read from the log are not published."""
    announce = LogFollower._announce

    def mutated(self: LogFollower, announcements: Sequence[Announcement]) -> None:
        got = [each for each in announcements if isinstance(each.change, Message) or not self._is_behind]
        announce(self, got or announcements)

    return patch.object(LogFollower, "_announce", mutated)


def tell_an_edit_as_it_was_asked_for() -> "_patch[Any]":
    """Edits are published with the position of the change before."""
    announce = LogFollower.announce_own

    def mutated(self: LogFollower, announcements: Sequence[Announcement]) -> None:
        announce(
            self,
            [
                each._replace(change=structs.replace(each.change, pos=each.change.pos - 1))
                if isinstance(each.change, Edited)
                else each
                for each in announcements
            ],
        )

    return patch.object(LogFollower, "announce_own", mutated)


def leave_gaps() -> "_patch[Any]":
    """Gaps in the log are never read."""

    async def mutated(self: LogFollower) -> None:
        await trio.sleep_forever()

    return patch.object(LogFollower, "follow", mutated)


def jump_over_gaps() -> "_patch[Any]":
    """Other servers' commits are published as they arrive, regardless of gaps before them."""

    def mutated(self: LogFollower, changes: Sequence[Change], end: int) -> None:
        if new := [change for change in changes if change.id > self.newest_id]:
            self._announce([Announcement(change) for change in new])

    return patch.object(LogFollower, "receive", mutated)


def tell_own_commits_at_once() -> "_patch[Any]":
    """An own commit is published before earlier commits of other servers."""

    def mutated(self: LogFollower, announcements: Sequence[Announcement]) -> None:
        self._announce(list(announcements))

    return patch.object(LogFollower, "announce_own", mutated)


def remove_without_waiting() -> "_patch[Any]":
    """A removal is acknowledged before the other servers have applied it."""

    async def mutated(self: Servers, change_id: int, _person_id: int | None = None) -> None:
        await self._told(change_id)

    return patch.object(Servers, "wait_published_everywhere", mutated)


def look_at_no_lease() -> "_patch[Any]":
    """A server whose lease has lapsed continues to publish."""

    async def mutated(self: Fence) -> None:
        await trio.lowlevel.checkpoint()

    return patch.object(Fence, "wait_open", mutated)


@contextmanager
def count_the_lease_by_the_wall_clock() -> Generator[None]:
    """A server whose wall clock is set back takes a lapsed lease for a valid one."""
    move = Fence.open_until

    def mutated(self: Fence, moment: float) -> None:
        move(self, time.time() + moment - chat.engine.fence.trio.current_time())

    with (
        patch.object(Fence, "open_until", mutated),
        patch.object(Fence, "is_open", property(lambda self: time.time() < self._open_until)),
    ):
        yield


def look_at_nobody_again() -> "_patch[Any]":
    """A server that has a lease again does not recheck its clients' subscriptions."""

    async def mutated(self: Memberships) -> None:
        await trio.lowlevel.checkpoint()

    return patch.object(Memberships, "recheck_memberships", mutated)


def tell_before_looking_again() -> "_patch[Any]":
    """A server that has a lease again publishes waiting changes before it has rechecked memberships."""
    keep = Lease._keep

    async def mutated(self: Lease, recheck: Callable[[], Awaitable[object]], *others: Any) -> None:
        async def tell_and_look() -> None:
            self._fence.open_until(chat.engine.fence.trio.current_time() + FENCE)
            await recheck()

        await keep(self, tell_and_look, *others)

    return patch.object(Lease, "_keep", mutated)


def take_a_lost_lease_for_one_server_s_own() -> "_patch[Any]":
    """After the database's clock jumped over all leases, no server is awaited any more."""
    return patch.object(Questions, "lease_forgotten", lambda self: None)


def believe_every_claim() -> "_patch[Any]":
    """An id announced over the bus beyond the end of the log counts as read."""
    read_log = LogFollower._catch_up

    async def mutated(self: LogFollower) -> int:
        claimed = max(self._end, *self._ahead, 0)
        caught_up = await read_log(self)
        self._newest_id = max(self._newest_id, claimed)
        return caught_up

    return patch.object(LogFollower, "_catch_up", mutated)


def ask_nobody_for_notes() -> "_patch[Any]":
    """Messages just delivered on another server are sent again."""

    async def mutated(self: Servers, person_id: int) -> None:
        await trio.lowlevel.checkpoint()

    return patch.object(Servers, "wait_deliveries_recorded_everywhere", mutated)


def let_in_before_catching_up() -> "_patch[Any]":
    """A client that changes servers may get messages of the first server again."""

    async def mutated(self: Servers) -> None:
        await trio.lowlevel.checkpoint()

    return patch.object(Servers, "catch_up", mutated)


def enter_before_catching_up() -> "_patch[Any]":
    """Entering a room on a lagging server sends messages from before the entering."""
    may_enter = Rooms.may_enter

    async def mutated(self: Rooms, person: Person, room_id: int, _caught_up: Any) -> Room | Refusal:
        return await may_enter(self, person, room_id, trio.lowlevel.checkpoint)

    return patch.object(Rooms, "may_enter", mutated)


def tell_beside_what_is_new() -> "_patch[Any]":
    """Live changes are not buffered while missed ones are sent."""
    buffer = Subscriptions.buffer

    def mutated(self: Subscriptions) -> None:
        if NATIVE not in self._topics.values():
            buffer(self)

    return patch.object(Subscriptions, "buffer", mutated)


def cut_too_early() -> "_patch[Any]":
    """A resuming client does not get the newest change from before its subscription."""

    resume_checks = MemoryTimelines.resume_checks

    async def mutated(self: MemoryTimelines, known: Sequence[KnownAt]) -> list[ResumeCheck | None]:
        return await resume_checks(
            self, [structs.replace(each, up_to_id=each.up_to_id - 1) for each in known]
        )

    return patch.object(MemoryTimelines, "resume_checks", mutated)


def go_live_before_the_last_page() -> "_patch[Any]":
    """A client that reads a room in pages stays subscribed to it."""
    forget = Subscriptions.forget

    def mutated(self: Subscriptions, topics: Collection[Topic]) -> None:
        if NATIVE not in self._topics.values():
            forget(self, topics)

    return patch.object(Subscriptions, "forget", mutated)


def answer_a_key_with_another_message() -> "_patch[Any]":
    """A resend is answered with the number of another message."""
    saved = sending.saved

    def mutated(message: Message, ref: RequestId, *, again: bool = False) -> SendOk:
        return saved(structs.replace(message, seq=message.seq + again), ref, again=again)

    return patch.object(sending, "saved", mutated)


def _mutants(*plants: Callable[[], Any]) -> tuple[Mutant, ...]:
    return tuple(Mutant(plant.__name__, plant, str(plant.__doc__)) for plant in plants)


OF_SEVERAL_SERVERS = _mutants(
    leave_gaps,
    jump_over_gaps,
    tell_own_commits_at_once,
    remove_without_waiting,
    look_at_no_lease,
    count_the_lease_by_the_wall_clock,
    look_at_nobody_again,
    tell_before_looking_again,
    believe_every_claim,
    take_a_lost_lease_for_one_server_s_own,
    ask_nobody_for_notes,
    enter_before_catching_up,
    let_in_before_catching_up,
)
"""The defects that need several servers to show."""

MUTANTS = _mutants(
    decide_on_roles_before_the_log_alone,
    decide_on_deletions_before_the_log_alone,
    remember_whom_people_blocked,
    read_another_file,
    tell_visitors_of_the_lobby,
    tell_beside_what_is_new,
    cut_too_early,
    go_live_before_the_last_page,
    answer_a_key_with_another_message,
    forget_keys,
    announce_what_is_repeated,
    catch_up_with_messages_alone,
    tell_an_edit_as_it_was_asked_for,
    take_what_left_for_delivered,
    never_ping_behind_a_message,
    look_before_it_is_noted,
    answer_whoever_was_acknowledged_last,
    look_again_after_every_removal,
    drop_a_batch,
    acknowledge_what_is_not_saved,
    announce_before_commit,
    forget_what_is_behind,
    tell_in_reverse,
    write_past_the_queue,
    believe_every_name,
    let_nobody_speak_as_somebody,
    leave_the_removed_in,
    let_everybody_hear,
    skip_instead_of_cutting,
    keep_the_dead,
    forget_what_is_held,
    stay_listening,
    trust_from,
    stop_without_a_word,
    tell_a_name_wrong,
    fail_in_one_session,
)
