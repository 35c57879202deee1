"""Await lines of `chat/` at which no sweep can cancel, each with the reason."""

from typing import NamedTuple


class Excuse(NamedTuple):
    """The lines of a file that have `text` in them (all of them, where it is empty)."""

    file: str
    text: str
    reason: str


NEVER_WAITS = "it never waits: there is nothing to cancel at"

EXCUSED = (
    Excuse(
        "cli/serve.py", "", "it owns the process and its signals: tests/system stops and kills the real one"
    ),
    Excuse("cli/user.py", "", "a command of its own process; what it opens is swept (embedded accounts)"),
    Excuse(
        "gateway/client_stream.py",
        "await trio.lowlevel.checkpoint()",
        "trio-websocket never asks whether a send might block",
    ),
    Excuse(
        "gateway/head.py",
        "wait_send_all_might_not_block",
        "trio-websocket never asks whether a send might block",
    ),
    Excuse("gateway/connections.py", "await self._http.stop()", NEVER_WAITS),
    Excuse("gateway/http_connection.py", "await self.context.terminated.set()", NEVER_WAITS),
    Excuse("gateway/listener.py", "await connections.stop()", NEVER_WAITS),
    Excuse(
        "gateway/listener.py",
        "await trio.sleep(ACCEPT_PAUSE)",
        "only without a free descriptor: tests/gateway takes them all",
    ),
    Excuse(
        "live/broadcaster.py",
        "await self._at_most_behind(_KEEP_PACE)",
        "the fan-out takes all that waits in one turn, so 16 batches never wait",
    ),
    Excuse(
        "live/journal.py",
        "await self._broadcaster.keep_pace()",
        "the fan-out takes all that waits in one turn, so 16 batches never wait",
    ),
    Excuse(
        "server.py",
        "await trio.lowlevel.checkpoint()",
        "a WebSocket on the metrics' port, which is closed at once",
    ),
    Excuse(
        "storage/postgres/binaries.py",
        "_copy_and_try",
        "only where PostgreSQL's user can't reach the programs",
    ),
    Excuse(
        "storage/postgres/binaries.py", "_on_the_machine()", "only where PostgreSQL came with the machine"
    ),
    Excuse(
        "storage/postgres/binaries.py",
        "_try(copied, home, owner)",
        "only where PostgreSQL's user can't reach the programs",
    ),
    Excuse(
        "storage/postgres/binaries.py",
        "run_sync(_copy, install, copy)",
        "only where PostgreSQL's user can't reach the programs",
    ),
    Excuse(
        "storage/postgres/database.py",
        "return await asyncpg.create_pool(",
        "it never waits: the pool begins empty",
    ),
    Excuse("storage/postgres/leftover.py", "trio.run_process(ps", "only on systems without /proc"),
    Excuse("storage/postgres/process.py", "await trio.sleep(POLL_INTERVAL)", "only on systems without pidfd"),
    Excuse(
        "storage/postgres/supervisor.py",
        "await trio.sleep(pause)",
        "only after PostgreSQL was killed: tests/storage kills it, which takes seconds a time",
    ),
)
