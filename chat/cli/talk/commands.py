"""What may be typed after a slash, and what it does."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from chat.cli.talk import file_commands, own_commands, room_commands
from chat.cli.talk.context import Context, Wrong, count, needed
from chat.cli.talk.state import State
from chat.cli.talk.transcript import hit_row
from chat.client import Message


class Command(NamedTuple):
    """A command: what it takes, what it does, in words and in deed."""

    takes: str
    does: str
    run: Callable[[Context, str], Awaitable[None]]


async def run(context: Context, line: str) -> None:
    """Do what a line with a slash says.

    Raises:
        Wrong: there is no such command, or it takes something else.
        chat.client.ChatError: the server says no, or does not answer.

    Cancelling: it may be done or not.
    """
    name, _, rest = line.partition(" ")
    command = COMMANDS.get(ALIASES.get(name, name))
    if command is None:
        raise Wrong(f"no command {name}: /help lists them, and // begins a text with a slash")
    await command.run(context, rest.strip())


def answer(state: State, rest: str) -> tuple[Message, str]:
    """Return which message a `/reply` answers, and with what text. Sync.

    Raises:
        Wrong: there is no such message, or no text.
    """
    which, *texts = rest.split(maxsplit=1)[:2] or [""]
    if not which.isdecimal() or not texts:
        which, texts = "", [rest.strip()]
    message = state.nth_last(count(which), own=False)
    if message is None:
        raise Wrong("there are not that many messages here")
    return message, needed(texts[0], "a text")


async def _search(context: Context, words: str) -> None:
    needed(words, "words to look for")
    state = context.state
    if state.down is not None:
        raise Wrong("there is no connection")
    found = await context.chat.search(words)
    lines = [hit_row(hit, state.rooms.get(hit.message.room)) for hit in found.hits]
    more = ["and more"] if found.next is not None else []
    state.show(f"search: {words}", [*lines, *more] or ["nothing is found"])


async def _delete(context: Context, which: str) -> None:
    message = context.state.nth_last(count(which), own=True)
    if message is None:
        raise Wrong("there are not that many saved messages of yours")
    await context.chat.delete(message.room, message.seq)


async def _react(context: Context, rest: str) -> None:
    emoji, _, which = needed(rest, "an emoji, as /react 👍").partition(" ")
    message = context.state.nth_last(count(which), own=False)
    if message is None:
        raise Wrong("there are not that many messages here")
    if any(each.emoji == emoji and each.mine for each in message.reactions):
        await context.chat.remove_reaction(message.room, message.seq, emoji)
    else:
        await context.chat.add_reaction(message.room, message.seq, emoji)


async def _help(context: Context, _rest: str) -> None:
    width = max(len(f"{name} {each.takes}") for name, each in COMMANDS.items())
    lines = [f"  {f'{name} {each.takes}':{width}}  {each.does}" for name, each in COMMANDS.items()]
    aliases = ", ".join(f"{alias} is {name}" for alias, name in ALIASES.items())
    context.state.show("help", (*lines, "", f"  {aliases}", "", *KEYS))


COMMANDS = {
    "/rooms": Command(
        "[PART]", "your rooms, and public ones to join, with PART in their names", room_commands.rooms
    ),
    "/join": Command("ROOM", "join a public room, and read it", room_commands.join),
    "/room": Command("ROOM", "read a room that you are in", room_commands.read),
    "/new": Command("NAME", "make a public room", room_commands.new),
    "/leave": Command("[ROOM]", "leave this room, or another", room_commands.leave),
    "/direct": Command("NAME", "write to somebody alone", room_commands.direct),
    "/msg": Command("NAME TEXT", "send somebody or a #room a message from here", room_commands.message),
    "/who": Command("", "who is in this room", room_commands.who),
    "/topic": Command(
        "[TEXT]", "show the topic of this room, or change it; - removes it", room_commands.topic
    ),
    "/invite": Command("[NAME]", "add somebody to this room; alone: make a link to it", room_commands.invite),
    "/kick": Command("NAME", "remove somebody from this room", room_commands.kick),
    "/search": Command("WORDS", "messages of all your rooms with these words", _search),
    "/reply": Command("[N] TEXT", "answer the last message; 2 is the one before it", _help),
    "/edit": Command("[TEXT]", "edit what you said last, as ↑ on an empty line", _help),
    "/delete": Command("[N]", "delete what you said last; 2 is the one before it", _delete),
    "/react": Command("EMOJI [N]", "react to the last message, or take that back", _react),
    "/upload": Command("PATH…", "send files, ten at most", file_commands.upload),
    "/files": Command("", "the files of this room, as far as its messages are loaded", file_commands.files),
    "/save": Command(
        "[N] [PATH]", "save the last file, or the last but N, here or at PATH", file_commands.save
    ),
    "/away": Command("", "be shown as away", own_commands.away),
    "/back": Command("", "be shown as there again", own_commands.back),
    "/set": Command("[NAME on|off]", "your settings: bell, log, typing", own_commands.change_setting),
    "/help": Command("", "this", _help),
    "/quit": Command("", "end, as Ctrl-D on an empty line", _help),
}
"""By what is typed; `/reply`, `/edit` and `/quit` are the keyboard's own."""

ALIASES = {"/query": "/direct", "/part": "/leave", "/names": "/who"}
"""What other clients call them."""

KEYS = (
    "  Tab                  complete a command, @somebody or #room",
    "  ↑ on an empty line   edit what you said last, or take back what was not sent",
    "  ↑, ↓                 what you typed before",
    "  Page Up, Page Down   scroll; Esc goes to the end",
    "  Alt-1 … Alt-9        read a room by its place in the list; Alt-0: the tenth",
    "  Ctrl-N, Ctrl-P       next and previous room; Alt-A: the next with something new",
    "  Alt-Enter            a line break",
    "  Ctrl-A E B F W U K   as in a shell",
    "  Ctrl-R, Ctrl-L       connect again now; draw all of it again",
)
