"""Records the vectors `recorded_*` of `chat/conformance/vectors`: `python -m tests.client.recorder`.

A program (`conformant.py`) speaks to real servers through a proxy that notes what both say, loses or repeats frames,
and cuts connections. Times, the token and the server's name become those of the other vectors.
"""

import json
import os
import secrets
import subprocess
import sys
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream, wrap_server_stream

from chat.conformance.patterns import DIRECTORY, Json
from chat.conformance.playing import AT_ANY_TIME, TOKEN
from tests.support.databases import kept_database
from tests.support.people import register
from tests.support.server import ServerProcess, data_path, running_server, used_data_path

CONFORMANT = Path(__file__).parent / "conformant.py"
PATIENCE = 20.0
LOBBY = 1
_RECORDED = ("room", "gone", "more", "bye")
"""Events that are recorded beside those with a position. When others come, such as `members`, is chance."""
_FIRST_TIME = 1_700_000_000_000
_FAR = 4_000_000_000_000


class Servers(NamedTuple):
    """Two servers of one chat, and the access tokens of Ada, whose program is recorded, and of Ben."""

    one: ServerProcess
    other: ServerProcess
    ada: str
    ben: str


class Recording:
    """A conversation: its steps so far, and what is done to it."""

    def __init__(self, servers: Servers, about: str) -> None:
        self.servers = servers
        self.server = servers.one
        self.about = about
        self.steps: list[Json] = []
        self.faults: deque[str] = deque()
        """What happens to the next messages of the server: `lost`, `twice`; and to the next reply to a send: `cut`."""
        self._printed, self._prints = trio.open_memory_channel[Json](100)
        self._program: trio.Process | None = None
        self._connection: trio.CancelScope | None = None
        self._keys = 0
        self.first_seq = -1
        """The room's last `seq` when the program came."""
        self.settled = trio.Event()
        """Set, and replaced, when the program prints that a message of its own is committed."""

    # What scenarios do

    async def printed(self, count: int = 1) -> None:
        """Wait until the program has printed so many lines more."""
        with trio.fail_after(PATIENCE):
            for _ in range(count):
                await self._prints.receive()

    async def command(self, **command: Any) -> None:
        """Give the program a command."""
        assert self._program is not None
        assert self._program.stdin is not None
        self.steps.append({"command": command})
        await self._program.stdin.send_all(json.dumps(command).encode() + b"\n")

    async def ben(self, method: str, path: str = "", **body: Any) -> Json:
        """Ben writes, edits or deletes in the lobby."""
        url = f"{self.server.url}/api/v1/rooms/{LOBBY}/messages{path}"
        if method == "POST":
            self._keys += 1
            body["key"] = f"{secrets.token_hex(4)}-{self._keys}"
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            head = {"Authorization": f"Bearer {self.servers.ben}"}
            answer = await client.request(method, url, headers=head, json=body or None)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    def drop(self) -> None:
        """Cut the program's connection."""
        assert self._connection is not None
        self.steps.append({"drops": True})
        self._connection.cancel()

    # The proxy

    async def serve(self, stream: trio.SocketStream) -> None:
        """Pass on one connection of the program, and note what is said."""
        port = int(self.server.url.rpartition(":")[2])
        far_stream = await trio.open_tcp_stream("127.0.0.1", port)
        try:
            async with trio.open_nursery() as nursery:
                self._connection = nursery.cancel_scope
                request = await wrap_server_stream(nursery, stream)
                near = await request.accept()
                self.steps.append({"connects": True})
                far = await wrap_client_stream(nursery, far_stream, f"127.0.0.1:{port}", request.path)
                passing = _Passing(self, near, far)
                nursery.start_soon(passing.there)
                await passing.back()
                nursery.cancel_scope.cancel()
        except* (ConnectionClosed, trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the program, or its server, has ended it
        finally:
            stream.socket.close()
            far_stream.socket.close()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Run the program for as long as the block lasts."""
        async with trio.open_nursery() as nursery:
            (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
            nursery.start_soon(trio.serve_listeners, self.serve, [listener])
            environment = {
                **os.environ,
                "CONFORMANCE_SERVER": f"http://127.0.0.1:{listener.socket.getsockname()[1]}",
                "CONFORMANCE_TOKEN": self.servers.ada,
                "CONFORMANCE_POSITIONS": "{}",
            }
            pipes: Mapping[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self._program = await trio.lowlevel.open_process(
                [sys.executable, str(CONFORMANT)], env=environment, **pipes
            )
            nursery.start_soon(self._read_lines)
            try:
                yield
            finally:
                self._program.kill()
                with trio.CancelScope(shield=True):
                    await self._program.wait()
                nursery.cancel_scope.cancel()

    async def _read_lines(self) -> None:
        assert self._program is not None
        assert self._program.stdout is not None
        rest = b""
        async for data in self._program.stdout:
            *lines, rest = (rest + data).split(b"\n")
            for line in map(json.loads, lines):
                said = {name: value for name, value in line.items() if value is not None}
                for room in said.get("state", ()):
                    # Those that were there before are texts of no message that came.
                    room["texts"] = {
                        seq: text for seq, text in room["texts"].items() if int(seq) > self.first_seq
                    }
                self.steps.append({"prints": said})
                self._printed.send_nowait(line)
                if "sent" in line:
                    self.settled.set()
                    self.settled = trio.Event()


class _Passing:
    """One connection through the proxy."""

    def __init__(self, recording: Recording, near: WebSocketConnection, far: WebSocketConnection) -> None:
        self._recording = recording
        self._near, self._far = near, far
        self._asked: dict[
            int, Json | None
        ] = {}  # by the id of a request without a reply: its step, if it has one
        self._held: list[Json] = []  # events that wait until a send is answered, and its outcome printed

    async def there(self) -> None:
        """Pass the program's requests on."""
        while True:
            text = await self._near.get_message()
            request = json.loads(text)
            number = request.pop("id")
            step: Json | None = None
            if request["type"] not in AT_ANY_TIME:
                step = {"request": _pattern(request)}
                self._recording.steps.append(step)
            self._asked[number] = step
            await self._far.send_message(text)

    async def back(self) -> None:
        """Pass the server's replies and events on."""
        try:
            while True:
                frame = json.loads(await self._far.get_message())
                if frame.get("id") in self._asked and _is_reply(frame):
                    await self._reply(frame)
                elif self._is_sending():
                    self._held.append(frame)
                else:
                    await self._event(frame)
        except ConnectionClosed as closed:
            code = 1006 if closed.reason is None else closed.reason.code
            self._recording.steps.append({"closes": code})
            await self._near.aclose(code)

    async def _reply(self, frame: Json) -> None:
        faults = self._recording.faults
        step = self._asked.pop(frame["id"])
        if step is not None and step["request"]["type"] == "send" and faults and faults[0] == "cut":
            faults.popleft()
            self._recording.drop()
            return
        if step is not None:
            step["reply"] = {name: value for name, value in frame.items() if name not in ("id", "type")}
        settled = self._recording.settled
        await self._near.send_message(json.dumps(frame))
        if step is not None and step["request"]["type"] == "send":
            await settled.wait()
            held, self._held = self._held, []
            for each in held:
                await self._event(each)

    async def _event(self, frame: Json) -> None:
        faults, steps = self._recording.faults, self._recording.steps
        if "pos" not in frame and frame["type"] not in _RECORDED:
            await self._near.send_message(json.dumps(frame))
            return
        fault = faults.popleft() if faults and frame["type"] == "message" and faults[0] != "cut" else ""
        if frame["type"] == "room" and self._recording.first_seq < 0:
            self._recording.first_seq = frame["seq"]
        asked = next((step for step in self._asked.values() if step is not None), None)
        frames = [frame] * {"lost": 0, "twice": 2}.get(fault, 1)
        if asked is None:
            steps += ({"frame": each} for each in frames)
        else:
            asked.setdefault("frames", []).extend(frames)
        for each in frames:
            await self._near.send_message(json.dumps(each))

    def _is_sending(self) -> bool:
        return any(step is not None and step["request"]["type"] == "send" for step in self._asked.values())


def _pattern(request: Json) -> Json:
    """Return what any client has to say in a request."""
    match request:
        case {"type": "hello", "token": _}:
            return {"type": "hello", "token": TOKEN}
        case {"type": "sync"}:
            known = request.get("known")
            asked = known and [{name: each[name] for name in ("room", "pos", "at")} for each in known]
            return {"type": "sync", "known": asked} | (
                {"rest": False} if request.get("rest") is False else {}
            )
    return request


def _is_reply(frame: Json) -> bool:
    return frame["type"] == "error" or str(frame["type"]).endswith("_ok")


async def resume(recording: Recording) -> None:
    """What was missed while the connection was lost: a message, an edit, a deletion."""
    first = await recording.ben("POST", text="one")
    second = await recording.ben("POST", text="two")
    await recording.printed(2)
    recording.drop()
    await recording.ben("POST", text="three")
    await recording.ben("PATCH", f"/{first['seq']}", text="eins")
    await recording.ben("DELETE", f"/{second['seq']}")
    await recording.printed(3)
    await recording.ben("POST", text="four")
    await recording.printed()
    await recording.command(do="state")
    await recording.printed()


async def gap(recording: Recording) -> None:
    """Two messages do not arrive; the next one shows it."""
    await recording.ben("POST", text="one")
    await recording.printed()
    recording.faults.extend(["lost", "lost"])
    for text in ("two", "three"):
        await recording.ben("POST", text=text)
    await recording.ben("POST", text="four")
    await recording.printed(3)
    await recording.command(do="state")
    await recording.printed()


async def duplicates(recording: Recording) -> None:
    """Messages come twice."""
    recording.faults.extend(["twice", "twice"])
    for text in ("one", "two", "three"):
        await recording.ben("POST", text=text)
        await recording.printed()
    await recording.command(do="state")
    await recording.printed()


async def send_again(recording: Recording) -> None:
    """The message is committed, and its answer lost."""
    recording.faults.append("cut")
    await recording.command(do="send", room=LOBBY, key="recorded-1", text="hello")
    await recording.printed(2)
    await recording.ben("POST", text="welcome")
    await recording.printed()
    await recording.command(do="state")
    await recording.printed()


async def other_server(recording: Recording) -> None:
    """The server stops; another one of the chat goes on."""
    await recording.ben("POST", text="one")
    await recording.printed()
    await recording.command(do="send", room=LOBBY, key="recorded-2", text="hello")
    await recording.printed(2)
    recording.server = recording.servers.other
    recording.servers.one.process.terminate()
    await recording.ben("POST", text="two")
    await recording.printed()
    await recording.command(do="send", room=LOBBY, key="recorded-3", text="hello again")
    await recording.printed(2)
    await recording.command(do="state")
    await recording.printed()


SCENARIOS: tuple[tuple[str, Callable[[Recording], Awaitable[None]], str], ...] = (
    ("resume", resume, "after a lost connection: a message, an edit and a deletion that were missed"),
    ("gap", gap, "two messages do not arrive; the next one shows it, and a sync brings them"),
    ("duplicates", duplicates, "messages that come twice are reported once"),
    (
        "send_again",
        send_again,
        "the answer to a send is lost: it is sent again after the sync, and committed once",
    ),
    (
        "other_server",
        other_server,
        "the server stops; another server of the same chat continues at the position",
    ),
)


async def record(servers: Servers) -> dict[str, str]:
    """Record all scenarios in their order; return the texts of their files by name."""
    made = {}
    for name, scenario, about in SCENARIOS:
        recording = Recording(servers, about)
        async with recording.running():
            await recording.printed()  # the lobby
            await scenario(recording)
        made[f"recorded_{name}"] = _lines([{"about": f"recorded: {about}"}, *recording.steps])
    return made


def _lines(steps: list[Json]) -> str:
    times = sorted({at for step in steps for at in _times(step)})
    names = {at: _FIRST_TIME + 1 + nth for nth, at in enumerate(times)}
    return "".join(json.dumps(_neutral(step, names), ensure_ascii=False) + "\n" for step in steps)


def _times(value: Any) -> Generator[int]:
    """Yield the times in a value, in milliseconds, but for those of an end that is not there yet."""
    match value:
        case dict():
            for name, each in value.items():
                if name != "expires_at":
                    yield from _times(each)
        case list():
            for each in value:
                yield from _times(each)
        case int() if value >= _FIRST_TIME:
            yield value


def _neutral(value: Any, times: Mapping[int, int]) -> Any:
    match value:
        case dict():
            return {
                name: _NAMED[name] if name in _NAMED else _neutral(each, times)
                for name, each in value.items()
            }
        case list():
            return [_neutral(each, times) for each in value]
        case int() if value in times:
            return times[value]
    return value


_NAMED: dict[str, Any] = {
    "server": "conformance",
    "version": "0",
    "data": "00000000-0000-4000-8000-000000000000",
    "features": [],  # each new one would change each vector
    "expires_at": _FAR,
    "after_ms": 50,
}
"""What differs from one run to the next, and says nothing to a client under test."""


@contextmanager
def two_servers() -> Generator[Servers]:
    """Run two servers on a database of their own, with Ada and Ben in the lobby."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory()))
        (place / "secret").write_text(secrets.token_urlsafe(32))
        keeper = stack.enter_context(running_server(stack.enter_context(used_data_path())))
        address = stack.enter_context(kept_database(keeper))
        where = f"host={quote(str(address['host']), safe='')}&port={address['port']}"
        url = f"postgresql://{address['user']}@/{address['database']}?{where}"
        shared = ["--database", url, "--bus", "notify", "--secret-file", str(place / "secret")]
        one, other = (
            stack.enter_context(running_server(stack.enter_context(data_path()), *shared, CHAT_GRACE="2"))
            for _ in range(2)
        )
        yield Servers(one, other, register(one.url, "ada"), register(one.url, "ben"))


def main() -> None:
    """Write the vectors."""
    with two_servers() as servers:
        for name, text in trio.run(record, servers).items():
            (DIRECTORY / f"{name}.jsonl").write_text(text, encoding="utf-8")
            print(f"{name}: {text.count(chr(10))} lines")


if __name__ == "__main__":
    main()
