"""Shows that the load generator sees what it must: servers that lose, double, swap, alter or misdirect fail a run.

    python -m bench.selftest

A small faulty server (on `websockets`, and one of IRC) makes one mistake at a time, at one message to one listener. And
a process with a CPU quota that does nothing but count gets its share, and no more.
"""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Protocol

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.generator import compile_generator, run_generator
from bench.machine import own_cpu
from bench.plans import plan_for_irc_peer, plan_for_peer
from bench.quota import missing, open_quotas
from bench.scenarios import Scenario

SMALL = Scenario(key="small", title="small", speakers=3, listeners=5)
SMALL_IRC = Scenario(key="small", title="small", dialect="irc", speakers=3, listeners=5)
AT = 100
"""Which delivery the mistake is made at."""

FAULTS = {
    "makes no mistake": "",
    "loses": "one lost or out of order",
    "loses the last": "lost",
    "doubles": "doubled",
    "swaps": "out of order",
    "alters": "not what was said",
    "misnames": "not what was said",
    "echoes": "where it must not be",
    "closes": "closed with",
    "invents": "not what was said",
}
"""Each mistake, and a word of what the generator must say to it."""


_INVENTED = '{"name":"server","message":"hello"}'


class Member(Protocol):
    """A connection."""

    async def send(self, text: str, /) -> None:
        """Send a frame or a line."""

    async def close(self, code: int = 1000) -> None:
        """Close it, and say why."""


class IrcMember:
    """A connection of IRC."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def send(self, text: str, /) -> None:
        self._writer.write(f"{text}\r\n".encode())
        await self._writer.drain()

    async def close(self, code: int = 1000) -> None:
        await self.send(f"ERROR :closed with {code}")
        self._writer.close()


class Faulty:
    """Relays to everyone but the sender, with one mistake."""

    def __init__(self, fault: str) -> None:
        self._fault = fault
        self._members: list[Member] = []
        self._deliveries = 0
        self._late: dict[tuple[Member, Member], str] = {}  # by speaker and listener

    async def irc(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a client of IRC."""
        member, name = IrcMember(writer), ""
        self._members.append(member)
        with suppress(OSError):
            async for line in reader:
                verb, _, rest = line.decode().rstrip().partition(" ")
                match verb:
                    case "NICK":
                        name = rest
                    case "USER":
                        await member.send(f":here 001 {name} :welcome")
                    case "PING":
                        await member.send(f":here PONG here {rest}")
                    case "PRIVMSG":
                        await self._relay(member, f":{name}!u@here PRIVMSG {rest}")
        writer.close()

    async def chat(self, socket: ServerConnection) -> None:
        self._members.append(socket)
        with suppress(ConnectionClosed):
            async for message in socket:
                await self._relay(socket, str(message))

    async def _relay(self, speaker: Member, text: str) -> None:
        for member in self._members:
            if member is not speaker:
                await self._tell(speaker, member, text)
        if self._deliveries > AT and self._fault == "echoes":
            await speaker.send(text)

    async def _tell(self, speaker: Member, listener: Member, text: str) -> None:
        self._deliveries += 1
        for mistaken in self._mistaken((speaker, listener), text):
            await listener.send(mistaken)
        if self._deliveries == AT and self._fault == "closes":
            await listener.close(1011)

    def _mistaken(self, pair: tuple[Member, Member], text: str) -> list[str]:
        """What a listener gets in place of a message."""
        if self._fault == "loses the last" and self._deliveries > AT:
            return []
        if pair in self._late:
            return [text, self._late.pop(pair)]
        if self._deliveries != AT:
            return [text]
        match self._fault:
            case "loses":
                return []
            case "doubles":
                return [text, text]
            case "swaps":
                self._late[pair] = text
                return []
            case "alters":
                return [text.replace("abc", "abd")]
            case "misnames":
                return [text.replace("speaker", "sqeaker")]
            case "invents":
                invented = ":server PRIVMSG #lobby :hello" if text.startswith(":") else _INVENTED
                return [text, invented]
        return [text]


@contextmanager
def faulty_server(fault: str, *, is_irc: bool = False) -> Generator[int]:
    """Run one in a thread for as long as the block lasts; yield its port."""
    loop = asyncio.new_event_loop()
    stopped = asyncio.Event()
    ports: list[int] = []
    ready = threading.Event()

    async def run() -> None:
        faulty = Faulty(fault)
        server = (
            await asyncio.start_server(faulty.irc, "127.0.0.1", 0)
            if is_irc
            else await serve(faulty.chat, "127.0.0.1", 0, compression=None)
        )
        async with server:
            ports.append(next(iter(server.sockets)).getsockname()[1])
            ready.set()
            await stopped.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    ready.wait(10)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(10)
        loop.close()


def main() -> int:
    """Try each mistake; return 1 if one is not seen, or one is seen that was not made."""
    compile_generator()
    unseen = 0
    for is_irc in (False, True):
        for fault, word in FAULTS.items():
            if is_irc and fault == "misnames":
                continue  # each server of IRC names people as it likes
            plan = plan_for_irc_peer(SMALL_IRC) if is_irc else plan_for_peer(SMALL)
            with faulty_server(fault, is_irc=is_irc) as port:
                flags = ["--warmup", "0", "--seconds", "0.5", "--patience", "2", "--inflight", "2"]
                result = run_generator(plan, port, flags, 30.0, lambda event: None)
            said = " / ".join(result["errors"])
            right = result["ok"] if not word else not result["ok"] and word in said
            unseen += not right
            kind = "a server of IRC" if is_irc else "a server"
            print(f"{'ok  ' if right else 'NOT SEEN'}  {kind} that {fault}: {said or 'all was well'}")
    return int(unseen > 0 or not _quota_holds())


def _quota_holds() -> bool:
    """Whether a busy process with a fifth of a core gets that, or quotas can't be had here."""
    if why := missing():
        print(f"skipped   a process in a quota: {why}")
        return True
    with open_quotas(0.2) as give_quota, _busy() as pid:
        give_quota(pid)
        began, before = time.monotonic(), own_cpu(pid)
        time.sleep(2.0)
        share = (own_cpu(pid) - before) / (time.monotonic() - began)
    right = 0.15 < share < 0.25
    print(f"{'ok  ' if right else 'WRONG'}  a process in a quota of 20 % of a core: it used {share:.0%}")
    return right


@contextmanager
def _busy() -> Generator[int]:
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait(10)


if __name__ == "__main__":
    sys.exit(main())
