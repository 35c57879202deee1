"""One kind of attacker at full speed, in a process of its own: `python -m tests.campaign.hostile KIND`.

The campaign starts these beside innocents (hostile_crowd.py). It says when it is ready for its job, which it reads as
JSON from stdin, and at the end what it was answered, as JSON.
"""

import itertools
import json
import os
import random
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from tests.campaign.innocents import Account
from tests.fuzzing.mutations import frames
from tests.support.frames import TEXT, client_frame
from tests.support.people import PATIENCE
from tests.support.raw_client import opening


class Job(NamedTuple):
    """Whom to attack, until when (monotonic, s) and as whom; `rooms`, `victim` and `name` are what it is about.

    `irc` is the port of IRC.
    """

    url: str
    irc: int
    until: float
    account: Account
    rooms: list[int]
    victim: int
    name: str


HUGE = "a" + "\u0301" * 15_000 + "\u0316" * 15_000
"""Normalising this took 3 seconds; just short enough for a body and a frame."""

ODD = ("a b \ufdfa茶" * 1000)[:4000]
"""A text that a search took a second to show, for each of some fifty such messages."""

answers: Counter[str] = Counter()


def _socket(job: Job, receive_buffer: int | None = None) -> socket.socket:
    sock = socket.socket()
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(PATIENCE)
    parts = urlsplit(job.url)
    sock.connect((parts.hostname, parts.port))
    return sock


# --- calls ---


def _request(job: Job, method: str, path: str, body: object = None) -> bytes:
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    head += [f"Content-Length: {len(content)}", *(f"{k}: {v}" for k, v in job.account.headers.items())]
    return "\r\n".join([*head, "", ""]).encode() + content


def _call_again_and_again(job: Job, requests: Iterator[bytes]) -> None:
    """Make calls on one kept-alive connection, each once the one before is answered."""
    while time.monotonic() < job.until:
        with suppress(OSError, EOFError), _socket(job) as sock:
            for each in requests:
                sock.sendall(each)
                answers[_answer(sock)] += 1
                if time.monotonic() > job.until:
                    return


def _answer(sock: socket.socket) -> str:
    data = b""
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _received(sock)
    head = data[:end].lower()
    missing = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0] or 0) - (len(data) - end - 4)
    while missing > 0:
        missing -= len(_received(sock))
    return head.split()[1].decode()


def _received(sock: socket.socket) -> bytes:
    data = sock.recv(262_144)
    if not data:
        raise EOFError
    return data


def _at_once(count: int, do: Callable[[], None]) -> None:
    threads = [threading.Thread(target=do) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def huge_names(job: Job) -> None:
    bodies = [
        _request(job, "POST", "/", {"name": HUGE, "password": "secret"}),
        _request(job, "POST", "/api/reg", {"username": HUGE, "password": "secret"}),
        _request(job, "PUT", "/login", {"Email": HUGE, "Password": "secret"}),
    ]
    _at_once(4, lambda: _call_again_and_again(job, itertools.cycle(bodies)))


def long_names(job: Job) -> None:
    def names() -> Iterator[bytes]:
        while True:
            yield _request(job, "POST", "/api/login", {"username": os.urandom(30_000).hex(), "password": "x"})

    _at_once(8, lambda: _call_again_and_again(job, names()))


def removes(job: Job) -> None:
    one = _request(job, "PUT", "/remove", {"RoomID": job.rooms[0], "UID": job.account.id})
    _at_once(8, lambda: _call_again_and_again(job, itertools.repeat(one)))


def registers(job: Job) -> None:
    one = _request(job, "POST", "/api/reg", {"username": job.name, "password": "secret"})
    _at_once(50, lambda: _call_again_and_again(job, itertools.repeat(one)))


def pages(job: Job) -> None:
    def backwards() -> Iterator[bytes]:
        for last in itertools.cycle(range(job.victim, 100, -100)):
            yield _request(job, "GET", f"/messages/{job.rooms[0]}?LastID={last}")

    _at_once(16, lambda: _call_again_and_again(job, backwards()))


def searches(job: Job) -> None:
    """Of all words there may be, in texts that are long and odd, and in a room of many messages."""
    many = [
        " ".join("abcdefghijklmnopqrstuvwxyz012345"),
        "a b صلى الله عليه وسلم 茶 " + " ".join(f"-x{n}" for n in range(25)),
        "said " + " ".join(f"{n}" for n in range(31)),
    ]
    calls = [_request(job, "GET", f"/api/v1/search?limit=50&q={quote(words)}") for words in many]
    _at_once(4, lambda: _call_again_and_again(job, itertools.cycle(calls)))


def deletes(job: Job) -> None:
    requests = [_request(job, "DELETE", f"/room/{room}") for room in job.rooms]
    _at_once(2, lambda: _call_again_and_again(job, itertools.cycle(requests)))


def renames(job: Job) -> None:
    def names() -> Iterator[bytes]:
        for number in itertools.cycle(range(1000)):
            yield _request(job, "PUT", "/change-name", {"NewName": f"{job.name}-{number}"})

    _at_once(4, lambda: _call_again_and_again(job, names()))


def half_heads(job: Job) -> None:
    """A whole request first, so that the connection is kept alive; then a head that goes on and on."""

    def dribble() -> None:
        while time.monotonic() < job.until:
            with suppress(OSError, EOFError), _socket(job) as sock:
                sock.sendall(_request(job, "GET", "/healthz"))
                answers[_answer(sock)] += 1
                sock.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
                while time.monotonic() < job.until:
                    sock.sendall(b"xx")
                    answers["pieces"] += 1
                    time.sleep(0.002)

    _at_once(50, dribble)


# --- frames ---


def _open(job: Job, path: str, receive_buffer: int | None = None) -> socket.socket:
    sock = _socket(job, receive_buffer)
    sock.sendall(opening(path, f"X-Forwarded-For: {job.account.address}"))
    return sock


def _send_for_ever(job: Job, sock: socket.socket, data: bytes, read_each: float = 0.0) -> None:
    """Send it again and again as fast as it is taken, and read, 2 KiB each so many seconds or all that comes."""
    sock.setblocking(False)
    blob = memoryview(data)
    at, next_read = 0, 0.0
    while (now := time.monotonic()) < job.until:
        idle = True
        with suppress(BlockingIOError):
            at += sock.send(blob[at : at + 65_536])
            if at == len(blob):
                at = 0
                answers["sent"] += 1
            idle = False
        if now >= next_read:
            next_read = now + read_each
            with suppress(BlockingIOError):
                read = len(sock.recv(2048 if read_each else 262_144))
                if not read:
                    return
                answers["bytes read"] += read
                idle = False
        if idle:
            time.sleep(0.002)


def _send_from(job: Job, sockets: int, path: str, body: object, read_each: float = 0.0) -> None:
    data = client_frame(TEXT, json.dumps(body, ensure_ascii=False).encode()) * 16

    def send() -> None:
        while time.monotonic() < job.until:
            with suppress(OSError), _open(job, path) as sock:
                _send_for_ever(job, sock, data, read_each)
            answers["connections"] += 1

    _at_once(sockets, send)


def _history(job: Job, sockets: int, read_each: float) -> None:
    path = f"/talker?token={job.account.token}"
    _send_from(job, sockets, path, {"name": job.name, "message": "history 1000"}, read_each)


def slow_history(job: Job) -> None:
    _history(job, 4, 0.1)


def fast_history(job: Job) -> None:
    _history(job, 10, 0.0)


def flood(job: Job) -> None:
    body = {"name": job.name, "message": "x" * 4000}
    _send_from(job, 1, f"/talker?token={job.account.token}", body)


def guest(job: Job) -> None:
    def send() -> None:
        with _open(job, "/direct") as sock:
            greeting = b""
            while b"with id " not in greeting or len(greeting.rpartition(b"with id ")[2]) < 13:
                greeting += _received(sock)
            body = {"from": int(greeting.split()[-1]), "to": job.victim, "content": "x" * 4000}
            _send_for_ever(job, sock, client_frame(TEXT, json.dumps(body).encode()) * 16)

    _at_once(1, send)


def huge_frames(job: Job) -> None:
    body = {"name": HUGE, "message": "auth x"}
    _send_from(job, 1, f"/talker?token={job.account.token}", body)


def mutants(job: Job) -> None:
    """Frames that are nearly right, in each dialect, with a token and without; where it is closed they come back."""
    hello = client_frame(TEXT, json.dumps({"type": "hello", "id": 0, "token": job.account.token}).encode())
    seeds = itertools.count()

    def send() -> None:
        seed = next(seeds)
        path, dialect = MUTATED[seed % len(MUTATED)]
        nearly_right = frames(dialect, seed)
        while time.monotonic() < job.until:
            some = itertools.islice(nearly_right, 200)
            sent = (hello if seed % 2 else b"") + b"".join(client_frame(TEXT, each.encode()) for each in some)
            with (
                suppress(OSError),
                _open(job, f"{path}?token={job.account.token}" if seed % 2 else path) as sock,
            ):
                _send_for_ever(job, sock, sent)
            answers["connections"] += 1

    _at_once(SOCKETS[mutants], send)


MUTATED = (
    ("/api/v1/socket", "native"),
    ("/api/v1/socket", "native"),
    ("/talker", "talker"),
    ("/direct", "direct"),
    ("/ws", "rooms"),
    ("/support", "support"),
    ("/", "native"),
)


def non_readers(job: Job) -> None:
    """They ask for much, listen to all, and read nothing; the server is to let go of them by itself."""
    path = f"/talker?token={job.account.token}"
    asks = client_frame(TEXT, json.dumps({"name": job.name, "message": "history 1000"}).encode())
    while time.monotonic() < job.until:
        sockets = [_open(job, path, 4096) for _ in range(50)]
        for sock in sockets:
            with suppress(OSError):
                sock.sendall(asks)
        time.sleep(max(0.0, min(15.0, job.until - time.monotonic())))
        for sock in sockets:
            sock.close()
        answers["connections"] += len(sockets)


# --- lines ---


def _open_irc(job: Job, receive_buffer: int | None = None, *, logs_in: bool = True) -> socket.socket:
    sock = _socket(job._replace(url=f"irc://127.0.0.1:{job.irc}"), receive_buffer)
    if logs_in:
        sock.sendall(f"PASS {job.account.token}\r\nNICK x\r\nUSER u 0 * :u\r\n".encode())
    return sock


def _lines_from(job: Job, sockets: int, lines: str, read_each: float = 0.0) -> None:
    def send() -> None:
        while time.monotonic() < job.until:
            with suppress(OSError), _open_irc(job) as sock:
                _send_for_ever(job, sock, lines.encode() * 16, read_each)
            answers["connections"] += 1

    _at_once(sockets, send)


def irc_flood(job: Job) -> None:
    _lines_from(job, 2, f"PRIVMSG #lobby :{'x' * 400}\r\nNOTICE nobody :{'x' * 400}\r\n")


def irc_questions(job: Job) -> None:
    """What costs the server most to answer, of clients that read slowly."""
    asked = ("CHATHISTORY LATEST #lobby * 100", "WHO #lobby", "LIST", "NAMES #lobby", f"WHOIS {job.name}")
    _lines_from(job, 8, "".join(f"{each}\r\n" for each in asked), 0.1)


def irc_mutants(job: Job) -> None:
    """Lines that are nearly right, of clients that have logged in and others; where it is closed they come back."""
    seeds = itertools.count()

    def send() -> None:
        seed = next(seeds)
        chance = random.Random(seed)
        while time.monotonic() < job.until:
            lines = b"".join(_nearly(chance.choice(_LINES), chance) for _ in range(200))
            with suppress(OSError), _open_irc(job, logs_in=bool(seed % 2)) as sock:
                _send_for_ever(job, sock, lines)
            answers["connections"] += 1

    _at_once(SOCKETS[irc_mutants], send)


_LINES = (
    b"@label=1;+typing=active TAGMSG #lobby\r\n",
    b"CAP REQ :message-tags batch labeled-response draft/multiline\r\n",
    b"BATCH +1 draft/multiline #lobby\r\n@batch=1 PRIVMSG #lobby :one\r\nBATCH -1\r\n",
    b"CHATHISTORY BETWEEN #lobby msgid=1-1 timestamp=2030-01-01T00:00:00.000Z 50\r\n",
    b"AUTHENTICATE PLAIN\r\nAUTHENTICATE AGFkYQB4\r\n",
    b"MODE #lobby +b ada!*@*\r\n",
    b"PRIVMSG #lobby :hello\r\n",
    b"JOIN #garden,&17\r\nPART #garden\r\n",
    b"NICK x\r\nUSER u 0 * :u\r\nPING :x\r\n",
)


def _nearly(line: bytes, chance: random.Random) -> bytes:
    """Return a line with a few bytes changed, doubled or left out."""
    changed = bytearray(line)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(changed))
        changed[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
    return bytes(changed)


def irc_half_lines(job: Job) -> None:
    """Lines that go on and on, and clients that never register."""

    def dribble() -> None:
        while time.monotonic() < job.until:
            with suppress(OSError), _open_irc(job, logs_in=False) as sock:
                while time.monotonic() < job.until:
                    sock.sendall(b"PRIVMSG ")
                    answers["pieces"] += 1
                    time.sleep(0.002)

    _at_once(SOCKETS[irc_half_lines], dribble)


def irc_non_readers(job: Job) -> None:
    """They ask for much, listen to all, and read nothing."""
    asks = b"CHATHISTORY LATEST #lobby * 100\r\n" * 50
    while time.monotonic() < job.until:
        sockets = []
        for _ in range(SOCKETS[irc_non_readers]):
            with suppress(OSError):
                sockets.append(_open_irc(job, 4096))
                sockets[-1].sendall(asks)
        time.sleep(max(0.0, min(15.0, job.until - time.monotonic())))
        for sock in sockets:
            sock.close()
        answers["connections"] += len(sockets)


SOCKETS = {
    huge_names: 4,
    huge_frames: 1,
    long_names: 8,
    removes: 8,
    registers: 50,
    pages: 16,
    searches: 4,
    deletes: 2,
    renames: 4,
    half_heads: 50,
    slow_history: 4,
    fast_history: 10,
    flood: 1,
    guest: 1,
    non_readers: 50,
    mutants: 14,
    irc_flood: 2,
    irc_questions: 8,
    irc_mutants: 14,
    irc_half_lines: 50,
    irc_non_readers: 15,
}
"""Every kind, and how many sockets it has at one time."""


def _give_way() -> None:
    """Run with what of the cores nobody else wants: it is the server that is measured, not how two cores are shared."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    # Linux may share the cores among sessions first, and this process has one of its own.
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text("19")


def main() -> None:
    _give_way()
    kinds = {kind.__name__: kind for kind in SOCKETS}
    print("ready", flush=True)
    given = json.load(sys.stdin)
    kinds[sys.argv[1]](Job(**given | {"account": Account(*given["account"])}))
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
