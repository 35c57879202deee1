"""One fault under load: its effect on senders, and the time until the service recovered."""

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.faults.load import ACKNOWLEDGED, CUT, REFUSED, Load
from tests.support.faults.machine import everything_of
from tests.support.processes import kill, wait_until_ended
from tests.support.saved import execute_sql, saved_lines
from tests.support.server import ServerProcess, running_server

WARM = 50
"""Messages that are acknowledged before anything goes wrong."""

_TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'chat%'"


class Trial(NamedTuple):
    """Seconds until the first message after the fault was acknowledged, and the longest wait for a refusal."""

    back: float
    refusal: float
    acknowledged: int
    refused: int
    cut: int

    @property
    def disturbed(self) -> int:
        """How many attempts were refused or cut. Which of the two depends on who is in the batch that fails."""
        return self.refused + self.cut


@contextmanager
def load_on(server: ServerProcess, tokens: Mapping[str, str]) -> Generator[Load]:
    """Load for as long as the block lasts; then nothing acknowledged is lost, and nothing doubled."""
    with Load(server.url, tokens) as load:
        load.wait_for(WARM)
        yield load
    assert server.process.poll() is None, server.log.read_text()
    assert "Traceback" not in server.log.read_text()
    load.check(saved_lines(server.address))


def result(load: Load, back: float) -> Trial:
    outcomes = load.outcomes()
    return Trial(
        back,
        max(load.longest(REFUSED), load.longest(CUT)),
        outcomes[ACKNOWLEDGED],
        outcomes[REFUSED],
        outcomes[CUT],
    )


def outlives(
    server: ServerProcess,
    tokens: Mapping[str, str],
    fault: AbstractContextManager[object],
    *,
    lasts: float = 0.0,
    then: Callable[[], None] = lambda: None,
) -> Trial:
    """Let `fault` last for some seconds under load, and do `then` in it; nothing is acknowledged meanwhile."""
    with load_on(server, tokens) as load:
        with fault:
            then()
            begun = time.monotonic()
            time.sleep(lasts)
            ended = time.monotonic()
        back = load.back_after(ended)
    if lasts:
        meanwhile = [a for a in load.attempts if a.began > begun and a.ended < ended]
        assert not [a for a in meanwhile if a.outcome is ACKNOWLEDGED], "acknowledged without a database"
    return result(load, back)


def killed(data: Path, tokens: dict[str, str], victims: Callable[[ServerProcess], list[int]]) -> Trial:
    """Kill processes of a server under load, its own among them, and start it again at once.

    The seconds count from the start of the new process.
    """
    with running_server(data) as first, ExitStack() as stack:
        everything = everything_of(first)
        load = stack.enter_context(Load(first.url, tokens))
        load.wait_for(WARM)
        kill(victims(first))
        first.process.wait(10)
        started = time.monotonic()
        with running_server(data) as second:
            load.url = second.url
            back = load.back_after(started)
            stack.close()  # the load ends before the database is looked at
            load.check(saved_lines(second.address))
            assert "Traceback" not in second.log.read_text()
        wait_until_ended(everything)
    return result(load, back)


def terminate_connections(server: ServerProcess) -> None:
    """Let the database end every connection of the server."""
    execute_sql(server.address, _TERMINATE)
