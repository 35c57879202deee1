"""A Redis of a test's own, on a Unix socket: killed, stopped and started again as the test likes."""

import shutil
import signal
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trio

_PORT = 6379

PROGRAMS = ("redis-server", "valkey-server")


class RedisServer:
    """One Redis, at the same place each time that it is started: on TCP too, where `host` is given.

    `prefix` are the words that start it elsewhere.
    """

    def __init__(
        self, program: str, directory: Path, prefix: Sequence[str] = (), host: str | None = None
    ) -> None:
        self._command = [*prefix, program]
        self._listen = f"--bind {host} --port {_PORT} --protected-mode no" if host else "--port 0"
        self._directory = directory
        self._socket = directory / "redis.sock"
        self._process: subprocess.Popen[str] | None = None
        self.url = f"redis://{host}:{_PORT}" if host else f"unix://{self._socket}"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        options = (
            f"{self._listen} --unixsocket {self._socket} --save '' --dir {self._directory} --loglevel notice"
        )
        process = self._process = subprocess.Popen(
            [*self._command, *options.replace("''", "").split(), "--appendonly", "no"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        said = []
        while "ready to accept connections" not in (line := process.stdout.readline()):
            said.append(line)
            assert line, f"{self._command[-1]} has ended: {''.join(said)}"

    def kill(self) -> None:
        """End it at once, as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def freeze(self) -> None:
        """Let it hold its connections and do nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def ask(self, *commands: str) -> bytes:
        """Carry out commands and return their answers. Raises BrokenResourceError where the connection is ended."""
        async with await trio.open_unix_socket(str(self._socket)) as stream:
            await stream.send_all("".join(f"{command}\r\n" for command in commands).encode())
            got = b""
            while got.count(b"\r\n") < len(commands):
                if not (more := await stream.receive_some()):
                    raise trio.BrokenResourceError
                got += more
            assert not got.startswith(b"-"), got
            return got


def redis_program() -> str | None:
    """Return where a Redis or a Valkey is installed."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def redis_server(*prefix: str, host: str | None = None) -> Generator[RedisServer]:
    """Run a Redis, as RedisServer says, for as long as the block lasts; skips the test where none is installed."""
    program = redis_program()
    if program is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server (Debian, Ubuntu)")
    with TemporaryDirectory(prefix="chat-") as directory:
        server = RedisServer(program, Path(directory), prefix, host)
        try:
            server.start()
            yield server
        finally:
            server.kill()
