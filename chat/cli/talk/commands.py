"""What may be typed after a slash, and what it does."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from chat.cli.room_names import label, room_named
from chat.cli.talk.state import State
from chat.cli.talk.transcript import hit_row
from chat.client import Chat, Message

_MOST_PAGES = 100
"""Pages of a hundred members that are looked through for a name."""


class Wrong(Exception):
    """The command can't be done as it was typed; the text says what it takes."""


class Command(NamedTuple):
    """A command: what it takes, what it does, in words and in deed."""

    takes: str
    does: str
    run: Callable[[Chat, State, str], Awaitable[None]]


async def run(chat: Chat, state: State, line: str) -> None:
    """Do what a line with a slash says.

    Raises:
        Wrong: there is no such command, or it takes something else.
        chat.client.ChatError: the server says no, or does not answer.

    Cancelling: it may be done or not.
    """
    name, _, rest = line.partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        raise Wrong(f"no command {name}: /help lists them, and // begins a text with a slash")
    await command.run(chat, state, rest.strip())


def answer(state: State, rest: str) -> tuple[Message, str]:
    """Return which message a `/reply` answers, and with what text. Sync.

    Raises:
        Wrong: there is no such message, or no text.
    """
    which, *texts = rest.split(maxsplit=1)[:2] or [""]
    if not which.isdecimal() or not texts:
        which, texts = "", [rest.strip()]
    message = state.nth_last(_count(which), own=False)
    if message is None:
        raise Wrong("there are not that many messages here")
    return message, _needed(texts[0], "a text")


async def _rooms(chat: Chat, state: State, part: str) -> None:
    lines = ["Yours:"]
    for number in state.listed():
        info = state.rooms[number].info
        unread = f"  {info.unread} unread" if info.unread else ""
        lines.append(f"  {label(info)}{unread}{f'  {info.topic}' if info.topic else ''}")
    public = await chat.http.public_rooms(part)
    lines += ["", "To join:" if public else "There is no other public room."]
    lines += [
        f"  #{room.name}  {room.members} in it{f'  {room.topic}' if room.topic else ''}" for room in public
    ]
    state.show("rooms", lines)


async def _join(chat: Chat, state: State, name: str) -> None:
    if (known := room_named(state.rooms, name)) is not None:
        return state.open(known)
    wanted = _needed(name, "a room").removeprefix("#").casefold()
    found = [room for room in await chat.http.public_rooms(wanted[:64]) if room.name.casefold() == wanted]
    if not found:
        raise Wrong(f"there is no public room {name}: /rooms lists them")
    return state.open_soon((await chat.http.join(found[0].id, chat.me)).id)


async def _new(chat: Chat, state: State, name: str) -> None:
    state.open_soon((await chat.http.make_room(_needed(name, "a name").removeprefix("#"))).id)


async def _leave(chat: Chat, state: State, name: str) -> None:
    room = room_named(state.rooms, name) if name else state.room
    if room is None or room not in state.rooms:
        raise Wrong(f"you are in no room {name}")
    called = label(state.rooms[room].info)
    await chat.http.leave(room, chat.me)
    state.notice = f"you have left {called}"


async def _direct(chat: Chat, state: State, name: str) -> None:
    person = state.people.called(_needed(name, "a name"), state.current)
    if person is None:
        await _meet_all(chat, state)
        person = state.people.called(name, state.current)
    if person is None:
        raise Wrong(f"nobody here is called {name}")
    state.open_soon((await chat.http.direct(person)).id)


async def _who(chat: Chat, state: State, _rest: str) -> None:
    room = state.current
    if room is None:
        raise Wrong("you are in no room")
    called = label(room.info)  # another may be read once it is answered, or none
    lines = []
    page = await chat.http.members(room.info.id)
    for member in page.members:
        state.people.meet(member.person.id, member.person.name)
        role = "" if member.role == "member" else f"  {member.role}"
        lines.append(f"  {member.person.name}{role}")
    if page.next is not None:
        lines.append("  and more")
    lines.sort(key=str.casefold)
    state.show(f"who is in {called}", lines)


async def _search(chat: Chat, state: State, words: str) -> None:
    _needed(words, "words to look for")
    if state.down is not None:
        raise Wrong("there is no connection")
    found = await chat.search(words)
    lines = [hit_row(hit, state.rooms.get(hit.message.room)) for hit in found.hits]
    more = ["and more"] if found.next is not None else []
    state.show(f"search: {words}", [*lines, *more] or ["nothing is found"])


async def _delete(chat: Chat, state: State, which: str) -> None:
    message = state.nth_last(_count(which), own=True)
    if message is None:
        raise Wrong("there are not that many saved messages of yours")
    await chat.delete(message.room, message.seq)


async def _react(chat: Chat, state: State, rest: str) -> None:
    emoji, _, which = _needed(rest, "an emoji, as /react 👍").partition(" ")
    message = state.nth_last(_count(which), own=False)
    if message is None:
        raise Wrong("there are not that many messages here")
    has_it = any(each.emoji == emoji and each.mine for each in message.reactions)
    await chat.react(message.room, message.seq, emoji, on=not has_it)


async def _room(_chat: Chat, state: State, name: str) -> None:
    room = room_named(state.rooms, _needed(name, "a room"))
    if room is None:
        raise Wrong(f"you are in no room {name}: /join {name} joins it")
    state.open(room)


async def _help(_chat: Chat, state: State, _rest: str) -> None:
    width = max(len(f"{name} {each.takes}") for name, each in COMMANDS.items())
    lines = [f"  {f'{name} {each.takes}':{width}}  {each.does}" for name, each in COMMANDS.items()]
    state.show("help", (*lines, "", *KEYS))


async def _meet_all(chat: Chat, state: State) -> None:
    """Learn the names of all members of the lobby, which everybody is in."""
    lobby = next((number for number, room in state.rooms.items() if room.info.kind == "lobby"), None)
    after = 0
    for _ in range(_MOST_PAGES if lobby is not None else 0):
        assert lobby is not None
        page = await chat.http.members(lobby, after)
        for member in page.members:
            state.people.meet(member.person.id, member.person.name)
        if page.next is None:
            return
        after = page.next


def _needed(text: str, what: str) -> str:
    if not text:
        raise Wrong(f"that takes {what}")
    return text


def _count(which: str) -> int:
    """The last but so many: 1 is the last."""
    if which and not (which.isdecimal() and 1 <= int(which) <= 1000):
        raise Wrong("which one: 1 is the last, 2 the one before it")
    return int(which or 1)


COMMANDS = {
    "/rooms": Command("[PART]", "your rooms, and public ones to join, with PART in their names", _rooms),
    "/join": Command("ROOM", "join a public room, and read it", _join),
    "/room": Command("ROOM", "read a room that you are in", _room),
    "/new": Command("NAME", "make a public room", _new),
    "/leave": Command("[ROOM]", "leave this room, or another", _leave),
    "/direct": Command("NAME", "write to somebody alone", _direct),
    "/who": Command("", "who is in this room", _who),
    "/search": Command("WORDS", "messages of all your rooms with these words", _search),
    "/reply": Command("[N] TEXT", "answer the last message; 2 is the one before it", _help),
    "/edit": Command("[TEXT]", "edit what you said last, as ↑ on an empty line", _help),
    "/delete": Command("[N]", "delete what you said last; 2 is the one before it", _delete),
    "/react": Command("EMOJI [N]", "react to the last message, or take that back", _react),
    "/help": Command("", "this", _help),
    "/quit": Command("", "end, as Ctrl-D on an empty line", _help),
}
"""By what is typed; `/reply`, `/edit` and `/quit` are the keyboard's own."""

KEYS = (
    "  Tab                  complete a command, @somebody or #room",
    "  Page Up, Page Down   scroll; Esc goes to the end",
    "  Ctrl-N, Ctrl-P       next and previous room; Alt-A: the next with something new",
    "  ↑ on an empty line   edit what you said last, or take back what was not sent",
    "  Alt-Enter            a line break",
    "  Ctrl-A E B F W U K   as in a shell",
    "  Ctrl-R, Ctrl-L       connect again now; draw all of it again",
)
