"""A real mail server in a process of its own. It writes each mail as a line of JSON, and fails as recipients say.

`later@…` gets 451, `never@…` 550; the content of mails to `spam@…` is refused (554), and mails to `full@…` not taken
now (452). To `drop@…` the line is cut after the mail was sent; `hang@…` gets no answer then.
"""

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

_START = 60


class MailServerProcess(NamedTuple):
    """A running mail server."""

    port: int
    output: Any

    def next_mail(self) -> dict[str, Any]:
        """Return the next mail that arrived: `to`, `from`, and the `message`. Waits for it."""
        line = json.loads(self.output.readline())
        message = message_from_bytes(line["data"].encode("latin-1"), policy=policy.default)
        assert isinstance(message, EmailMessage)
        return {**line, "message": message}


@contextmanager
def running_mail_server(certificate: Path | None = None, *options: str) -> Generator[MailServerProcess]:
    """Run a mail server; with a certificate (PEM with its key) by STARTTLS, or `--smtps`."""
    arguments = [] if certificate is None else [str(certificate)]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.support.mail_server", *arguments, *options],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert process.stdout is not None
        yield MailServerProcess(int(process.stdout.readline()), process.stdout)
    finally:
        process.kill()
        process.wait(_START)
        if process.stdout is not None:
            process.stdout.close()


def _serve(arguments: list[str]) -> None:
    import asyncio
    import ssl

    from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

    class Handler:
        async def handle_RCPT(self, server: Any, session: Any, envelope: Any, to: str, options: Any) -> str:
            name = to.partition("@")[0]
            if name in ("later", "never"):
                return {"later": "451 try again later", "never": "550 no such mailbox \x1b[31m"}[name]
            envelope.rcpt_tos.append(to)
            return "250 OK"

        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            line = {"to": envelope.rcpt_tos, "from": envelope.mail_from, "tls": session.ssl is not None}
            print(json.dumps({**line, "data": envelope.content.decode("latin-1")}), flush=True)
            match envelope.rcpt_tos[0].partition("@")[0]:
                case "spam":
                    return "554 no"
                case "full":
                    return "452 later"
                case "drop":
                    server.transport.abort()
                case "hang":
                    await asyncio.sleep(3600)
            return "250 taken"

    def log_in(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        is_good = isinstance(given, LoginPassword) and given.password == b"pass word"
        return AuthResult(success=is_good, handled=False)

    async def serve() -> None:
        context = None
        if arguments and not arguments[0].startswith("--"):
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(arguments[0])
        is_smtps = "--smtps" in arguments

        def connection() -> SMTP:
            return SMTP(
                Handler(),
                tls_context=None if is_smtps else context,
                require_starttls=context is not None and not is_smtps,
                authenticator=log_in,
                auth_require_tls=not is_smtps,
                hostname="localhost",
            )

        loop = asyncio.get_running_loop()
        served = await loop.create_server(connection, "127.0.0.1", 0, ssl=context if is_smtps else None)
        print(served.sockets[0].getsockname()[1], flush=True)
        await served.serve_forever()

    asyncio.run(serve())


if __name__ == "__main__":
    _serve(sys.argv[1:])
