"""Deliberate defects, each of which the sweep of its scenario must find: `pytest tests/cancellation -k NAME`.

A sweep that finds no planted defect proves nothing. Each takes away one thing that the design needs. They name
functions, and what is called there, so that a local variable may be renamed; a function that moves takes its defect
along here.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from trio_cancel_sweep import (
    Mutant,
    call_instead,
    checkpoint_before,
    drop,
    go_on_after,
    never,
    only_on_success,
    planted,
    replace,
    without_deadline,
    without_shield,
)

from chat.domain.entities import Draft, Message
from chat.domain.messages.changes import Write
from chat.engine.journal import Entry, Journal


def acknowledge_before_commit() -> AbstractContextManager[Any]:
    """Tell every submitter of a batch that it is saved, and save it then."""
    commit = Journal._commit

    async def mutated(self: Journal, batch: Sequence[Entry]) -> bool:
        for entry in batch:
            entry.submitter.on_outcome(entry.write, as_if_saved(entry.write))
        return await commit(self, batch)

    return patch.object(Journal, "_commit", mutated)


def as_if_saved(write: Write) -> Message:
    assert isinstance(write, Draft)
    return Message(1, write.room_id, 1, write.sender_id, write.sender_name, write.text, 0.0)


MUTANTS: dict[str, tuple[Mutant, ...]] = {
    "talker": (
        Mutant(
            "acknowledged_before_commit",
            acknowledge_before_commit,
            "a client gets an acknowledgement, and then the database fails: the message is lost",
        ),
        Mutant(
            "hub_entry_not_removed",
            planted("chat.engine.session:Session.serve", drop("unsubscribe_all")),
            "the hub publishes to a cancelled client for ever",
        ),
        Mutant(
            "presence_entry_not_removed",
            planted("chat.engine.presence:Presence.present", only_on_success("_sessions.remove")),
            "a cancelled client counts as connected for ever",
        ),
        Mutant(
            "history_query_counted_for_ever",
            planted("chat.protocols.lines.handlers:LobbyClient._recall", only_on_success("set")),
            "a cancelled history query takes one of the client's sixteen for ever",
        ),
        Mutant(
            "looker_up_not_woken",
            planted("chat.engine.batch_loader:_look_up", go_on_after("StorageError")),
            "when a read fails, its waiters wait for ever",
        ),
        Mutant(
            "unknown_outcome_forgotten",
            planted("chat.engine.journal:Journal._commit", drop("_follower.mark_outcome_unknown")),
            "a message of unknown outcome is in the history but is never published",
        ),
    ),
    "history_unread": (
        Mutant(
            "history_query_left_behind",
            planted(
                "chat.protocols.lines.handlers:LobbyClient.recall",
                call_instead("start_soon", "__import__('trio').lowlevel.spawn_system_task"),
            ),
            "a task outside the client's nursery outlives the client",
        ),
    ),
    "deaf_goodbye": (
        Mutant(
            "goodbye_without_deadline",
            planted("chat.engine.session:Session._say_goodbye", without_deadline()),
            "a client that does not answer the close frame holds its session for ever",
        ),
    ),
    "server_goes": (
        Mutant(
            "stop_waits_for_nobody",
            planted("chat.engine.session:Session.serve", never("GOING_AWAY")),
            "a client is disconnected before its accepted messages are acknowledged",
        ),
    ),
    "sender_waits": (
        Mutant(
            "journal_slot_lost",
            planted("chat.engine.journal:Journal.submit", drop("pending_writes.drop")),
            "a sender cancelled in the queue counts as pending for ever, and a stop waits for it",
        ),
    ),
    "whole_chat": (
        Mutant(
            "checkpoint_between_commit_and_announce",
            planted("chat.engine.journal:Journal._commit", checkpoint_before("_follower.announce_own")),
            "a message is saved, but neither acknowledged nor published",
        ),
    ),
    "joining": (
        Mutant(
            "membership_not_looked_at",
            planted("tests.reference.storage.saving:MemorySaving._save", never("_refuses_joining")),
            "a cancelled join is still in the journal when the next one begins: two are published",
        ),
    ),
    "removal": (
        Mutant(
            "removal_that_nobody_feels",
            planted("chat.engine.memberships:Memberships.apply_end", drop("_expel")),
            "a removed member still receives the room",
        ),
    ),
    "send_queue": (
        Mutant(
            "half_a_frame_then_go_on",
            planted(
                "chat.engine.send_queue:SendQueue._write",
                replace("_open", "self._feed = self._pending = None; self.queued = 0"),
            ),
            "half a frame is followed by another frame, so the client can't parse anything after it",
        ),
    ),
    "accounts": (
        Mutant(
            "try_not_given_back",
            planted("chat.domain.accounts.logins:Logins._prove", drop("_throttle.was_right")),
            "correct log-ins are throttled after a few times",
        ),
    ),
    "socket_in_bursts": (
        Mutant(
            "library_not_woken",
            planted("chat.gateway.websocket.inbound:InboundFastPath._take", drop("_tell")),
            "a ping is not answered, and no later frame is read",
        ),
        Mutant(
            "reader_not_woken",
            planted("chat.gateway.websocket.inbound:InboundFastPath.receive_for_library", drop("_tell")),
            "after a ping nothing more is received from the client",
        ),
        Mutant(
            "goodbye_not_heard",
            planted("chat.engine.session:Session.serve", drop("receive_no_more")),
            "the client's answer to the close frame is not read, so closing waits in vain",
        ),
    ),
    "writing": (
        Mutant(
            "unshielded_commit",
            planted("chat.storage.postgres.writer:Writer.run", without_shield()),
            "cancelling the journal leaves a saved batch that is not published",
        ),
        Mutant(
            "unshielded_write",
            planted("chat.storage.postgres.database:Database._write", without_shield()),
            "a cancelled registration is committed although its client has hung up",
        ),
        Mutant(
            "pool_connection_not_given_back",
            planted("chat.storage.postgres.database:Database._on_its_own", drop("_pool.release")),
            "after a few writes the pool has no free connection",
        ),
    ),
    "stubborn_process": (
        Mutant(
            "shield_without_deadline",
            planted("chat.embedded_postgres.process:Process.stop", without_deadline()),
            "a PostgreSQL that does not stop holds the server for ever",
        ),
    ),
    "hanging_worker": (
        Mutant(
            "workers_end_unshielded",
            planted("chat.workers.process:WorkerProcess._end", without_shield()),
            "a parent that is cancelled leaves its workers running",
        ),
        Mutant(
            "workers_not_killed",
            planted("chat.workers.process:WorkerProcess._end", drop("process.kill")),
            "a worker that ignores signals outlives its parent",
        ),
    ),
}
