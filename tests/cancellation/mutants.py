"""Deliberate defects, each of which the sweep of its scenario must find: `pytest tests/cancellation -k NAME`.

A sweep that finds no planted defect proves nothing. Each takes away one thing that the design needs.
"""

from trio_cancel_sweep import Mutant, planted

MUTANTS: dict[str, tuple[Mutant, ...]] = {
    "talker": (
        Mutant(
            "acknowledged_before_commit",
            planted(
                "chat.engine.journal:Journal._commit",
                "from tests.simulation.mutants import as_if_saved\n"
                "for entry in batch:\n"
                "    entry.submitter.on_outcome(entry.write, as_if_saved(entry.write))",
            ),
            "a client gets an acknowledgement, and then the database fails: the message is lost",
        ),
        Mutant(
            "hub_entry_not_removed",
            planted(
                "chat.engine.session:Session.serve", "pass", instead_of="self.subscriptions.unsubscribe_all()"
            ),
            "the hub publishes to a cancelled client for ever",
        ),
        Mutant(
            "presence_entry_not_removed",
            planted(
                "chat.engine.presence:Presence.present", "except ():\n    pass\nelse:", instead_of="finally:"
            ),
            "a cancelled client counts as connected for ever",
        ),
        Mutant(
            "history_query_counted_for_ever",
            planted("chat.protocols.lines.handlers:LobbyClient._recall", "else:", instead_of="finally:"),
            "a cancelled history query takes one of the client's sixteen for ever",
        ),
        Mutant(
            "looker_up_not_woken",
            planted(
                "chat.engine.batch_loader:_look_up",
                "except StorageError:\n    continue\nexcept ZeroDivisionError as error:",
                instead_of="except StorageError as error:",
            ),
            "when a read fails, its waiters wait for ever",
        ),
        Mutant(
            "unknown_outcome_forgotten",
            planted(
                "chat.engine.journal:Journal._commit",
                "pass",
                instead_of="self._follower.mark_outcome_unknown()",
            ),
            "a message of unknown outcome is in the history but is never published",
        ),
    ),
    "history_unread": (
        Mutant(
            "history_query_left_behind",
            planted(
                "chat.protocols.lines.handlers:LobbyClient.recall",
                "trio.lowlevel.spawn_system_task(",
                instead_of="nursery.start_soon(",
            ),
            "a task outside the client's nursery outlives the client",
        ),
    ),
    "deaf_goodbye": (
        Mutant(
            "goodbye_without_deadline",
            planted(
                "chat.engine.session:Session._say_goodbye",
                "trio.CancelScope()",
                instead_of="trio.move_on_after(CLOSE_ANSWER)",
            ),
            "a client that does not answer the close frame holds its session for ever",
        ),
    ),
    "server_goes": (
        Mutant(
            "stop_waits_for_nobody",
            planted(
                "chat.engine.session:Session.serve", "if False:", instead_of="if self._closing is GOING_AWAY:"
            ),
            "a client is disconnected before its accepted messages are acknowledged",
        ),
    ),
    "sender_waits": (
        Mutant(
            "journal_slot_lost",
            planted("chat.engine.journal:Journal.submit", "pass", instead_of="self.pending_writes.drop()"),
            "a sender cancelled in the queue counts as pending for ever, and a stop waits for it",
        ),
    ),
    "whole_chat": (
        Mutant(
            "checkpoint_between_commit_and_announce",
            planted(
                "chat.engine.journal:Journal._commit",
                "await trio.lowlevel.checkpoint()\nself._follower.announce_own(",
                instead_of="self._follower.announce_own(",
            ),
            "a message is saved, but neither acknowledged nor published",
        ),
    ),
    "joining": (
        Mutant(
            "membership_not_looked_at",
            planted(
                "tests.reference.storage.saving:MemorySaving._save",
                "False and (",
                instead_of="draft.kind is MessageKind.JOIN and (",
            ),
            "a cancelled join is still in the journal when the next one begins: two are published",
        ),
    ),
    "removal": (
        Mutant(
            "removal_that_nobody_feels",
            planted(
                "chat.engine.memberships:Memberships.apply_end",
                "self._rooms.outdate(",
                instead_of="self._expel(",
            ),
            "a removed member still receives the room",
        ),
    ),
    "send_queue": (
        Mutant(
            "half_a_frame_then_go_on",
            planted(
                "chat.engine.send_queue:SendQueue._write",
                "self._feed = self._pending = None; self.queued = 0",
                instead_of="self._open = False  # the transport is broken, or a frame is half written",
            ),
            "half a frame is followed by another frame, so the client can't parse anything after it",
        ),
    ),
    "accounts": (
        Mutant(
            "try_not_given_back",
            planted(
                "chat.domain.accounts.logins:Logins._prove",
                "pass",
                instead_of="self._throttle.was_right(who, address)",
            ),
            "correct log-ins are throttled after a few times",
        ),
    ),
    "socket_in_bursts": (
        Mutant(
            "library_not_woken",
            planted(
                "chat.gateway.websocket.inbound:InboundFastPath._take", "pass", instead_of="self._tell()"
            ),
            "a ping is not answered, and no later frame is read",
        ),
        Mutant(
            "reader_not_woken",
            planted(
                "chat.gateway.websocket.inbound:InboundFastPath.receive_for_library",
                "pass",
                instead_of="self._tell()",
            ),
            "after a ping nothing more is received from the client",
        ),
        Mutant(
            "goodbye_not_heard",
            planted(
                "chat.engine.session:Session.serve", "pass", instead_of="self.receiver.receive_no_more()"
            ),
            "the client's answer to the close frame is not read, so closing waits in vain",
        ),
    ),
    "writing": (
        Mutant(
            "unshielded_commit",
            planted("chat.storage.postgres.writer:Writer.run", "pass", instead_of="in_time.shield = True"),
            "cancelling the journal leaves a saved batch that is not published",
        ),
        Mutant(
            "unshielded_write",
            planted("chat.storage.postgres.database:Database._write", "", instead_of=", shield=True"),
            "a cancelled registration is committed although its client has hung up",
        ),
        Mutant(
            "pool_connection_not_given_back",
            planted(
                "chat.storage.postgres.database:Database._on_its_own",
                "pass",
                instead_of="await self._pool.release(connection, timeout=_GRACE)",
            ),
            "after a few writes the pool has no free connection",
        ),
    ),
    "stubborn_process": (
        Mutant(
            "shield_without_deadline",
            planted(
                "chat.embedded_postgres.process:Process.stop",
                "trio.CancelScope(",
                instead_of="trio.move_on_after(patience, ",
            ),
            "a PostgreSQL that does not stop holds the server for ever",
        ),
    ),
    "hanging_worker": (
        Mutant(
            "workers_end_unshielded",
            planted(
                "chat.workers.process:WorkerProcess._end",
                "(self._stop_time)",
                instead_of="(self._stop_time, shield=True)",
            ),
            "a parent that is cancelled leaves its workers running",
        ),
        Mutant(
            "workers_not_killed",
            planted(
                "chat.workers.process:WorkerProcess._end",
                "pass  # Without",
                instead_of="process.kill()\n        # Without",
            ),
            "a worker that ignores signals outlives its parent",
        ),
    ),
}
