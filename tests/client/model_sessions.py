"""The model server's calls for logging in and refreshing, with answers that a test chooses."""

from collections.abc import Callable

import h11
import msgspec
import trio

from tests.client.model import Json


class ModelSessions:
    """Who has which tokens.

    Attributes:
        tokens: access tokens, and whose they are.
        calls: the paths that were asked for, in order.
        answers: if set, called with each path, it may return the status and body to answer with, or raise.
        lifetime: the announced seconds of an access token.
    """

    def __init__(self, people: dict[int, str]) -> None:
        self.tokens = {f"token of {name}": person for person, name in people.items()}
        self.calls: list[str] = []
        self.answers: Callable[[str], tuple[int, Json] | None] = lambda _path: None
        self.lifetime = 900
        self._people = people
        self._names = {name: person for person, name in people.items()}
        self._refreshing: dict[str, int] = {}
        self._made = 0
        self._files: list[bytes] = []

    def open(self, person: int) -> Json:
        """Begin a session, or go on with one; return it."""
        self._made += 1
        access, refresh = f"access {self._made}", f"refresh {self._made}"
        self.tokens[access] = self._refreshing[refresh] = person
        return {"access": access, "expires_in": self.lifetime, "refresh": refresh, "session": 1, "me": {}}

    def end_all(self) -> None:
        """No token is good any more."""
        self.tokens.clear()
        self._refreshing.clear()

    async def serve(self, stream: trio.abc.Stream, begun: bytes) -> None:
        """Answer one call, of which this much has been read."""
        http = h11.Connection(h11.SERVER)
        http.receive_data(begun)
        path, body = "", b""
        while not isinstance(event := http.next_event(), h11.EndOfMessage):
            match event:
                case h11.Request():
                    path = event.target.decode()
                case h11.Data():
                    body += event.data
                case h11.NEED_DATA:
                    http.receive_data(bytes(await stream.receive_some()))
                case _:
                    return
        data: bytes
        if "/files" in path:
            status, data = self._file(path, body)
        else:
            status, answer = self._answer(path, msgspec.json.decode(body or b"{}"))
            data = msgspec.json.encode(answer)
        head = h11.Response(status_code=status, headers=[("Content-Length", str(len(data)))])
        for part in (http.send(head), http.send(h11.Data(data)), http.send(h11.EndOfMessage())):
            await stream.send_all(part or b"")

    def _file(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Take a file, or give one that was taken."""
        place, _, name = path.partition("?name=")
        if name:
            self._files.append(body)
            file = {"id": len(self._files), "name": name, "type": "text/plain", "size": len(body)}
            return 201, msgspec.json.encode(file)
        return 200, self._files[int(place.rpartition("/")[2]) - 1]

    def _answer(self, path: str, body: Json) -> tuple[int, Json]:
        self.calls.append(path)
        if (answer := self.answers(path)) is not None:
            return answer
        match path, body:
            case "/api/v1/me/blocks?limit=100", _:
                return 200, {"people": [{"id": 2, "name": "ben", "changed": 1}]}
            case "/api/v1/me/blocks/2", _:
                return 200, None
            case "/api/v1/auth/login", {"login": name, "password": "secret"} if name in self._names:
                return 200, self.open(self._names[name])
            case "/api/v1/auth/register", {"name": name} if name in self._names:
                return 409, {"error": "that name is taken", "code": "taken", "field": "name"}
            case "/api/v1/auth/register", {"name": name}:
                self._names[name] = person = len(self._names) + 1
                self._people[person] = name
                return 201, self.open(person)
            case "/api/v1/auth/refresh", {"refresh": refresh} if refresh in self._refreshing:
                return 200, self.open(self._refreshing[refresh])  # twice: that is within half a minute
        if path.startswith("/api/v1/search?"):
            return 200, {"hits": []}
        return 401, {"error": "invalid credentials", "code": "unauthenticated"}


class Begun(trio.abc.Stream):
    """A stream of which something has been read, which is read again."""

    def __init__(self, stream: trio.abc.Stream, begun: bytes) -> None:
        self._stream = stream
        self._begun = begun

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        if self._begun:
            await trio.lowlevel.checkpoint()
            begun, self._begun = self._begun, b""
            return begun
        return await self._stream.receive_some(max_bytes)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._stream.aclose()
