"""Which messages are new."""

from chat.cli.talk.new_messages import NewMessages
from chat.client import Connected, Message, NewMessage, RoomGone, RoomSnapshot
from tests.cli.talk.test_view import BEN, NOON, said


def new_message(seq: int) -> NewMessage:
    return NewMessage(room=7, seq=seq, pos=seq, at=NOON, sender=BEN, text="hi")


def snapshot_with(last: Message | None, read: int = 0) -> RoomSnapshot:
    seq = last.seq if last else 0
    return RoomSnapshot(id=7, kind="direct", pos=seq, at=NOON, seq=seq, read=read, last=last)


def test_messages_from_before_the_start_are_not_new() -> None:
    news = NewMessages()
    assert news.message_in(snapshot_with(said(3, "hi", room=7))) is None
    assert news.message_in(Connected()) is None
    assert news.message_in(snapshot_with(said(3, "hi", room=7))) is None  # its settings have changed
    assert news.message_in(new_message(4)) == new_message(4)
    assert news.message_in(snapshot_with(said(4, "hi", room=7))) is None
    assert news.message_in(RoomGone(room=7)) is None


def test_the_last_message_of_a_room_that_one_comes_into_is_new_where_it_is_not_read() -> None:
    news = NewMessages()
    news.message_in(Connected())
    assert news.message_in(snapshot_with(None)) is None
    assert news.message_in(snapshot_with(said(2, "hi", room=7), read=2)) is None
    first = said(3, "hi", room=7)
    assert news.message_in(snapshot_with(first)) == first
    assert news.message_in(snapshot_with(first)) is None
