"""Clients of IRC on the real gateway."""

from base64 import b64encode
from typing import Any
from unittest.mock import patch

import trio
from structlog.testing import capture_logs
from trio_cancel_sweep import Run

from chat.domain.entities import LOBBY_ID, Draft, Pair, Person
from chat.domain.limits.budgets import Budgets
from chat.domain.messages.client_positions import POSITIONS
from chat.domain.messages.live import HasRead
from chat.engine import client_limits
from chat.protocols.irc import entering, rooms, talking
from chat.protocols.irc.client import IrcClient
from chat.protocols.irc.lines import Line
from chat.settings.listen import Listen
from tests.cancellation.gateway_scenarios import Wire, certificate, config, one_connection
from tests.cancellation.swept_world import fill
from tests.support.chat_world import World

IRC = {"irc": Listen("127.0.0.1", 0)}
SINCE = "timestamp=2020-01-01T00:00:00Z"
CAPS = (
    "message-tags server-time echo-message batch labeled-response draft/chathistory draft/read-marker"
    " draft/message-redaction draft/multiline away-notify"
)


async def says(wire: Wire, *lines: str) -> None:
    """Send lines in one write."""
    await wire.send("".join(f"{line}\r\n" for line in lines).encode())


async def done(wire: Wire, *lines: str) -> bool:
    """Send lines, and wait until they are done."""
    await says(wire, *lines, "PING :done")
    return await wire.until(b":done")


async def registers(wire: Wire, world: World, person: Person, caps: str = "") -> bool:
    """Register with a token, by SASL."""
    plain = b64encode(f"\0{person.name}@sweep\0{world.token(person)}".encode()).decode()
    parts = [plain[at : at + 400] for at in range(0, len(plain), 400)]
    await says(wire, "CAP LS 302", "NICK x", "USER u 0 * :u", f"CAP REQ :sasl {caps}".rstrip())
    await says(wire, "AUTHENTICATE PLAIN", *(f"AUTHENTICATE {part}" for part in parts), "CAP END")
    return await done(wire)


async def irc(run: Run) -> None:
    """A client that knows everything says, reads and changes what there is."""

    async def speak(wire: Wire, world: World) -> None:
        ada, eve = await world.add_all("ada", "eve")
        await fill(world, [Draft(LOBBY_ID, eve.id, "eve", "before", 1.0)])
        if await registers(wire, world, ada, CAPS):
            for lines in (
                ("MARKREAD #lobby timestamp=2030-01-01T00:00:00Z", "PRIVMSG #lobby :  "),
                ("@label=1 PRIVMSG #lobby :one", "PRIVMSG eve :psst", "@+typing=active TAGMSG #lobby"),
                (
                    "BATCH +1 draft/multiline #lobby",
                    "@batch=1 PRIVMSG #lobby :two",
                    "BATCH -1",
                    "BATCH +",
                    "BATCH -9",
                ),
                (
                    "@label=2 JOIN #garden",
                    "TOPIC #garden :roses",
                    "TOPIC #garden",
                    "MODE #garden +i",
                    "MODE #garden",
                ),
                (
                    "INVITE eve #garden",
                    "MODE #garden +o eve",
                    "MODE #garden +b eve",
                    "MODE #garden b",
                    "NAMES #garden",
                ),
                (
                    "MODE #garden -b eve",
                    "KICK #garden eve",
                    "WHO #garden",
                    "WHO eve",
                    "WHOIS eve",
                    "LIST",
                    "JOIN #lobby",
                ),
                (
                    "CHATHISTORY LATEST #lobby * 9",
                    "CHATHISTORY AROUND eve msgid=x 9",
                    "MARKREAD #lobby",
                    "AWAY :x",
                ),
                (
                    "CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00Z timestamp=2030-01-01T00:00:00Z 9",
                    "ISON eve",
                ),
                (
                    "CHATHISTORY BETWEEN #lobby timestamp=2020-01-01T00:00:00Z timestamp=2030-01-01T00:00:00Z 9",
                ),
                (
                    "CHATHISTORY AROUND #lobby msgid=1-1 9",
                    "CHATHISTORY AFTER #lobby msgid=1-1 9",
                    "USERHOST eve",
                ),
                (
                    "MARKREAD #lobby timestamp=2030-01-01T00:00:00Z",
                    "REDACT eve 2-1",
                    "REDACT eve 9-9",
                    "PART #garden",
                ),
                (
                    "PRIVMSG #none :x",
                    "PRIVMSG :x",
                    "PRIVMSG #lobby",
                    "PRIVMSG #lobby :\x01VERSION\x01",
                    "KLINGON",
                    "MOTD",
                ),
                (
                    "LUSERS",
                    "VERSION",
                    "TIME",
                    "WHOWAS x",
                    "NICK ben",
                    "USER a b c d",
                    "PASS x",
                    "PART #lobby",
                    "JOIN #lobby",
                ),
                (
                    "PRIVMSG #lobby :\x00",
                    "PONG x",
                    "CAP LIST",
                    "TAGMSG #lobby",
                    "MODE ada",
                    "JOIN 0",
                    "WHOIS",
                    "MODE #lobby k",
                ),
            ):
                await done(wire, *lines)
            notice = HasRead(LOBBY_ID, None, ada.id, 1, 0, 0, is_shared=False)
            world.services.notices.publish(notice)
            await done(
                wire,
                "CHATHISTORY LATEST #none * 9",
                "CHATHISTORY BEFORE #lobby msgid=1-2 9",
                "MARKREAD eve",
                "PONG",
            )
            await done(
                wire, f"CHATHISTORY BETWEEN #lobby timestamp=2030-01-01T00:00:00Z {SINCE} 9", "PRIVMSG &99 :x"
            )
        await says(wire, "PRIVMSG #lobby :last", "QUIT :bye")
        await wire.until(b"ERROR")
        assert eve.id

    await one_connection(run, speak, config(**IRC), budgets=Budgets())


async def irc_short_of_parameters(run: Run) -> None:
    """A client that leaves out what its commands need."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        await says(wire, "PRIVMSG #lobby :x", "KLINGON", "NICK", "USER", "PASS", "AUTHENTICATE", "CAP")
        if await registers(wire, world, ada):
            verbs = "JOIN PART TOPIC KICK INVITE MODE NAMES WHO WHOIS WHOWAS USERHOST ISON REDACT TAGMSG BATCH MARKREAD"
            await done(
                wire,
                *verbs.split(),
                "CHATHISTORY",
                "PRIVMSG",
                "NOTICE",
                "PING",
                "LIST",
                "AWAY",
                "PRIVMSG nobody :x",
            )
            await done(
                wire,
                "KICK #none x",
                "INVITE x #none",
                "TOPIC #none",
                "PART #none",
                "MODE #none",
                "REDACT #none x",
            )
            await done(
                wire,
                "KICK #lobby x",
                "INVITE x #lobby",
                "MODE #lobby +o",
                "MODE #lobby +b x",
                "TAGMSG nobody",
            )
        await wire.stream.aclose()

    await one_connection(run, speak, config(**IRC))


async def irc_that_missed_much(run: Run) -> None:
    """A client that was away gets what it missed, in pages, and then what a room that is new to it has."""

    async def speak(wire: Wire, world: World) -> None:
        ada, eve = await world.add_all("ada", "eve")
        await fill(world, [Draft(LOBBY_ID, eve.id, "eve", f"m{n}", 1.0) for n in range(8)])
        positions = world.services.feature_ports[POSITIONS]
        positions.note((ada.id, "sweep"), 2)
        if await registers(wire, world, ada):
            for ask in tuple(positions.asking):
                ask()
            await says(wire, "PONG :9")
            pair = await world.storage.rooms.direct_room(ada.id, eve.id)
            assert pair is not None
            people = Pair(ada.id, eve.id)
            await fill(world, [Draft(pair.id, eve.id, "eve", f"{n}", 1.0, people=people) for n in range(3)])
            await wire.until(b"PRIVMSG ada :2")
        await wire.stream.aclose()

    with patch.object(entering, "PAGE", 2), patch.object(entering, "_FEW", 0):
        await one_connection(run, speak, config(**IRC))


async def irc_with_a_password(run: Run) -> None:
    """A log-in by PASS, and one that is refused."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        await says(wire, "PASS :ada:wrong word", "USER u 0 * :u", "NICK ada")
        await wire.until(b"ERROR", b" 001 ")
        await wire.stream.aclose()
        assert ada.id

    await one_connection(run, speak, config(**IRC))


async def irc_without_words(run: Run) -> None:
    """A client that says nothing that can be read, and a browser."""

    async def speak(wire: Wire, world: World) -> None:
        await wire.send(b"\xff\r\n" + b"x" * 20_000 + b"\r\n")
        await wire.until(b" 417 ")
        await says(wire, "GET / HTTP/1.1", "Host: x")
        await wire.until(b"ERROR")
        assert world

    await one_connection(run, speak, config(**IRC))


async def irc_over_budget(run: Run) -> None:
    """A client without a budget is refused whatever it costs, and read later."""

    async def speak(wire: Wire, world: World) -> None:
        ada, eve = await world.add_all("ada", "eve")
        room = await world.make_room(ada)
        assert eve.name == "eve"
        name = room.name
        if await registers(wire, world, ada, CAPS):
            await done(
                wire,
                "PRIVMSG #lobby :x",
                "PRIVMSG #lobby :x",
                "LIST",
                "JOIN #a",
                f"TOPIC #{name} :x",
                f"KICK #{name} eve",
                "LIST",
            )
            await done(wire, f"INVITE eve #{name}", f"MODE #{name} +o eve", "@+typing=active TAGMSG #lobby")
            await done(
                wire,
                "REDACT #lobby 1-1",
                "CHATHISTORY LATEST #lobby * 9",
                f"CHATHISTORY TARGETS {SINCE} {SINCE} 9",
            )
        await wire.stream.aclose()

    budgets = Budgets(messages=1e-6, pages=1e-6)
    with (
        patch.object(client_limits, "HOLD_BACK", 0.001),
        patch.object(rooms, "HOLD_BACK", 0.001),
        patch.object(talking, "HOLD_BACK", 0.001),
    ):
        await one_connection(run, speak, config(**IRC), budgets=budgets)


async def irc_slow(run: Run) -> None:
    """A client that reads little at a time of what it has missed, and leaves before the end."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        world.services.hub.newest_id = 90  # as of a server that was started after they were sent
        world.services.feature_ports[POSITIONS].note((ada.id, ""), 1)
        await says(wire, f"PASS :{world.token(ada)}", "NICK ada", "USER u 0 * :u", "PING :done", "QUIT")
        await wire.until(b"ERROR")
        await wire.stream.aclose()

    await one_connection(run, speak, config(**IRC, outbox_bytes=65_536), narrow=True)


async def irc_over_tls(run: Run) -> None:
    """The same through TLS, where every byte goes by the writer task; a bug ends the client."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        if await registers(wire, world, ada):
            await says(wire, "PRIVMSG #lobby :one", "PING :one", "LIST")
            await wire.until(b"ERROR")
        await wire.stream.aclose()

    async def handle(client: IrcClient, command: Line, nursery: trio.Nursery) -> None:
        if command.verb == "LIST":
            raise ZeroDivisionError
        await client.line(command, nursery)

    handlers: Any = IrcClient.handlers
    with certificate() as (cert, key), capture_logs(), patch.dict(handlers, {Line: handle}):
        tls = {"irc_tls": Listen("127.0.0.1", 0), "tls_cert": cert, "tls_key": key}
        await one_connection(run, speak, config(**tls), tls=True)


async def irc_refused(run: Run) -> None:
    """A connection above the limit: it gets the reason, and is gone."""

    async def speak(wire: Wire, _world: World) -> None:
        await wire.until(b"ERROR")
        await wire.stream.aclose()

    await one_connection(run, speak, config(**IRC, max_connections=0))


async def irc_banned(run: Run) -> None:
    """A client from a banned network gets the reason, and is gone."""

    async def speak(wire: Wire, _world: World) -> None:
        await wire.until(b"ERROR")
        await wire.stream.aclose()

    budgets = Budgets()
    bans: Any = budgets.bans
    bans.refusal = lambda _address: _BANNED
    await one_connection(run, speak, config(**IRC), budgets=budgets)


class _Banned:
    text = "this network is banned"


_BANNED = _Banned()


GATEWAY = (
    irc,
    irc_short_of_parameters,
    irc_that_missed_much,
    irc_with_a_password,
    irc_without_words,
    irc_over_budget,
    irc_slow,
    irc_over_tls,
    irc_refused,
    irc_banned,
)
