"""Plays one transcript against one server with public client libraries, and reports the differences."""

import fnmatch
import os
import time
from base64 import b64encode
from collections.abc import Sequence
from contextlib import ExitStack
from typing import NamedTuple

import httpx
from websockets.exceptions import InvalidStatus, WebSocketException

from tests.conformance.sockets import LineConnection, Socket, open_socket
from tests.conformance.templates import HOLE, Values, compare, fill, kind_of
from tests.conformance.transcripts import (
    Action,
    Answer,
    Call,
    Closed,
    Connect,
    Dialect,
    Hear,
    Leave,
    Never,
    Send,
    Step,
    Transcript,
    steps_of,
)

PATIENCE = 10.0
"""Seconds for an answer or a frame to come."""

_PATIENCE_WITH_LIMITS = 130.0
"""Seconds to wait in all where the server answers 429 and says when to try again."""

_PASSWORD = "secret word"
"""Of everybody who is registered here."""


class Account(NamedTuple):
    """Somebody whom the server knows already."""

    name: str
    password: str


class Target(NamedTuple):
    """The server to play against, and what is known of it.

    Args:
        url: where its HTTP is, as `http://127.0.0.1:9000`.
        sockets: where its sockets are, if not at `url` and the dialect's own path.
        irc: where it speaks IRC, as `127.0.0.1:6667`.
        people: accounts to use in place of new ones, for a server where nobody can register.
        operators: accounts that may answer support conversations.
        admins: accounts that may administer the server.
        has: what else it has that a transcript may need, as `trust-from`.
        originals_only: ask for nothing that the original documents do not say.
    """

    url: str
    sockets: str | None = None
    irc: str | None = None
    people: Sequence[Account] = ()
    operators: Sequence[Account] = ()
    admins: Sequence[Account] = ()
    has: Sequence[str] = ()
    originals_only: bool = False
    patience: float = PATIENCE


class Differs(Exception):
    """The server did something else than the transcript says; the text shows where and what."""


class CannotPlay(Exception):
    """The transcript needs something that is not there; the text says what."""


def play(transcript: Transcript, target: Target) -> None:
    """Play one transcript. Raises Differs or CannotPlay."""
    if transcript.ours and target.originals_only:
        raise CannotPlay("no original has it")
    if transcript.needs and transcript.needs not in target.has:
        raise CannotPlay(f"it is for a server with {transcript.needs} (--has {transcript.needs})")
    known = (
        ("operator", transcript.operators, target.operators),
        ("admin", transcript.admins, target.admins),
    )
    for kind, needed, accounts in known:
        if len(accounts) < len(needed):
            raise CannotPlay(f"it needs {len(needed)} {kind}s (--{kind} NAME:PASSWORD for each)")
    if target.people and len(target.people) < len(transcript.people):
        raise CannotPlay(f"it needs {len(transcript.people)} people (--person NAME:PASSWORD for each)")
    with _Player(transcript.dialect, target) as player:
        player.make_names(transcript)
        for _, needed, accounts in known:
            for who, account in zip(needed, accounts, strict=False):
                player.log_in(who, account)
        for place, who in enumerate(transcript.people):
            if target.people:
                player.log_in(who, target.people[place])
            else:
                player.register(who)
        for step in transcript.steps:
            if target.originals_only and step.ours:
                continue
            player.play(step)
        player.check_that_nothing_is_left()


class _Player:
    """Plays steps, one after the other. Leaving it closes what is open."""

    def __init__(self, dialect: Dialect, target: Target) -> None:
        self._dialect = dialect
        self._target = target
        self._values: Values = {}
        self._sockets: dict[str, Socket] = {}
        self._answer: httpx.Response | None = None  # to the latest call, until it is looked at
        self._call: tuple[Call, float] | None = None  # that call, and when to stop trying it again
        self._open = ExitStack()

    def __enter__(self) -> "_Player":
        # A connection for each call: what one call does to its connection is no matter to the next.
        limits = httpx.Limits(max_keepalive_connections=0)
        url, patience = self._target.url, self._target.patience
        verify = url.startswith("https")  # else nobody needs the certificates, and they take time to load
        self._http = self._open.enter_context(
            httpx.Client(base_url=url, timeout=patience, limits=limits, verify=verify, trust_env=False)
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    # People.

    def make_names(self, transcript: Transcript) -> None:
        """Make up a name for each hole that asks for one."""
        unique = os.urandom(4).hex()
        for step in transcript.steps:
            for hole in HOLE.findall(step.source):
                if "." not in hole and (kind_of(hole) == "any") and hole != "any":
                    self._values[hole.lower()] = name = f"{hole.lower()}_{unique}"
                    self._values[hole.upper()] = name.upper()
        for who in transcript.people:
            self._values[who] = f"{who}_{unique}"
            self._values[who.upper()] = self._values[who].upper()

    def register(self, who: str) -> None:
        """Register somebody as the dialect does."""
        self._introduce(who, Account(self._values[who], _PASSWORD), self._dialect.register)

    def log_in(self, who: str, account: Account) -> None:
        """Log somebody in as the dialect does."""
        self._introduce(who, account, self._dialect.log_in)

    def _introduce(self, who: str, account: Account, script: str) -> None:
        self._values |= {
            who: account.name,
            who.upper(): account.name.upper(),
            f"{who}.password": account.password,
            f"{who}.plain": b64encode(f"\0{account.name}\0{account.password}".encode()).decode(),
        }
        for step in steps_of(script.replace("{person", "{" + who)):
            self.play(step)

    # Steps.

    def play(self, step: Step) -> None:
        """Play one step. Raises Differs."""
        action = step.original or step.action if self._target.originals_only else step.action
        try:
            if self._answer is not None and not isinstance(action, Answer):
                differences = [
                    f"nobody looked at this answer: {self._answer.status_code} {self._answer.text[:200]}"
                ]
            else:
                differences = self._act(action)
        except KeyError as unknown:
            differences = [f"nothing is known of {unknown}"]
        except (httpx.HTTPError, OSError, WebSocketException) as error:
            differences = [f"{type(error).__name__}: {error}"]
        if differences:
            raise Differs(
                "\n".join([f"line {step.line}: {step.source}", *(f"    {line}" for line in differences)])
            )

    def _act(self, action: Action) -> list[str]:
        match action:
            case Call():
                deadline = time.monotonic() + _PATIENCE_WITH_LIMITS
                self._call, self._answer = (action, deadline), self._request(action)
            case Answer():
                return self._look_at_answer(action)
            case Connect():
                return self._connect(action)
            case Send(who, text, binary):
                return self._sockets[who].send(fill(text, self._values), binary=binary)
            case Hear(who, text, True, skips):
                return self._sockets[who].expect(text, skips=skips)
            case Hear(who, text):
                return self._sockets[who].expect_unordered(text)
            case Closed(who, code):
                return self._sockets[who].expect_close(code)
            case Never(who, text):
                return self._sockets[who].expect_never(text)
            case Leave(who):
                self._sockets.pop(who).close()
        return []

    def _request(self, call: Call) -> httpx.Response:
        headers = {name: fill(value, self._values) for name, value in call.headers.items()}
        if call.caller:
            headers.setdefault("Authorization", self._dialect.scheme + self._values[f"{call.caller}.token"])
        if call.body is not None:
            headers.setdefault("Content-Type", "application/json")
        body = None if call.body is None else fill(call.body, self._values).encode()
        return self._http.request(call.method, fill(call.target, self._values), content=body, headers=headers)

    def _look_at_answer(self, expected: Answer) -> list[str]:
        while self._must_try_again(expected):
            assert self._answer is not None
            time.sleep(float(self._answer.headers.get("Retry-After", 1)))
            assert self._call is not None
            self._answer = self._request(self._call[0])
        came = self._answer
        if came is None:
            return ["there is no answer to look at"]
        self._answer = self._call = None
        differences = []
        if not fnmatch.fnmatch(str(came.status_code), expected.status.replace("x", "?")):
            differences.append(
                f"expected status {expected.status}, came {came.status_code} {came.text[:200]}"
            )
            return differences
        for name, value in expected.headers.items():
            if name not in came.headers:
                differences.append(f"{name}: is missing")
            else:
                differences += [f"{name}: {line}" for line in self._compare(value, came.headers[name])]
        return differences + self._compare(expected.body, came.text)

    def _must_try_again(self, expected: Answer) -> bool:
        """Whether the server has had enough of wrong passwords for the moment, and this is not about that."""
        came, call = self._answer, self._call
        if came is None or call is None or came.status_code != 429 or expected.status in ("429", "4xx"):
            return False
        return time.monotonic() < call[1]

    def _connect(self, action: Connect) -> list[str]:
        path, question, query = fill(action.target, self._values).partition("?")
        url = self._target.url.replace("http", "ws", 1) + (path or self._dialect.path)
        if self._target.sockets and not path:
            url = self._target.sockets
        headers = {name: fill(value, self._values) for name, value in action.headers.items()}
        patience, lenient = self._target.patience, self._target.originals_only
        if self._dialect.has_lines and not path:
            assert self._target.irc is not None
            lines = self._open.enter_context(LineConnection(self._target.irc, patience))
            self._sockets[action.who] = Socket(lines, self._compare, patience=patience, lenient=lenient)
            return []
        try:
            connection = self._open.enter_context(open_socket(url + question + query, headers, patience))
        except InvalidStatus as refused:
            response = refused.response
            self._answer = httpx.Response(response.status_code, content=bytes(response.body or b""))
        else:
            self._sockets[action.who] = Socket(connection, self._compare, patience=patience, lenient=lenient)
        return []

    def check_that_nothing_is_left(self) -> None:
        """Look for frames that nobody expected. Raises Differs."""
        if self._target.originals_only:
            return
        left = [f"    {who} < {frame}" for who, socket in self._sockets.items() for frame in socket.left()]
        if left:
            raise Differs("\n".join(["after the last line nothing was expected, but this came:", *left]))

    def _compare(self, expected: str, came: str) -> list[str]:
        """Compare, and keep what the holes stand for if nothing differs."""
        lenient = self._target.originals_only or self._dialect.is_extensible
        differences, found = compare(expected, came, self._values, lenient=lenient)
        if not differences:
            self._values |= found
        return differences
