"""Pinned messages: `/pin`, `/unpin`, `/pins`, and a line where somebody pins or unpins a message."""

from datetime import datetime

from chat.cli.room_names import label
from chat.cli.talk.context import Command, CommandError, Context, Feature, nth_last_message
from chat.cli.talk.state import State
from chat.cli.talk.transcript import shown_text
from chat.cli.talk.width import Row, clean
from chat.client import FeatureChange, Pinned, PinnedMessage


async def _pin(context: Context, which: str) -> None:
    message = nth_last_message(context.state, which)
    pins = await context.chat.pin(message.room, message.seq)
    context.state.notice = f"pinned: {pins} in this room, /pins lists them"


async def _unpin(context: Context, which: str) -> None:
    message = nth_last_message(context.state, which)
    pins = await context.chat.unpin(message.room, message.seq)
    context.state.notice = f"not pinned now: {pins} in this room, /pins lists them"


async def _pins(context: Context, _rest: str) -> None:
    room = context.state.current
    if room is None:
        raise CommandError("you are in no room")
    title = f"pinned in {label(room.info)}"  # another room may be open when the answer comes
    pins = await context.chat.pins(room.info.id)
    context.state.show(
        title, [_row(each) for each in pins] or ["no message is pinned: /pin pins the last one"]
    )


def _row(pin: PinnedMessage) -> Row:
    message = pin.message
    when = datetime.fromtimestamp(message.at / 1000).astimezone()
    by = f"  (pinned by {_one_line(pin.by.name)})" if pin.by is not None else ""
    sender = _one_line(message.sender.name)
    return (
        ("time", f"{when:%Y-%m-%d %H:%M} "),
        ("name", f"{sender}: "),
        ("", _one_line(shown_text(message))),
        ("time", by),
    )


def _describe(state: State, change: FeatureChange) -> str | None:
    if not isinstance(change, Pinned):
        return None
    room = state.rooms.get(change.room)
    name = (
        state.name
        if change.by == state.person_id
        else state.people.names(room).get(change.by or 0, "somebody")
    )
    message = None if room is None else room.messages.get(change.seq)
    text = (
        "" if message is None or message.deleted is not None else f": {_one_line(shown_text(message))[:60]}"
    )
    return f"{name} {'pinned' if change.on else 'unpinned'} a message{text}"


def _one_line(text: str) -> str:
    return clean(" ".join(text.split()))


PINS = Feature(
    commands={
        "/pin": Command("[N]", "pin the last message for everybody here; N = 2: the one before it", _pin),
        "/unpin": Command("[N]", "unpin the last message; N = 2: the one before it", _unpin),
        "/pins": Command("", "list the pinned messages of this room", _pins),
    },
    describe=_describe,
)
