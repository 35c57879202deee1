"""The slash commands."""

from chat.cli.room_names import room_named
from chat.cli.talk import file_commands, personal_commands, room_commands
from chat.cli.talk.context import Command, CommandError, Context, count, needed, nth_last_message
from chat.cli.talk.features import FEATURES
from chat.cli.talk.state import State
from chat.cli.talk.transcript import search_result_row
from chat.client import Message


async def run(context: Context, line: str) -> None:
    """Run the command of a line that begins with a slash.

    Raises:
        CommandError: there is no such command, or its arguments are wrong.
        chat.client.ChatError: the server refuses, or does not answer.

    Cancelling: it may be done or not.
    """
    name, _, rest = line.partition(" ")
    command = COMMANDS.get(ALIASES.get(name, name))
    if command is None:
        raise CommandError(
            f"no command {name}: /help lists the commands; begin a text with // to send a slash"
        )
    await command.run(context, rest.strip())


def answer(state: State, rest: str) -> tuple[Message, str]:
    """Return the message that a `/reply` answers, and its text. Sync.

    Raises:
        CommandError: there is no such message, or no text.
    """
    which, *texts = rest.split(maxsplit=1)[:2] or [""]
    if not which.isdecimal() or not texts:
        which, texts = "", [rest.strip()]
    return nth_last_message(state, which), needed(texts[0], "a text")


def room_to_open(state: State, name: str) -> int:
    """Return the id of the room that a `/room` opens. Sync.

    Raises:
        CommandError: the person is in no such room.
    """
    number = room_named(state.rooms, needed(name, "a room"))
    if number is None:
        raise CommandError(f"you are in no room {name}: /join {name} joins it")
    return number


async def _search(context: Context, words: str) -> None:
    needed(words, "words to search for")
    state = context.state
    if state.disconnect_reason is not None:
        raise CommandError("not connected")
    parts = words.split(" ")
    has = [part.removeprefix("has:") for part in parts if part.startswith("has:")]
    found = await context.chat.search(
        " ".join(part for part in parts if not part.startswith("has:")), has=has
    )
    lines = [search_result_row(hit, state.rooms.get(hit.message.room)) for hit in found.hits]
    more = ["… and more"] if found.next is not None else []
    state.show(f"search: {words}", [*lines, *more] or ["no message found"])


async def _delete(context: Context, which: str) -> None:
    message = context.state.nth_last_message(count(which), own=True)
    if message is None:
        raise CommandError("there are not that many saved messages of yours")
    await context.chat.delete(message.room, message.seq)


async def _react(context: Context, rest: str) -> None:
    emoji, _, which = needed(rest, "an emoji, as /react 👍").partition(" ")
    message = nth_last_message(context.state, which)
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
        "[PART]", "list your rooms, and public rooms with PART in their names", room_commands.rooms
    ),
    "/join": Command("ROOM", "join a public room, and open it", room_commands.join),
    "/room": Command("ROOM", "open a room that you are in", _help),
    "/new": Command("NAME", "create a public room", room_commands.new),
    "/leave": Command("[ROOM]", "leave this room, or another one", room_commands.leave),
    "/direct": Command("NAME", "open the direct room with somebody", room_commands.direct),
    "/msg": Command("NAME TEXT", "send a message to somebody or a #room from here", room_commands.message),
    "/who": Command("", "list who is in this room", room_commands.who),
    "/topic": Command(
        "[TEXT]", "show the topic of this room, or change it; - removes it", room_commands.topic
    ),
    "/invite": Command(
        "[NAME]", "add somebody to this room; without NAME: create a link to it", room_commands.invite
    ),
    "/kick": Command("NAME", "remove somebody from this room", room_commands.kick),
    "/search": Command("WORDS", "search the messages of all your rooms", _search),
    "/reply": Command("[N] TEXT", "answer the last message; N = 2: the one before it", _help),
    "/edit": Command("[TEXT]", "edit your last message, as ↑ on an empty line", _help),
    "/delete": Command("[N]", "delete your last message; N = 2: the one before it", _delete),
    "/react": Command("EMOJI [N]", "add a reaction to the last message, or remove it", _react),
    "/upload": Command("PATH…", "send files, ten at most", file_commands.upload),
    "/files": Command("", "list the files of the loaded messages of this room", file_commands.files),
    "/save": Command(
        "[N] [PATH]", "save the last file here or at PATH; N = 2: the one before it", file_commands.save
    ),
    **{name: command for feature in FEATURES for name, command in feature.commands.items()},
    "/away": Command("", "show others that you are away", personal_commands.away),
    "/back": Command("", "show others that you are back", personal_commands.back),
    "/set": Command(
        "[NAME on|off]", "list or change your settings: bell, log, typing", personal_commands.change_setting
    ),
    "/help": Command("", "show this help", _help),
    "/quit": Command("", "quit, as Ctrl-D on an empty line", _help),
}
"""By name. `keys.py` runs `/room`, `/reply`, `/edit` and `/quit` itself, at once."""

ALIASES = {"/query": "/direct", "/part": "/leave", "/names": "/who"}
"""Names that other clients use."""

KEYS = (
    "  Tab                  complete a command, @somebody or #room",
    "  ↑ on an empty line   edit your last message, or take back a refused one",
    "  ↑, ↓                 walk through the lines you typed before",
    "  Page Up, Page Down   scroll; Esc returns to the end",
    "  Alt-1 … Alt-9        open a room by its number in the list; Alt-0: the tenth",
    "  Ctrl-N, Ctrl-P       next and previous room; Alt-A: the next with unread messages",
    "  Alt-Enter            insert a line break",
    "  Ctrl-A E B F W U K   edit the line as in a shell",
    "  Ctrl-R, Ctrl-L       reconnect now; redraw the screen",
)
