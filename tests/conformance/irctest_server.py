"""A server for irctest, the conformance suite of IRC servers: it gives everybody an account who asks for a nick.

    PYTHONPATH=. python -m pytest -q ../irctest --controller tests.conformance.irctest_controller

That is run in a checkout of https://github.com/progval/irctest, with this project's environment and its root as the
path. Its tests connect without an account, which no client of this server can. So a listener before it adds PASS to the
first NICK of a connection.
"""

import sys
from functools import partial

import bcrypt
import trio

from chat.domain.ports import NewPerson
from chat.domain.refusals import Refusal
from chat.protocols.irc.names import name_of
from tests.protocols.irc.site import PASSWORD, Site, open_site

REGISTER = b"X-REGISTER "
"""A line by which the controller makes an account: its name and its password follow."""

_LONGEST = 72
"""Bytes of a password: bcrypt reads no more."""


async def main(port: int) -> None:
    """Serve on loopback until ended."""
    async with open_site(lasts=float("inf")) as site:
        await trio.serve_tcp(partial(_meet, site), port, host="127.0.0.1")


async def _meet(site: Site, client: trio.SocketStream) -> None:
    try:
        async with (
            await trio.open_tcp_stream("127.0.0.1", site.port) as server,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(_relay, server, client, nursery)
            held, is_known = b"", False
            async for data in client:
                *lines, held = (held + data).split(b"\n")
                for line in lines:
                    if line.startswith(REGISTER):
                        name, password = line.removeprefix(REGISTER).split()
                        if len(password) > _LONGEST:
                            await client.send_all(b"TOO LONG\r\n")
                            continue
                        hashed = bcrypt.hashpw(
                            password, bcrypt.gensalt(4)
                        )  # it may be shorter than a new one
                        await site.storage.users.add(NewPerson(name=name.decode(), password_hash=hashed))
                        await client.send_all(b"OK\r\n")
                        continue
                    if line.upper().startswith(b"AUTHENTICATE"):
                        is_known = True
                    if not is_known and line.upper().startswith(b"NICK "):
                        is_known = await _introduce(site, line[5:].strip().removeprefix(b":"), server)
                    await server.send_all(line + b"\n")
            nursery.cancel_scope.cancel()
    except* (trio.BrokenResourceError, trio.ClosedResourceError):
        pass


async def _introduce(site: Site, nick: bytes, server: trio.SocketStream) -> bool:
    """Make an account for a nick, if a person may be called that, and log in as them."""
    name = name_of(nick.decode(errors="replace"))
    if name is None:
        return False
    made = await site.services.accounts.add(name, PASSWORD, None)
    if isinstance(made, Refusal) and made.reason != "name_taken":
        return False
    await server.send_all(f"PASS :{name}:{PASSWORD}\r\n".encode())
    return True


async def _relay(server: trio.SocketStream, client: trio.SocketStream, nursery: trio.Nursery) -> None:
    async for data in server:
        await client.send_all(data)
    nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]))
