"""The controller of this server for irctest; irctest_server.py says how it is run."""

import socket
import sys
from typing import Any

from irctest.basecontrollers import BaseServerController  # type: ignore[import-not-found]
from irctest.runner import NotImplementedByController  # type: ignore[import-not-found]


class TrioChatController(BaseServerController):  # type: ignore[misc]
    """Starts a server with an empty memory for each test."""

    software_name = "trio-chat"
    supported_sasl_mechanisms = {"PLAIN"}
    supports_sts = False

    def run(self, hostname: str, port: int, *, password: str | None, ssl: bool, **_others: Any) -> None:
        """Start it. Raises NotImplementedByController for what it has not."""
        if ssl or password is not None:
            raise NotImplementedByController("a password or a certificate of irctest's own")
        self.hostname, self.port = hostname, port
        self.proc = self.execute([sys.executable, "-m", "tests.conformance.irctest_server", str(port)])

    def wait_for_services(self) -> None:
        """Return at once: accounts are the server's own."""

    def registerUser(self, _case: Any, username: str, password: str | None = None) -> None:
        """Make an account. Raises NotImplementedByController for a password that is too long."""
        self.wait_for_port()
        with socket.create_connection((self.hostname, self.port), timeout=10) as connection:
            connection.sendall(f"X-REGISTER {username} {password}\r\n".encode())
            if connection.makefile("rb").readline() != b"OK\r\n":
                raise NotImplementedByController("passwords of more than 72 bytes")


def get_irctest_controller_class() -> type[TrioChatController]:
    """Return the controller, as irctest asks for it."""
    return TrioChatController
