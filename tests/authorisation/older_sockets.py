"""Sockets of the five older protocols. Each asks one thing at a time, and returns what was done or why not."""

import itertools
import json
from collections.abc import Callable, Sequence
from functools import partial
from select import select
from typing import Any

from tests.authorisation.clients import STATUSES, Json
from tests.authorisation.rules import Answer
from tests.support.frames import CLOSE, PING, PONG, TEXT, client_frame, next_frame
from tests.support.people import PATIENCE
from tests.support.raw_client import RawClient, opening


class NotLetIn(Exception):
    """The handshake was refused."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.answer = STATUSES[status]


class OlderSocket(RawClient):
    """One socket. `token` goes with the handshake, if there is one."""

    def __init__(self, url: str, path: str, token: str | None) -> None:
        super().__init__(url)
        try:
            self.send(opening(path if token is None else f"{path}?token={token}"))
            if (status := self.read_head()) != 101:
                raise NotLetIn(status)
            self.greet()
        except BaseException:
            self.socket.close()
            raise

    def greet(self) -> None:
        """Do what comes before all questions."""

    def ask(self, what: str, fields: Json) -> Answer:
        """Ask, and return the answer.

        Raises:
            EOFError: the server closed the socket in place of an answer.
        """
        raise NotImplementedError

    def put(self, body: object) -> None:
        """Send a frame."""
        self.send(client_frame(TEXT, (body if isinstance(body, str) else json.dumps(body)).encode()))

    def next_text(self) -> str | None:
        """The next text frame that has come, if one has; pings before it are answered."""
        while (taken := next_frame(self._buffer)) is not None:
            frame, end = taken
            self._buffer = self._buffer[end:]
            if frame.opcode == PING:
                self.send(client_frame(PONG, frame.payload))
            elif frame.opcode == TEXT:
                return frame.payload.decode()
            elif frame.opcode == CLOSE:
                raise EOFError("the server has closed")
        return None

    def receive(self) -> None:
        """Read more, if there is more."""
        self._receive()

    def until(self, is_last: Callable[[str], bool]) -> list[str]:
        """Text frames up to the first that is the last, that one too."""
        return first_texts([self], is_last)


def first_texts(sockets: Sequence[OlderSocket], is_last: Callable[[str], bool]) -> list[str]:
    """Text frames of all of these up to the first that is the last, that one too."""
    received = []
    while True:
        for each in sockets:
            while (text := each.next_text()) is not None:
                received.append(text)
                if is_last(text):
                    return received
        ready, _, _ = select([each.socket for each in sockets], [], [], PATIENCE)
        if not ready:
            raise TimeoutError(f"nothing answers; heard so far: {received}")
        for each in sockets:
            if each.socket in ready:
                each.receive()


class LineSocket(OlderSocket):
    """Of Talker or Messenger: it authenticates with a line, if it has a token."""

    ANSWERS = {
        "not authorised: send auth <token> first": Answer.UNAUTHENTICATED,
        "that is not your name": Answer.FORBIDDEN,
    }

    def __init__(self, path: str, key: str, url: str, token: str | None) -> None:
        self._key = key
        self._token = token
        super().__init__(url, path, None)

    def greet(self) -> None:
        if self._token is not None:
            self._line(f"auth {self._token}")
            self.until(lambda text: self._read(text)[0] == "server")

    def ask(self, what: str, fields: Json) -> Answer:
        if what == "history":
            self.drain()
            return self._answer(fields, lambda _line: True)
        answer = self._answer(fields, lambda line: line[1] == fields["message"], "history 1")
        if answer is Answer.UNAUTHENTICATED:  # then the history is refused too
            self.until(lambda text: self._read(text)[0] == "server")
        elif answer is not Answer.DONE:
            self.until(lambda _text: True)
        return answer

    def drain(self) -> list[str]:
        """All frames that came before an answer to what is asked now."""
        self._line("history 0")
        return self.until(lambda text: "history takes a number" in self._read(text)[1])[:-1]

    def history(self, count: int) -> list[str]:
        """The frames of the last messages of the lobby, which has so many."""
        self._line(f"history {count}")
        left = itertools.count(count - 1, -1)
        return self.until(lambda _text: next(left) == 0)

    def _answer(self, fields: Json, is_done: Callable[[list[str]], bool], then: str = "") -> Answer:
        # Who writes hears it not; but the history that they ask for next begins behind it.
        self.put(fields)
        if then:
            self._line(then)
        name, text = self._read(
            self.until(lambda text: self._read(text)[0] == "server" or is_done(self._read(text)))[-1]
        )
        return self.ANSWERS[text] if name == "server" else Answer.DONE

    def _line(self, message: str) -> None:
        self.put({self._key: "", "message": message})

    def _read(self, text: str) -> list[str]:
        line = json.loads(text)
        return [line[self._key], line["message"]]


class DirectSocket(OlderSocket):
    """Of Direct. What it writes comes out at `inbox`, the addressee's own socket, or is refused."""

    ANSWERS = {"that is not your id": Answer.FORBIDDEN, "destination client not found": Answer.NOT_FOUND}

    def __init__(self, url: str, token: str | None) -> None:
        super().__init__(url, "/direct", token)
        self.inbox: DirectSocket | None = None

    def greet(self) -> None:
        greeting = self.until(lambda text: text.startswith("Connected with id "))[0]
        self._id = int(greeting.split()[-1])

    def ask(self, what: str, fields: Json) -> Answer:
        self.put({**fields, "from": fields["from"] or self._id})
        sockets = [self] if self.inbox is None else [self, self.inbox]
        last = json.loads(
            first_texts(sockets, lambda text: '"error"' in text or fields["content"] in text)[-1]
        )
        return self.ANSWERS[last["error"]] if "error" in last else Answer.DONE

    def drain(self) -> list[str]:
        """All frames that came before an answer to what is asked now."""
        self.put("ping")
        return self.until(lambda text: text == "pong")[:-1]


class SupportSocket(OlderSocket):
    """Of Support: it authenticates with a request, if it has a token. Without one, the server closes it."""

    ANSWERS = {2: Answer.NOT_FOUND, 3: Answer.FORBIDDEN}

    def __init__(self, url: str, token: str | None) -> None:
        self._ids = itertools.count(1)
        self._token = token
        self.transcript: list[Json] = []
        """What was in one's conversation when it was opened."""
        super().__init__(url, "/support", None)

    def greet(self) -> None:
        if self._token is not None:
            reply = self._reply({"method": "message.auth", "params": [self._token]})
            self.transcript = reply["result"]["messages"] or []

    def ask(self, what: str, fields: Json) -> Answer:
        error = self._reply(fields)["error"]
        return Answer.DONE if error is None else self.ANSWERS[error["code"]]

    def drain(self) -> list[str]:
        """All frames that came before an answer to what is asked now."""
        asked = f"request {next(self._ids)}"
        self.put({"method": "no.method", "params": [], "id": asked})
        return self.until(lambda text: asked in text)[:-1]

    def history(self, person: int) -> list[Json]:
        """The messages of a person's conversation, as operators receive them."""
        got: list[Json] = self._reply({"method": "message.history", "params": [person]})["result"]["messages"]
        return got

    def _reply(self, request: Json) -> Any:
        asked = f"request {next(self._ids)}"
        self.put({**request, "id": asked})
        return json.loads(self.until(lambda text: json.loads(text)["id"] == asked)[-1])


class RoomsSocket(OlderSocket):
    """Of Rooms: it enters a room, and leaves it at once."""

    ANSWERS = {
        "not room member": Answer.FORBIDDEN,
        "the room is archived": Answer.FORBIDDEN,
        "invalid room id": Answer.NOT_FOUND,
    }

    def __init__(self, url: str, token: str | None) -> None:
        super().__init__(url, "/ws", token)

    def greet(self) -> None:
        self.until(lambda text: text == '{"Type":"enter"}')

    def ask(self, what: str, fields: Json) -> Answer:
        answer = self.enter(fields["RoomID"])
        if answer is not Answer.DONE:
            return answer
        if what == "message":
            answer = self._answer("sent", {"Type": "message", "Text": "words"})
        assert self.enter(0) is Answer.DONE
        return answer

    def enter(self, room: int) -> Answer:
        """Enter a room, if one may; 0 leaves the one before."""
        return self._answer("enter", {"Type": "enter", "RoomID": room})

    def drain(self) -> list[str]:
        """All frames that came before an answer to what is asked now."""
        self.put({"Type": "no operation"})
        return self.until(lambda text: "invalid operation" in text)[:-1]

    def _answer(self, done: str, request: Json) -> Answer:
        self.put(request)
        last = json.loads(self.until(lambda text: json.loads(text)["Type"] in (done, "error"))[-1])
        return Answer.DONE if last["Type"] == done else self.ANSWERS[last["Error"]]


OLDER: dict[str, Callable[[str, str | None], OlderSocket]] = {
    "Talker": partial(LineSocket, "/talker", "name"),
    "Messenger": partial(LineSocket, "/messenger", "username"),
    "Direct": DirectSocket,
    "Support": SupportSocket,
    "Rooms": RoomsSocket,
}
"""How a socket of each is opened, by somebody's token or without one."""
