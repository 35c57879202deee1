"""Threads: `/thread` shows the replies to a message; `/follow` and `/unfollow` switch notifications of more."""

from datetime import datetime

from chat.cli.room_names import label
from chat.cli.talk.context import Command, Context, Feature, nth_last_message
from chat.cli.talk.transcript import shown_text
from chat.cli.talk.width import Row, clean
from chat.client import Message


async def _thread(context: Context, which: str) -> None:
    message = nth_last_message(context.state, which)
    room = context.state.rooms.get(message.room)
    place = (
        "" if room is None else f" in {label(room.info)}"
    )  # another room may be open when the answer comes
    thread = await context.chat.thread(message.room, message.root or message.seq)
    followed = ", you follow it" if thread.following else ""
    count = f"{thread.replies} {'reply' if thread.replies == 1 else 'replies'}"
    rows: list[str | Row] = [
        "the first message is no longer kept" if thread.message is None else _row(thread.message)
    ]
    if not thread.first:
        rows.append(f"the last {len(thread.messages)} replies:")
    context.state.show(f"thread{place}: {count}{followed}", [*rows, *map(_row, thread.messages)])


async def _follow(context: Context, which: str) -> None:
    message = nth_last_message(context.state, which)
    await context.chat.follow_thread(message.room, message.seq)
    context.state.notice = "you follow this thread: you are notified of replies"


async def _unfollow(context: Context, which: str) -> None:
    message = nth_last_message(context.state, which)
    await context.chat.unfollow_thread(message.room, message.seq)
    context.state.notice = "you do not follow this thread any more"


def _row(message: Message) -> Row:
    when = datetime.fromtimestamp(message.at / 1000).astimezone()
    return (
        ("time", f"{when:%Y-%m-%d %H:%M} "),
        ("name", f"{_one_line(message.sender.name)}: "),
        ("", _one_line(shown_text(message))),
    )


def _one_line(text: str) -> str:
    return clean(" ".join(text.split()))


THREADS = Feature(
    commands={
        "/thread": Command(
            "[N]", "show the thread of the last message; N = 2: of the one before it", _thread
        ),
        "/follow": Command("[N]", "be notified of replies in the thread of the last message", _follow),
        "/unfollow": Command("[N]", "be notified of no more replies in it", _unfollow),
    },
    describe=lambda _state, _change: None,
)
