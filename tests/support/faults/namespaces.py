"""Network namespaces with links that can be unplugged or lose what one end sends.

What a cable loses is lost as a network loses it: nobody is told, TCP tries again with growing pauses, and gives up.
"""

import os
import subprocess
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager

import pytest


class Wire:
    """A cable between two namespaces, or between one and this one: `near_host` and `far_host` are its ends."""

    def __init__(self, near: str | None, far: str, number: int) -> None:
        self._ends = (near, f"chn{os.getpid()}.{number}"), (far, f"chf{os.getpid()}.{number}")
        self._route = ""
        self.near_host, self.far_host = (address(4 * number + end) for end in (1, 2))

    def connect(self) -> None:
        (near, near_link), (far, far_link) = self._ends
        _ip(near, "link", "add", near_link, "type", "veth", "peer", "name", far_link, "netns", far)
        for host, (space, link) in zip((self.near_host, self.far_host), self._ends, strict=True):
            _ip(space, "addr", "add", f"{host}/30", "dev", link)
            _ip(space, "link", "set", link, "up")

    def leads_to(self, host: str) -> None:
        """Let this be the way from the near end to another address at the far end."""
        self._route = host
        _ip(self._ends[0][0], "route", "add", host, "via", self.far_host)

    def remove(self) -> None:
        (near, link), _ = self._ends
        _ip(near, "link", "del", link, check=False)

    @contextmanager
    def unplugged(self) -> Generator[None]:
        """Nothing comes through."""
        space, link = self._ends[0]
        _ip(space, "link", "set", link, "down")
        try:
            yield
        finally:
            _ip(space, "link", "set", link, "up")
            if self._route:  # it is gone with the link
                self.leads_to(self._route)

    @contextmanager
    def mute(self) -> Generator[None]:
        """Packets of the near end are lost, those of the far end arrive."""
        with self._dropping(0):
            yield

    @contextmanager
    def deaf(self) -> Generator[None]:
        """Packets of the far end are lost, those of the near end arrive."""
        with self._dropping(1):
            yield

    @contextmanager
    def _dropping(self, end: int) -> Generator[None]:
        space, link = self._ends[end]
        within = ["ip", "netns", "exec", space] if space else []
        _run(*within, "tc", "qdisc", "add", "dev", link, "root", "pfifo", "limit", "0")
        try:
            yield
        finally:
            _run(*within, "tc", "qdisc", "del", "dev", link, "root")


def address(number: int) -> str:
    """An address of the network of this process, whose last byte is `number`."""
    return f"10.{200 + os.getpid() // 250 % 50}.{os.getpid() % 250}.{number}"


class Namespaces:
    """Some network namespaces, by what is in them."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._names: dict[str, str] = {}
        self._wires = 0

    def make(self, what: str) -> tuple[str, ...]:
        """Make one, and return the words that start a program in it."""
        name = self._names[what] = f"chat-{os.getpid()}-{what}"
        _run("ip", "netns", "add", name)
        self._stack.callback(_run, "ip", "netns", "del", name, check=False)
        _ip(name, "link", "set", "lo", "up")
        return "ip", "netns", "exec", name

    def add_address(self, what: str, number: int, over: Iterable[Wire]) -> str:
        """Give one of them an address that is reached from the near ends of these wires; return it."""
        host = address(number)
        _ip(self._names[what], "addr", "add", f"{host}/32", "dev", "lo")
        for wire in over:
            wire.leads_to(host)
        return host

    def wire(self, near: str | None, far: str) -> Wire:
        """Connect two of them, or, without `near`, one with the namespace that the tests run in."""
        self._wires += 1
        wire = Wire(near and self._names[near], self._names[far], self._wires)
        wire.connect()
        self._stack.callback(wire.remove)
        return wire


@contextmanager
def namespaces() -> Generator[Namespaces]:
    """Make namespaces for as long as the block lasts; where that is not allowed the test is skipped."""
    with ExitStack() as stack:
        made = Namespaces(stack)
        try:
            made.make("probe")
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("network namespaces are not allowed here")
        yield made


def _ip(space: str | None, *words: str, check: bool = True) -> None:
    _run("ip", *(("-n", space) if space else ()), *words, check=check)


def _run(*words: str, check: bool = True) -> None:
    subprocess.run(words, check=check, capture_output=True)
