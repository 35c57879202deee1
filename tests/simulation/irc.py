"""Clients of IRC in the lobby, each with a name for which the server keeps a position.

The client's side of lines is written here once more, small and strict.
"""

import trio

from tests.simulation.clients import Client, Surroundings
from tests.simulation.network import FIRST_IRC_PORT, Link
from tests.simulation.plan import Guest, Step
from tests.simulation.wire import Incoming, Over

_CAPS = "message-tags batch echo-message draft/multiline no-implicit-names"

_PIECE = 400
"""Characters of a long text in a line."""

_STOPS = "ERROR :Closing Link: the server is stopping"
_GOING_AWAY = 1001
"""What the code of a close frame is that says so."""


class IrcClient(Client):
    """The client of a person who has no other. It receives its own messages too.

    What must hold over all its connections: it has received everything up to its stored position, and at the end
    everything since it has one.
    """

    first_port = FIRST_IRC_PORT

    def __init__(self, world: Surroundings, guest: Guest) -> None:
        super().__init__(world, guest)
        self._received = set[str]()
        self._begins: str | None = None  # the first text from which on it must have everything
        self._is_kept = False  # whether a position of it was stored
        self._batch: list[str] | None = None  # the lines of the message that comes
        self._sender = ""  # of that

    async def _converse(self, link: Link) -> None:
        incoming, begun = Incoming(link), len(self.world.record.events)
        self._connections += 1
        self.conn = f"{self.guest.number}.{self._connections}"
        self._note("open", id=begun, note="irc")
        self._link, self._batch = link, None
        if not self._is_kept:
            self._begins = None  # a new client gets some of the newest messages, and not all
        end = 0
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._give_up, incoming)
                login = f"PASS {self.world.name(self.person)}@{self.guest.number}:{self._token}"
                await self._put_lines(f"CAP REQ :{_CAPS}", login, "NICK x", "USER u 0 * :u", "CAP END")
                while True:
                    await self._reads_on.wait()
                    await self._take(await incoming.line(), incoming)
        except* Over as over:
            end = next(iter(over.exceptions)).code  # type: ignore[union-attr]
            raise
        finally:
            self._note("end", note=str(end))

    async def _put_lines(self, *lines: str) -> None:
        await self._put("".join(f"{line}\r\n" for line in lines).encode())

    # What comes.

    async def _take(self, line: str, incoming: Incoming) -> None:
        bare = line.partition(" ")[2] if line.startswith("@") else line
        if bare.startswith("PING "):
            incoming.received -= len(line) + 2  # no news
            await self._put_lines(bare.replace("PING", "PONG", 1))
            self._note("confirm")
            return self._check_position()
        if bare.startswith("ERROR "):
            raise Over(_GOING_AWAY if bare == _STOPS else 0)
        head, _, last = bare.partition(" :")
        source, verb, *params = head.removeprefix(":").split(" ")
        match verb, params:
            case "JOIN", ["#lobby"] if not self.ready:
                self._note("ready", topic="lobby")
                self.ready = True
            case "BATCH", [_, "draft/multiline", "#lobby"]:
                self._batch = []
            case "BATCH", [_] if self._batch is not None:
                self._heard(self._sender, "".join(self._batch))
                self._batch = None
            case "PRIVMSG", ["#lobby"] if self._batch is not None:
                self._batch.append(last)
                self._sender = source
            case "PRIVMSG", ["#lobby"]:
                self._heard(source, last)
            case "FAIL", _:
                self._note("told", text=last)
        return None

    def _heard(self, source: str, text: str) -> None:
        self._note("hear", topic="lobby", text=text, name=source.partition("!")[0])
        self._received.add(text)
        self._begins = self._begins or text

    def _check_position(self) -> None:
        """Check that nothing is stored as received that was not."""
        position = self.world.position(self.person, str(self.guest.number))
        if position is not None:
            self._is_kept = True
            if missing := self._missing(position):
                self.world.bugs.append(f"{self.conn} was taken to have received {missing[0]:.20}")

    def left(self) -> list[str]:
        """Return what is wrong at the end of the world."""
        missing = self._missing(2**63) if self._is_kept else []
        return [f"{self.conn} never received {text:.20}, on no connection" for text in missing[:1]]

    def _missing(self, up_to: int) -> list[str]:
        lobby = self.world.lobby()
        begins = next((id_ for id_, text in lobby if text == self._begins), 2**63)
        return [text for id_, text in lobby if begins <= id_ <= up_to and text not in self._received]

    # What it does.

    async def say(self, step: Step, size: int = 0) -> None:
        text = self.text(size)
        self._note("send", topic="lobby", text=text)
        pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
        if len(pieces) == 1:
            return await self._put_lines(f"PRIVMSG #lobby :{text}")
        first, *more = (f"PRIVMSG #lobby :{piece}" for piece in pieces)
        joined = [f"@batch=1;draft/multiline-concat {piece}" for piece in more]
        return await self._put_lines(
            "BATCH +1 draft/multiline #lobby", f"@batch=1 {first}", *joined, "BATCH -1"
        )

    async def _do(self, step: Step, link: Link) -> None:
        match step.what:
            case "leave":
                self._note("leave")
                await self._put_lines("QUIT :bye")
            case "tear":
                async with self._sending:
                    await link.send_all(b"PRIVMSG #lobby :" + self.text().encode())
                    link.reset()
            case "garbage":
                await self._put(b"@a=\xff;label PRIVMSG #lobby \0 :" + bytes(step.a) + b"\r\n")
            case "too big":
                await self._put(bytes(70_000) + b"\r\n")
            case _:
                await super()._do(step, link)
