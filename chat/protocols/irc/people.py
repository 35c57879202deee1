"""People: who they are, who is here, and whether one is away oneself; and what the server says of itself."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import trio

from chat import __version__
from chat.domain.entities import Person
from chat.domain.messages.live import Status
from chat.domain.rooms.membership import RoomRole
from chat.protocols.irc.answering import Lines
from chat.protocols.irc.encoder import PREFIXES
from chat.protocols.irc.entering import members
from chat.protocols.irc.handler import Handler, has_parameters, person_of, place_id, shown
from chat.protocols.irc.lines import Line
from chat.protocols.irc.names import is_channel

if TYPE_CHECKING:
    from chat.protocols.irc.client import IrcClient

_MOST_NICKS = 5
"""People of one USERHOST or ISON."""


async def away(client: "IrcClient", line: Line, out: Lines) -> None:
    """Set whether the person is away at this client; the words are not kept. Cancelling: it is set, or not."""
    await trio.lowlevel.checkpoint()
    is_away = bool(line.params and line.params[0])
    client.session.set_away(is_away=is_away)
    if is_away:
        out.numeric("306", text="you are away")
    else:
        out.numeric("305", text="you are here")


async def who(client: "IrcClient", line: Line, out: Lines) -> None:
    """Send who is in a channel, or who somebody is. Cancelling: nothing is sent."""
    await trio.lowlevel.checkpoint()
    mask = line.params[0] if line.params else "*"
    if is_channel(mask):
        room_id = place_id(client, mask)
        place = None if room_id is None else client.places.get(room_id)
        if place is not None and place.target:
            for name, nick, person_id, role in await members(client, place):
                _who(client, out, place.target, name, nick, person_id, role)
    elif "*" not in mask and (person := await person_of(client, mask)) is not None:
        nick = client.directory.note_person(person.id, person.name)
        _who(client, out, "*", person.name, nick, person.id, RoomRole.MEMBER)
    out.numeric("315", shown(mask), text="end of WHO")


def _who(
    client: "IrcClient", out: Lines, channel: str, name: str, nick: str, person_id: int, role: RoomRole
) -> None:
    here = "H" if client.services.statuses.status(person_id) is Status.ONLINE else "G"
    flags, host = here + PREFIXES.get(role, ""), client.directory.host
    out.numeric("352", channel, f"u{person_id}", host, host, nick, flags, text=f"0 {name}")


async def whois(client: "IrcClient", line: Line, out: Lines) -> None:
    """Send who somebody is. Cancelling: nothing is sent."""
    if not line.params or not line.params[-1]:
        await trio.lowlevel.checkpoint()
        return out.numeric("431", text="no nick was given")
    wanted = line.params[-1].partition(",")[0]
    person = await person_of(client, wanted)
    if person is None:
        out.numeric("401", shown(wanted), text="there is nobody with that nick")
        return out.numeric("318", shown(wanted), text="end of WHOIS")
    nick, host = client.directory.note_person(person.id, person.name), client.directory.host
    out.numeric("311", nick, f"u{person.id}", host, "*", text=person.display_name or person.name)
    out.numeric("312", nick, host, text=client.services.settings.server_name)
    status = client.services.statuses.status(person.id)
    if status is not Status.ONLINE:
        out.numeric("301", nick, text=_away_text(person, status))
    if person.is_admin:
        out.numeric("313", nick, text="is an admin")
    out.numeric("330", nick, nick, text="is logged in as")
    return out.numeric("318", nick, text="end of WHOIS")


def _away_text(person: Person, status: Status) -> str:
    said = f"{person.status_emoji or ''} {person.status_text}".strip()
    return said or status.value


async def whowas(_client: "IrcClient", line: Line, out: Lines) -> None:
    """Send that there was nobody: who was deleted is forgotten. Cancelling: nothing is sent."""
    await trio.lowlevel.checkpoint()
    if not line.params or not line.params[0]:
        return out.numeric("431", text="no nick was given")
    out.numeric("406", shown(line.params[0]), text="there was nobody with that nick")
    return out.numeric("369", shown(line.params[0]), text="end of WHOWAS")


async def userhost(client: "IrcClient", line: Line, out: Lines) -> None:
    """Send the user names of people. Cancelling: nothing is sent."""
    if not has_parameters(line, out, 1):
        return await trio.lowlevel.checkpoint()
    found = list[str]()
    for word in line.params[:_MOST_NICKS]:
        person = await person_of(client, word)
        if person is not None:
            nick = client.directory.note_person(person.id, person.name)
            sign = "+" if client.services.statuses.status(person.id) is Status.ONLINE else "-"
            found.append(f"{nick}={sign}u{person.id}@{client.directory.host}")
    return out.numeric("302", text=" ".join(found))


async def ison(client: "IrcClient", line: Line, out: Lines) -> None:
    """Send which of these people are here. Cancelling: nothing is sent."""
    if not has_parameters(line, out, 1):
        return await trio.lowlevel.checkpoint()
    found = list[str]()
    for word in " ".join(line.params).split()[:_MOST_NICKS]:
        person = await person_of(client, word)
        if person is not None and client.services.statuses.status(person.id) is not Status.OFFLINE:
            found.append(client.directory.note_person(person.id, person.name))
    return out.numeric("303", text=" ".join(found))


async def motd(_client: "IrcClient", _line: Line, out: Lines) -> None:
    """Send that there is no message of the day. Cancelling: nothing is sent."""
    await trio.lowlevel.checkpoint()
    out.numeric("422", text="there is no message of the day")


async def lusers(client: "IrcClient", _line: Line, out: Lines) -> None:
    """Send how many clients this server has. Cancelling: nothing is sent."""
    await trio.lowlevel.checkpoint()
    count = len(client.services.presence)
    out.numeric("251", text=f"There are {count} users and 0 invisible on 1 servers")
    out.numeric("252", "0", text="operator(s) online")
    out.numeric("253", "0", text="unknown connection(s)")
    out.numeric("254", str(len(client.directory.places)), text="channels formed")
    out.numeric("255", text=f"I have {count} clients and 1 servers")
    out.numeric("265", str(count), str(count), text=f"Current local users {count}, max {count}")
    out.numeric("266", str(count), str(count), text=f"Current global users {count}, max {count}")


async def version(client: "IrcClient", _line: Line, out: Lines) -> None:
    """Send the version. Cancelling: nothing is sent."""
    await trio.lowlevel.checkpoint()
    out.numeric("351", f"trio-chat-{__version__}", client.directory.host, text="a chat server on Trio")


async def server_time(client: "IrcClient", _line: Line, out: Lines) -> None:
    """Send the time. Cancelling: nothing is sent."""
    await trio.lowlevel.checkpoint()
    out.numeric("391", client.directory.host, text=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")


COMMANDS: dict[str, Handler] = {
    "AWAY": away,
    "ISON": ison,
    "LUSERS": lusers,
    "MOTD": motd,
    "TIME": server_time,
    "USERHOST": userhost,
    "VERSION": version,
    "WHO": who,
    "WHOIS": whois,
    "WHOWAS": whowas,
}
