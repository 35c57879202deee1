"""Deliberate defects of the server, each a text planted in a function; the simulation must find every one of them."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from trio_cancel_sweep import Mutant, planted

from chat.domain.entities import Draft, Message
from chat.domain.messages.changes import Write
from chat.domain.messages.outcomes import Outcome

AT_ONCE = "return await __import__('trio').lowlevel.checkpoint()"
"""An async function that does nothing."""


def as_if_saved(write: Write, otherwise: Outcome = None) -> Outcome:
    """Return the message that a draft would be; something else of what is no draft."""
    if not isinstance(write, Draft):
        return otherwise
    return Message(
        10**6,
        write.room_id,
        1,
        write.sender_id,
        write.sender_name,
        write.text,
        write.created_at,
        people=write.people,
    )


def _together(
    *plants: Callable[[], AbstractContextManager[Any]],
) -> Callable[[], AbstractContextManager[None]]:
    @contextmanager
    def plant() -> Generator[None]:
        with ExitStack() as stack:
            for each in plants:
                stack.enter_context(each())
            yield

    return plant


OF_SEVERAL_SERVERS = (
    Mutant(
        "leave_gaps",
        planted("chat.engine.log_follower:LogFollower.follow", "await trio.sleep_forever()"),
        "Gaps in the log are never read.",
    ),
    Mutant(
        "jump_over_gaps",
        planted(
            "chat.engine.log_follower:LogFollower.receive",
            "if new := [Announcement(each) for each in changes if each.id > self.newest_id]:\n"
            "    self._announce(new)\n"
            "return",
        ),
        "Other servers' commits are published as they arrive, regardless of gaps before them.",
    ),
    Mutant(
        "tell_own_commits_at_once",
        planted(
            "chat.engine.log_follower:LogFollower.announce_own", "return self._announce(list(announcements))"
        ),
        "An own commit is published before earlier commits of other servers.",
    ),
    Mutant(
        "remove_without_waiting",
        planted(
            "chat.engine.cluster.servers:Servers.wait_published_everywhere",
            "return await self._wait_published_from_log(change_id)",
        ),
        "A removal is acknowledged before the other servers have applied it.",
    ),
    Mutant(
        "look_at_no_lease",
        planted("chat.engine.fence:Fence.wait_open", AT_ONCE),
        "A server whose lease has lapsed continues to publish.",
    ),
    Mutant(
        "count_the_lease_by_the_wall_clock",
        _together(
            planted(
                "chat.engine.fence:Fence.open_until",
                "import time\nmoment += time.time() - trio.current_time()",
            ),
            planted("chat.engine.fence:Fence.is_open", "import time\nreturn time.time() < self._open_until"),
        ),
        "A server whose wall clock is set back takes a lapsed lease for a valid one.",
    ),
    Mutant(
        "look_at_nobody_again",
        planted("chat.engine.memberships:Memberships.recheck_memberships", AT_ONCE),
        "A server that has a lease again does not recheck its clients' subscriptions.",
    ),
    Mutant(
        "tell_before_looking_again",
        planted(
            "chat.engine.cluster.lease:Lease._keep",
            "self._fence.open_until(trio.current_time() + FENCE)\nawait self._recheck(recheck)",
            instead_of="await self._recheck(recheck)",
        ),
        "A server that has a lease again publishes waiting changes before it has rechecked memberships.",
    ),
    Mutant(
        "believe_every_claim",
        planted(
            "chat.engine.log_follower:LogFollower._catch_up",
            "self._newest_id = max(self._newest_id, self._end, *self._ahead)\nreturn caught_up",
            instead_of="return caught_up",
        ),
        "An id announced over the bus beyond the end of the log counts as read.",
    ),
    Mutant(
        "take_a_lost_lease_for_one_server_s_own",
        planted("chat.engine.cluster.questions:Questions.lease_forgotten", "return"),
        "After the database's clock jumped over all leases, no server is awaited any more.",
    ),
    Mutant(
        "ask_nobody_for_notes",
        planted("chat.engine.cluster.servers:Servers.wait_deliveries_recorded_everywhere", AT_ONCE),
        "Messages just delivered on another server are sent again.",
    ),
    Mutant(
        "enter_before_catching_up",
        planted(
            "chat.domain.rooms.rooms:Rooms.may_enter",
            "await __import__('trio').lowlevel.checkpoint()",
            instead_of="await caught_up()",
        ),
        "Entering a room on a lagging server sends messages from before the entering.",
    ),
    Mutant(
        "let_in_before_catching_up",
        planted("chat.engine.cluster.servers:Servers.catch_up", AT_ONCE),
        "A client that changes servers may get messages of the first server again.",
    ),
)
"""The defects that need several servers to show."""

believe_every_name = planted("chat.protocols.lines.handlers:_is_name_of", "return True")

_WHILE_NATIVE = """\
from chat.protocols.native.wire.codec import NATIVE
if NATIVE in self._topics.values():
    return"""

MUTANTS = (
    Mutant(
        "decide_on_roles_before_the_log_alone",
        planted("tests.reference.storage.room_changes:MemoryRoomChanges._refusal_of", "return None"),
        "Rights to change roles, remove and ban are not checked again at the commit.",
    ),
    Mutant(
        "decide_on_deletions_before_the_log_alone",
        planted(
            "tests.reference.storage.saving:MemorySaving._change",
            "refusal := None",
            instead_of="refusal := deletion_refusal(by)",
        ),
        "The right to delete another person's message is not checked again at the commit.",
    ),
    Mutant(
        "remember_whom_people_blocked",
        planted("chat.domain.rooms.blocks:Blocks.changed", "return"),
        "Blocks are read once and never again.",
    ),
    Mutant(
        "read_another_file",
        planted(
            "chat.domain.messages.uploads:Uploads.reading",
            "self.__dict__.setdefault('first', kept.digest)",
            instead_of="kept.digest",
        ),
        "Every download returns the bytes of the file that was downloaded first.",
    ),
    Mutant(
        "tell_visitors_of_the_lobby",
        planted("tests.reference.storage.timelines:MemoryTimelines._is_of", "return True"),
        "Visitors receive the lobby.",
    ),
    Mutant(
        "tell_beside_what_is_new",
        planted("chat.engine.subscriptions:Subscriptions.buffer", _WHILE_NATIVE),
        "Live changes are not buffered while missed ones are sent.",
    ),
    Mutant(
        "cut_too_early",
        planted(
            "tests.reference.storage.timelines:MemoryTimelines.resume_checks",
            "each.up_to_id - 1",
            instead_of="each.up_to_id",
        ),
        "A resuming client does not get the newest change from before its subscription.",
    ),
    Mutant(
        "go_live_before_the_last_page",
        planted("chat.engine.subscriptions:Subscriptions.forget", _WHILE_NATIVE),
        "A client that reads a room in pages stays subscribed to it.",
    ),
    Mutant(
        "answer_a_key_with_another_message",
        planted(
            "chat.protocols.native.wire.codec:saved",
            "from msgspec import structs\nmessage = structs.replace(message, seq=message.seq + again)",
        ),
        "A resend is answered with the number of another message.",
    ),
    Mutant(
        "forget_keys",
        planted(
            "chat.engine.journal:Journal.submit",
            "from msgspec import structs\n"
            "write = structs.replace(write, key=None) if isinstance(write, Draft) else write",
        ),
        "A message that is sent again with its key is saved again.",
    ),
    Mutant(
        "announce_what_is_repeated",
        planted(
            "tests.simulation.editing:Answering.on_outcome",
            "from chat.domain.messages.outcomes import Repeated\n"
            "from chat.engine.hub import Announcement\n"
            "self._session.send_queue.offer(_frame(self._answer(outcome)))\n"
            "if isinstance(outcome, Repeated):\n"
            "    self._session.context.hub.publish([Announcement(outcome.message)])",
            instead_of="self._session.send_queue.offer(_frame(self._answer(outcome)))",
        ),
        "A message that is sent again with its key is published again.",
    ),
    Mutant(
        "catch_up_with_messages_alone",
        planted(
            "chat.engine.log_follower:LogFollower._announce",
            "from chat.domain.entities import Message\n"
            "is_told = lambda change: isinstance(change, Message) or not self._is_behind\n"
            "announcements = [each for each in announcements if is_told(each.change)] or announcements",
        ),
        "Edits, deletions and reactions that are read from the log are not published.",
    ),
    Mutant(
        "tell_an_edit_as_it_was_asked_for",
        planted(
            "chat.engine.log_follower:LogFollower.announce_own",
            "from chat.domain.messages.changes import Edited\n"
            "from msgspec.structs import replace\n"
            "before = lambda edit: replace(edit, pos=edit.pos - 1) if isinstance(edit, Edited) else edit\n"
            "announcements = [replace(each, change=before(each.change)) for each in announcements]",
        ),
        "Edits are published with the position of the change before.",
    ),
    Mutant(
        "take_what_left_for_delivered",
        planted(
            "chat.engine.receipts:Receipts.sent",
            "if ping:\n    self._note_ping_offered(tracker)\nself.all_confirmed()",
            instead_of="if ping:\n            self._note_ping_offered(tracker)",
        ),
        "A direct message counts as delivered when the operating system has taken its bytes.",
    ),
    Mutant(
        "never_ping_behind_a_message",
        planted("chat.engine.receipts:Receipts.pong", "return"),
        "No delivery is recorded, so all messages are sent again on each new connection.",
    ),
    Mutant(
        "look_before_it_is_noted",
        planted("chat.engine.deliveries:Deliveries.wait_written", AT_ONCE),
        "Confirmations of a closing connection are not awaited, so the next one gets its messages again.",
    ),
    Mutant(
        "answer_whoever_was_acknowledged_last",
        _together(
            planted(
                "chat.protocols.support.desk:SupportDesk.note_published",
                "type(self).planted = {*getattr(type(self), 'planted', ()), self}\nreturn",
            ),
            planted(
                "chat.protocols.answer:Answer.on_outcome",
                "if isinstance(outcome, Message) and (peer := outcome.peer) and peer.id == write.sender_id:\n"
                "    from chat.protocols.support.desk import SupportDesk\n"
                "    for desk in getattr(SupportDesk, 'planted', ()):\n"
                "        desk._last = outcome.id, peer",
            ),
        ),
        "The desk follows acknowledged questions but not those published after an unknown outcome.",
    ),
    Mutant(
        "look_again_after_every_removal",
        _together(
            planted(
                "chat.application.members:remove",
                "now = await services.conversations.role_of(person_id, room_id)\n"
                "services.rooms._reads.all_changed()",
                instead_of="now = await services.conversations.role_of(person_id, room_id)",
            ),
            planted(
                "chat.domain.rooms.rooms:Rooms.up_to_date",
                "while True:",
                instead_of="for _ in range(_LOOKS):",
            ),
        ),
        "Entering a room starts again whenever any membership ends, even a missing one.",
    ),
    Mutant(
        "drop_a_batch",
        planted(
            "chat.engine.broadcaster:Broadcaster.announce",
            "self.batches = getattr(self, 'batches', 0) + 1\nbatch = batch if self.batches % 9 else []",
        ),
        "The broadcaster loses every ninth batch.",
    ),
    Mutant(
        "acknowledge_what_is_not_saved",
        planted(
            "chat.engine.journal:Journal._refuse",
            "from tests.simulation.mutants import as_if_saved\n"
            "outcome = as_if_saved(entry.write, refusal) if refusal is NOT_SAVED else refusal\n"
            "entry.submitter.on_outcome(entry.write, outcome)",
            instead_of="entry.submitter.on_outcome(entry.write, refusal)",
        ),
        "A draft that the database refused is acknowledged as saved.",
    ),
    Mutant(
        "announce_before_commit",
        planted(
            "chat.engine.journal:Journal._commit",
            "from tests.simulation.mutants import as_if_saved\n"
            "drafts = [entry.write for entry in batch if isinstance(entry.write, Draft)]\n"
            "self._broadcaster.announce([Announcement(as_if_saved(draft)) for draft in drafts])",
        ),
        "Messages are published before they are saved.",
    ),
    Mutant(
        "forget_what_is_behind",
        planted(
            "chat.engine.log_follower:LogFollower._catch_up",
            "self._newest_id = self._end = await self._messages.newest_id()\nself._ahead.clear()\nreturn 0",
        ),
        "The log is never read, so commits of unknown outcome are not published.",
    ),
    Mutant(
        "tell_in_reverse",
        planted("chat.engine.hub:Hub.publish", "announcements = [*announcements][::-1]"),
        "A batch is published in reverse order.",
    ),
    Mutant(
        "write_past_the_queue",
        planted("chat.engine.send_queue:SendQueue._put", "if True:", instead_of="if not self.queued:"),
        "A frame is written to the socket before queued ones, perhaps in the middle of another.",
    ),
    Mutant("believe_every_name", believe_every_name, "The sender's name in a line is trusted."),
    Mutant(
        "let_nobody_speak_as_somebody",
        planted(
            "chat.protocols.lines.handlers:LobbyClient.say",
            "if self.session.person is None:\n"
            "    from chat.domain.entities import Person\n"
            "    from msgspec import structs\n"
            "    self.session.person = Person(id=1, name='p1')\n"
            "    command = structs.replace(command, claimed='p1')",
        ),
        "The lobby accepts a line from a client that is not authenticated.",
    ),
    Mutant(
        "leave_the_removed_in",
        planted("chat.engine.memberships:Memberships._expel", "return"),
        "A removed member still receives the room.",
    ),
    Mutant(
        "let_everybody_hear",
        planted("chat.domain.rooms.rooms:Rooms.may_hear", "return await self._rooms.by_id(room_id)"),
        "A room may be entered without being a member.",
    ),
    Mutant(
        "skip_instead_of_cutting",
        planted(
            "chat.engine.session:Session.too_slow",
            "from chat.channels import receive_all_nowait\n"
            "if (pending := self.send_queue._pending) is not None:\n"
            "    self.send_queue.queued -= sum(map(len, receive_all_nowait(pending, 10**6)))\n"
            "return",
        ),
        "A slow client is not disconnected; frames that do not fit are dropped.",
    ),
    Mutant(
        "read_on_after_the_newest",
        planted(
            "chat.protocols.native.sync.snapshots:steps_of_sync",
            "steps.append(RoomEvent(**room_fields(snapshots[room_id]), reset=reason, after=snapshots[room_id].seq))",
            instead_of="steps.append(RoomEvent(**room_fields(snapshots[room_id]), reset=reason, after=check.seq))",
        ),
        "A client whose changes have expired is sent on to the newest message.",
    ),
    Mutant(
        "go_on_from_what_has_expired",
        planted(
            "chat.protocols.native.sync.snapshots:can_go_on",
            "return check.state is not PositionState.OTHER_HISTORY",
        ),
        "A client whose changes have expired is sent none, and no reset.",
    ),
    Mutant(
        "delete_what_was_put_on_hold",
        planted(
            "chat.features.retention.remover:Remover._finish",
            "from chat.domain.messages.changes import Deletion\n"
            "where.pop('actor_id')\n"
            "is_deleted = await self._write(Deletion(seq=room.last, actor_id=None, **where))\n"
            "where['actor_id'] = room.sender_id",
            instead_of="is_deleted = await self._write(Expiry(**where, seq=room.last))",
        ),
        "An expired message is deleted although it was put on hold before the commit.",
    ),
    Mutant(
        "remove_without_a_word",
        planted(
            "chat.features.retention.remover:Remover._finish",
            "if room.is_unannounced and not room.is_unannounced:",
            instead_of="if room.is_unannounced:",
        ),
        "Clients that are connected do not learn which messages were removed.",
    ),
    Mutant(
        "keep_the_dead",
        planted("chat.engine.session:Session.beat", "return"),
        "Silent clients are not pinged.",
    ),
    Mutant(
        "forget_what_is_held",
        planted("chat.engine.subscriptions:Subscriptions._keep", "return"),
        "New messages during the read of a conversation are not sent after it.",
    ),
    Mutant(
        "stay_listening",
        planted("chat.engine.subscriptions:Subscriptions.unsubscribe_all", "return"),
        "A client that has left stays subscribed.",
    ),
    Mutant(
        "take_what_was_published_for_received",
        planted(
            "chat.protocols.irc.client:IrcClient._pong",
            "payload = b'%d' % self.services.hub.newest_id\nself._asked = self.services.hub.newest_id",
        ),
        "A PONG of IRC confirms all that was published meanwhile, and not what came before its PING.",
    ),
    Mutant(
        "send_on_irc_nothing_that_was_missed",
        planted("chat.protocols.irc.entering:_send_missed", AT_ONCE),
        "A client of IRC that comes back is not sent what it missed.",
    ),
    Mutant(
        "trust_from",
        planted(
            "chat.protocols.direct.handlers:DirectClient._take_word",
            "person = await self._shared.direct.person(claimed)\n"
            "if person is not None:\n"
            "    self.session.become(person)\n"
            "    self.client_id = person.id\n"
            "return person is not None",
        ),
        "A direct message has the sender's id that the client claims.",
    ),
    Mutant(
        "stop_without_a_word",
        planted("chat.engine.presence:Presence.close_all", "return"),
        "A stopping server does not close its clients' sockets.",
    ),
    Mutant(
        "tell_a_name_wrong",
        planted(
            "chat.protocols.lines.codec:LineDialect._frame",
            "self.lines = getattr(self, 'lines', 0) + 1\nname = name if self.lines % 10 else 'p0'",
        ),
        "Now and then a line is encoded with another sender's name.",
    ),
    Mutant(
        "fail_in_one_session",
        planted(
            "chat.protocols.lines.codec:LineDialect.decode",
            "self.frames = getattr(self, 'frames', 0) + 1\n1 / (self.frames % 5)",
        ),
        "A bug raises in the middle of a session, now and then.",
    ),
)
