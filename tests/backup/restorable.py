"""A server whose data are replaced by its backup, at the same address."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.backup.conftest import command, lines
from tests.support.server import ServerProcess, data_path, used_data_path
from tests.web.ports import free_port


class Restorable:
    """A server at one address, whose data are replaced by its backup."""

    def __init__(self, data: Path, target: Path, stack: ExitStack, settings: dict[str, str]) -> None:
        self._data, self.target, self._stack = data, target, stack
        self._settings = {"CHAT_REGISTRATIONS_PER_HOUR": "0", **settings}
        self._listen = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self._listen}"
        self.server = self._started()

    def _started(self) -> ServerProcess:
        server = ServerProcess(self._data, "--listen", self._listen, **self._settings)
        self._stack.callback(server.end)
        return server

    def back_up(self) -> None:
        lines(command("backup", self.target, "--data", self._data))

    def restore(self) -> None:
        """Stop, restore into an empty directory, and start there."""
        self.server.stop()
        self._data = self._stack.enter_context(data_path())
        lines(command("restore", self.target, "--data", self._data))
        self.server = self._started()


@contextmanager
def open_restorable(**settings: str) -> Generator[Restorable]:
    """Run such a server for as long as the block lasts; `settings` are variables of its environment."""
    with (
        used_data_path() as data,
        TemporaryDirectory(prefix="chat-backups-") as target,
        ExitStack() as stack,
    ):
        yield Restorable(data, Path(target) / "target", stack, settings)
