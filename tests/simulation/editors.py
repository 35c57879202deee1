"""Clients of the editing protocol: they resend with keys until answered, and change messages."""

import msgspec
import trio

from tests.simulation.clients import Client, Surroundings
from tests.simulation.editing import Answer, Heard
from tests.simulation.plan import Guest, Step

_AGAIN = 2.0
"""Seconds after which what has no answer is sent again."""

_SETTLED = ("saved", "again", "conflict")


class EditorClient(Client):
    """Keeps what it sent until it is answered, over any number of connections."""

    def __init__(self, world: Surroundings, guest: Guest) -> None:
        super().__init__(world, guest)
        self._unsettled: dict[str, str] = {}  # key to text
        self._settled: list[str] = []
        self._requests: dict[int, tuple[str, str, str]] = {}  # by number: what, key and text
        self._newest_seq = 0

    def begin(self) -> None:
        self._requests.clear()  # the answers to those never come

    async def settle_in(self) -> None:
        """Send again what has no answer, for as long as there is a connection."""
        while True:
            if self.ready:
                for key, text in list(self._unsettled.items()):
                    await self._send(key, text)
            await trio.sleep(_AGAIN)

    def hear(self, raw: str) -> None:
        if '"kind"' in raw:
            received = msgspec.json.decode(raw, type=Heard)
            self._newest_seq = max(self._newest_seq, received.seq)
            said = received.text if received.kind in ("said", "edited") else str(received.count)
            self._note(
                "change heard", id=received.pos, topic=str(received.seq), note=received.kind, text=said
            )
            return
        answer = msgspec.json.decode(raw, type=Answer)
        if answer.outcome == "hello":
            self.ready = True
            return
        what, key, text = self._requests.pop(answer.number)
        if what != "send":
            self._note("change answered", id=answer.pos, name=what, note=answer.outcome)
            return
        self._note("key answered", id=answer.seq, name=key, text=text, note=answer.outcome)
        if answer.outcome in _SETTLED and self._unsettled.get(key) == text:
            del self._unsettled[key]
            self._settled.append(key)

    def phrase(self, text: str) -> bytes:
        return b'{"do": "nothing", "number": 0}'

    async def say(self, step: Step, size: int = 0) -> None:
        key = text = self.text(size)
        self._unsettled[key] = text
        await self._send(key, text)

    async def _send(self, key: str, text: str) -> None:
        await self._ask("send", key=key, text=text)

    async def _ask(self, do: str, *, key: str = "", seq: int = 0, text: str = "") -> None:
        number = self._texts = self._texts + 1
        self._requests[number] = do, key, text
        await self.send({"do": do, "number": number, "key": key, "seq": seq, "text": text})

    async def act(self, step: Step) -> None:
        chance, seq = self.world.chance, max(1, self._newest_seq - step.a % 7)
        match step.what:
            case "say twice":
                key = text = self.text()
                self._unsettled[key] = text
                await self._send(key, text)
                await self._send(key, text)
            case "use a key again" if self._settled:
                await self._send(chance.choice(self._settled), self.text())
            case "edit":
                await self._ask("edit", seq=seq, text=self.text())
            case "delete" | "react" | "take back":
                await self._ask(step.what, seq=seq)

    def left(self) -> None:
        """Note what this client never heard of."""
        for key in self._unsettled:
            self._note("keys left", text=key)
