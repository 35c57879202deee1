"""Deliberate defects, each of which the sweep of its scenario must find: `pytest tests/cancellation -k NAME`.

A sweep that finds no planted defect proves nothing. Each takes away one line that the design needs.
"""

from tests.cancellation.mutating import Mutant

MUTANTS: dict[str, tuple[Mutant, ...]] = {
    "talker": (
        Mutant(
            "acknowledged_before_commit",
            "chat.engine.journal",
            "            saved = await self._messages.save(writes)\n",
            "            from chat.domain.entities import Message\n"
            "            for entry in batch:\n"
            "                draft = entry.write\n"
            "                entry.submitter.on_outcome(draft, Message(\n"
            "                    1, draft.room_id, 1, draft.sender_id, draft.sender_name, draft.text, 0.0))\n"
            "            saved = await self._messages.save(writes)\n",
            "a client hears that its message is saved, and then the database goes away",
        ),
        Mutant(
            "hub_entry_not_removed",
            "chat.engine.session",
            "        finally:\n            self.subscriptions.unsubscribe_all()\n",
            "        finally:\n            pass\n",
            "the hub keeps telling a client that was cancelled, for ever",
        ),
        Mutant(
            "presence_entry_not_removed",
            "chat.engine.presence",
            "        try:\n            yield\n        finally:\n            self._sessions.remove(session)\n",
            "        yield\n        self._sessions.remove(session)\n",
            "a cancelled client counts as connected for ever",
        ),
        Mutant(
            "history_query_counted_for_ever",
            "chat.protocols.lines.handlers",
            "        finally:\n            done.set()\n",
            "        else:\n            done.set()\n",
            "a cancelled history query takes one of the client's sixteen for ever",
        ),
        Mutant(
            "looker_up_not_woken",
            "chat.engine.batch_loader",
            "                asked.failure = str(error)\n",
            "                asked.failure = str(error)\n            continue\n",
            "when a look-up fails, those who wait for it wait for ever",
        ),
        Mutant(
            "unknown_outcome_forgotten",
            "chat.engine.journal",
            "            self._follower.doubt()\n",
            "",
            "a message whose commit was not heard of is in the history, and nobody was ever told it",
        ),
    ),
    "history_unread": (
        Mutant(
            "history_query_left_behind",
            "chat.protocols.lines.handlers",
            "        nursery.start_soon(self._recall, person, command.count, before, self.last_recall)\n",
            "        trio.lowlevel.spawn_system_task(\n"
            "            self._recall, person, command.count, before, self.last_recall)\n",
            "a task outside of the client's nursery outlives the client",
        ),
    ),
    "deaf_goodbye": (
        Mutant(
            "goodbye_without_deadline",
            "chat.engine.session",
            "        with trio.move_on_after(CLOSE_ANSWER):\n",
            "        with trio.CancelScope():\n",
            "a client that does not answer the close frame holds its session for ever",
        ),
    ),
    "server_goes": (
        Mutant(
            "stop_waits_for_nobody",
            "chat.engine.session",
            "            if self._closing is GOING_AWAY:\n",
            "            if False:\n",
            "a client is gone before it hears what the server had accepted",
        ),
    ),
    "sender_waits": (
        Mutant(
            "journal_slot_lost",
            "chat.engine.journal",
            "            await self._feed.send(entry)\n        self._taken += 1\n",
            "            self._taken += 1\n            await self._feed.send(entry)\n            return\n"
            "        self._taken += 1\n",
            "a sender cancelled in the queue is counted for ever, and a stop waits for it",
        ),
    ),
    "whole_chat": (
        Mutant(
            "checkpoint_between_commit_and_announce",
            "chat.engine.journal",
            "        self._meters.committed(len(batch), trio.current_time() - started)\n",
            "        await trio.lowlevel.checkpoint()\n"
            "        self._meters.committed(len(batch), trio.current_time() - started)\n",
            "a message is saved, and neither acknowledged nor told",
        ),
    ),
    "joining": (
        Mutant(
            "lock_kept",
            "chat.engine.memberships",
            "            if not joining.taken:\n                joining.end()\n",
            "            pass\n",
            "a cancelled joining locks its person out of the room for ever",
        ),
        Mutant(
            "lock_let_go_too_early",
            "chat.engine.memberships",
            "            if not joining.taken:\n                joining.end()\n",
            "            if not joining.ended.is_set():\n                joining.end()\n",
            "a cancelled joining is still at the journal when the next one begins: two are told",
        ),
    ),
    "removal": (
        Mutant(
            "checkpoint_between_removal_and_leaving",
            "chat.engine.memberships",
            "        if refusal is None:\n            self._expel(room_id, person_id)\n",
            "        await trio.lowlevel.checkpoint()\n"
            "        if refusal is None:\n            self._expel(room_id, person_id)\n",
            "who was removed goes on hearing the room",
        ),
    ),
    "send_queue": (
        Mutant(
            "half_a_frame_then_go_on",
            "chat.engine.send_queue",
            "            self._open = False  # the transport is broken, or a frame is half written\n",
            "            self._feed = self._pending = None\n            self.queued = 0\n",
            "half a frame is followed by another: from there on the client reads nonsense",
        ),
    ),
    "accounts": (
        Mutant(
            "try_not_given_back",
            "chat.domain.accounts",
            "        self._throttle.was_right(who, address)\n",
            "",
            "who logs in properly is locked out after a few times",
        ),
    ),
    "direct": (
        Mutant(
            "noted_before_it_was_told",
            "chat.protocols.direct.handlers",
            '            await session.send_queue.send(b"".join(frames))\n'
            "            told = list(zip(missed, map(len, frames), strict=True))\n"
            "            direct.notes.heard(Inbox(person_id), session.send_queue, told)\n",
            "            told = list(zip(missed, map(len, frames), strict=True))\n"
            "            direct.notes.heard(Inbox(person_id), session.send_queue, told)\n"
            '            await session.send_queue.send(b"".join(frames))\n',
            "what somebody missed counts as delivered, and is dropped with their connection",
        ),
    ),
    "socket_in_bursts": (
        Mutant(
            "library_not_woken",
            "chat.gateway.websocket.inbound",
            "                self._fed += data[at:end]\n                self._tell()\n",
            "                self._fed += data[at:end]\n",
            "a ping is not answered, and nothing is read behind it",
        ),
        Mutant(
            "reader_not_woken",
            "chat.gateway.websocket.inbound",
            "self._fed[max_bytes or len(self._fed) :]\n        self._tell()\n",
            "self._fed[max_bytes or len(self._fed) :]\n",
            "after a ping the client is never heard again",
        ),
        Mutant(
            "goodbye_not_heard",
            "chat.engine.session",
            "                self.receiver.receive_no_more()\n",
            "                pass\n",
            "nobody reads the client's answer to the goodbye: the connection waits for nothing",
        ),
    ),
    "writing": (
        Mutant(
            "unshielded_commit",
            "chat.storage.postgres.writer",
            "            in_time.shield = True\n",
            "",
            "a cancelled journal leaves a batch that is saved, and nobody is told of it",
        ),
        Mutant(
            "unshielded_write",
            "chat.storage.postgres.database",
            "        with trio.move_on_after(self._query_timeout + _GRACE, shield=True):\n",
            "        with trio.move_on_after(self._query_timeout + _GRACE):\n",
            "a registration whose client hangs up is made, though it was cancelled",
        ),
        Mutant(
            "pool_connection_not_given_back",
            "chat.storage.postgres.database",
            "            await self._pool.release(connection, timeout=_GRACE)\n",
            "            pass\n",
            "after a few writes nobody gets a connection any more",
        ),
    ),
    "stubborn_process": (
        Mutant(
            "shield_without_deadline",
            "chat.embedded_postgres.process",
            "            with trio.move_on_after(patience, shield=True):\n",
            "            with trio.CancelScope(shield=True):\n",
            "a PostgreSQL that does not stop holds the server for ever",
        ),
    ),
}
