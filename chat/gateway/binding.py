"""Listening sockets: every address that a host name stands for, on one port."""

import errno
import socket
import sys
from collections.abc import Sequence
from typing import NamedTuple

import trio

from chat.domain.addresses import parse_address
from chat.domain.startup import CannotStart
from chat.settings.listen import Listen

BACKLOG = 4096
"""Connections that may wait to be accepted; the system may lower it."""

RESOLVE_TIMEOUT = 10.0
"""Seconds for a host name to be resolved; an address takes none."""

FREE_PORT_TRIES = 10
"""Attempts: a port that is free on one address of a host may be taken on another."""

UNUSABLE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""Errors of an address that this machine lacks: `localhost` often includes ::1 without IPv6."""

SocketAddress = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]


class Bound(NamedTuple):
    """One configured listener: its sockets, one for each address, and its actual port."""

    listen: Listen
    port: int
    listeners: tuple[trio.SocketListener, ...]

    def url(self, scheme: str) -> str:
        """Return the URL, such as `http://127.0.0.1:9000`."""
        host = f"[{self.listen.host}]" if ":" in self.listen.host else self.listen.host
        return f"{scheme}://{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        addresses = (parse_address(listener.socket.getsockname()[0]) for listener in self.listeners)
        return all(address is not None and address.is_loopback for address in addresses)

    def close(self) -> None:
        """Stop listening at once; repeated calls do nothing."""
        for listener in self.listeners:
            listener.socket.close()


async def bind(listen: Listen) -> Bound:
    """Listen on `listen.host` and `listen.port`; port 0 takes a free port.

    Raises CannotStart, which names host and port. Cancelling: nothing listens.
    """
    try:
        with trio.fail_after(RESOLVE_TIMEOUT):
            found = await trio.socket.getaddrinfo(
                listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
        addresses = list(dict.fromkeys((family, address) for family, _, _, _, address in found))
        return _bind(listen, addresses)
    except (OSError, OverflowError, UnicodeError, trio.TooSlowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the host name cannot be resolved"
        where = Bound(listen, listen.port, ()).url("").removeprefix("://")
        raise CannotStart(f"cannot listen on {where}: {(reason or str(error)).lower()}") from error


def _bind(listen: Listen, addresses: Sequence[SocketAddress]) -> Bound:
    tries = FREE_PORT_TRIES if listen.port == 0 and len(addresses) > 1 else 1
    for last in (n == tries - 1 for n in range(tries)):
        try:
            return _bind_all(listen, addresses)
        except OSError as error:
            if last or error.errno != errno.EADDRINUSE:
                raise
    raise AssertionError("the last try returns or raises")


def _bind_all(listen: Listen, addresses: Sequence[SocketAddress]) -> Bound:
    port, opened, unusable = listen.port, [], None
    try:
        for family, address in addresses:
            try:
                opened.append(_open(family, (address[0], port, *address[2:])))
            except OSError as error:
                if error.errno not in UNUSABLE:
                    raise
                unusable = error
            else:
                port = opened[0].getsockname()[1]
        if not opened:
            raise unusable or OSError(errno.EADDRNOTAVAIL, "the host has no address")
    except OSError:
        for sock in opened:
            sock.close()
        raise
    return Bound(listen, port, tuple(trio.SocketListener(trio.socket.from_stdlib_socket(s)) for s in opened))


def _open(family: socket.AddressFamily, address: tuple[str | int | bytes, ...]) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would let two servers bind the same port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock
