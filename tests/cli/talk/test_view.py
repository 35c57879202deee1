"""The contents of the screen, made from rooms as the client has them; no terminal and no server."""

from pathlib import Path

import pytest

from chat.cli.room_names import label, room_named
from chat.cli.table import columns
from chat.cli.talk.pending import Pending, PendingFiles
from chat.cli.talk.state import ScrollPosition, State
from chat.cli.talk.view import Picture, draw, scrolled
from chat.client import File, Message, Person, Reaction, Restored, Room, RoomSnapshot, Sender
from chat.client.wire import Deletion

ADA, BEN = Sender(id=1, name="ada"), Sender(id=2, name="ben")
DAY = 86_400_000
NOON = 20_000 * DAY + DAY // 2


def said(seq: int, text: str, sender: Sender = BEN, room: int = 1, **fields: object) -> Message:
    return Message(room=room, seq=seq, pos=seq, at=NOON + seq * 60_000, sender=sender, text=text, **fields)  # type: ignore[arg-type]


def room(number: int, kind: str, name: str | None, last: int = 0, **fields: object) -> Room:
    values: dict[str, object] = {"read": last, "pos": last, "at": NOON, "seq": last, "name": name} | fields
    return Room(RoomSnapshot(id=number, kind=kind, **values), 1, 500)  # type: ignore[arg-type]


def state_of(*rooms: Room) -> State:
    state = State({each.info.id: each for each in rooms}, 1, "ada", "chat.example")
    state.open(rooms[0].info.id)
    return state


def shown(picture: Picture) -> list[str]:
    return ["".join(text for _, text in row).rstrip() for row in picture.rows]


def with_messages(count: int, **fields: object) -> Room:
    lobby = room(1, "lobby", "lobby", count, **fields)
    for seq in range(1, count + 1):
        lobby.load(said(seq, f"text {seq}"))
    return lobby


def test_own_messages_that_a_restored_backup_lacks_can_be_edited_and_sent_again() -> None:
    state = state_of(with_messages(2))
    lost = (said(3, "mine", ADA), said(4, "of ben"), said(5, "mine too", ADA))
    assert [each.text for each in state.restore(Restored(NOON, NOON - DAY, lost))] == ["mine", "mine too"]
    assert state.restore(Restored(NOON, NOON - DAY, lost)) == [], "they are there already"
    assert state.restore(Restored(NOON, None, ())) == []
    assert "a restored backup does not have it" in "\n".join(shown(draw(state, 150, 20)))
    assert state.notice is not None
    assert state.notice.startswith("the server was restored from a backup of 2024-10-0")
    assert state.notice.endswith("; 3 messages that you saw after it are gone")
    state.edit_last_message()
    assert state.editor.text == "mine too"


def test_files_are_shown_by_their_names() -> None:
    lobby = room(1, "lobby", "lobby", 2)
    files = (
        File(id=1, name="rose.png", type="image/png", size=3),
        File(id=2, name="a\x1b.txt", type="", size=0),
    )
    lobby.load(said(1, "look", files=files))
    lobby.load(said(2, "", files=files[:1]))
    rows = [row for row in shown(draw(state_of(lobby), 40, 13)) if "(file)" in row or "look" in row]
    assert [row.strip() for row in rows] == [
        "12:01 ben: look",
        "rose.png (file)",
        "a\ufffd.txt (file)",
        "12:02 ben: rose.png (file)",
    ]


def test_messages_are_as_they_are_now() -> None:
    lobby = room(1, "lobby", "lobby", 5, topic="all of us")
    reactions = (Reaction(emoji="👍", count=2), Reaction(emoji="🎉", count=1))
    for message in (
        said(1, "", kind="join"),
        said(2, "hi @ADA, @adam and @all", reactions=reactions, mentions=(1,), all=True),
        said(3, "", deleted=Deletion(at=1)),
        said(4, "東京へ行く 東京へ行く 東京へ行く\nthen", ADA, edited=5),
        Message(room=1, seq=5, pos=5, at=NOON + DAY, sender=BEN, text="\x1b[2J"),
    ):
        lobby.load(message)
    picture = draw(state_of(lobby), 40, 13)
    assert shown(picture) == [
        " lobby  all of us",
        "── Friday, 04 October 2024 ─────────────",
        "12:01 ben joined",
        "12:02 ben: hi @ADA, @adam and @all",
        "      👍 2  🎉 1",
        "12:03 ben: (deleted)",
        "12:04 ada: 東京へ行く 東京へ行く",
        "      東京へ行く",
        "      then (edited)",
        "── Saturday, 05 October 2024 ───────────",
        "12:00 ben: \ufffd[2J",
        " ada at chat.example",
        ">",
    ]
    styles = {text: style for row in picture.rows for style, text in row}
    assert (styles["@ADA"], styles["@all"], styles["ada: "]) == ("mention", "mention", "own")
    assert "@adam" not in styles
    assert (picture.cursor, picture.is_at_top, picture.missing) == ((2, 12), True, None)
    assert all(sum(columns(text) for _, text in row) == 40 for row in picture.rows)


def test_the_room_list_shows_unread_and_visible_rooms() -> None:
    rooms = (
        room(1, "lobby", "lobby"),
        room(2, "room", "roses", unread=3, mentions=2),
        room(3, "direct", None, peer=Person(id=2, name="ben"), unread=100),
        room(4, "room", "hidden", hidden=True),
        room(5, "room", "hidden and not read", hidden=True, unread=1),
        room(6, "room", "名前がとても長い部屋です", 0),
        room(7, "support", None, peer=Person(id=9, name="eve")),
    )
    state = state_of(*rooms)
    assert [line[:22].rstrip() for line in shown(draw(state, 60, 10))[1:8]] == [
        "1 lobby             │",
        "2 #hidden and no… 1 │",
        "3 #roses       @2 3 │",
        "4 #名前がとても長…  │",
        "5 @ben          99+ │",
        "6 support eve       │",
        "                    │",
    ]
    narrow = shown(draw(state, 59, 10))
    assert "│" not in "".join(narrow)
    assert "[104 unread elsewhere, @2]" in narrow[0]
    styles = {text: style for row in draw(state, 60, 10).rows for style, text in row}
    assert (styles[" @2"], styles[" 3"]) == ("mention", "unread")
    state.open_relative(-1)
    assert state.room == 7
    state.open_relative(1)
    state.open_next_unread()
    assert state.room == 5
    # Fmt: skip.
    assert [room_named(state.rooms, name) for name in ("ROSES", "#roses", "@Ben", "ben", "3", "nothing")] == [
        2,
        2,
        3,
        3,
        3,
        None,
    ]
    assert label(rooms[6].info) == "support eve"


def test_scrolling_up_loads_missing_messages() -> None:
    lobby = with_messages(30)
    state = state_of(lobby)
    picture = draw(state, 30, 13)
    assert shown(picture)[1:11] == [f"12:{seq} ben: text {seq}" for seq in range(21, 31)]
    seen = []
    for by in (9, 9, 9, 9, -9):
        place = scrolled(state, by, picture, 30)
        assert place is not None
        state.scroll_positions[1] = place
        picture = draw(state, 30, 13)
        seen.append((place, picture.is_at_top))
    # 31 rows with that of the day, of which 10 are shown.
    assert seen == [
        (ScrollPosition(seq), is_at_top)
        for seq, is_at_top in ((21, False), (12, False), (9, True), (9, True), (18, False))
    ]
    assert scrolled(state, -99, picture, 30) is None
    state.scroll_positions.clear()
    lobby.messages.clear()
    lobby.load(said(30, "the last"))
    picture = draw(state, 30, 13)
    assert (picture.missing, picture.is_at_top) == ((1, 30), False)
    older = said(29, "older")
    state.note_history_page(1, 30, [older])  # and it is not held, as of a room with very many
    assert draw(state, 30, 13).missing is None
    state.unloadable.clear()
    lobby.load(older)
    state.note_history_page(1, 30, [older])
    assert draw(state, 30, 13).missing == (1, 29)
    state.note_history_page(1, 29, [])  # nothing is before it
    assert draw(state, 30, 13).missing is None
    state.scroll_positions[1] = ScrollPosition(99)  # as after a restored backup
    assert "the last" in shown(draw(state, 30, 13))[10]
    state.add_message("k", "said").seq = 99
    state.reset_history(1)
    assert (state.scroll_positions, state.history_starts, state.pending) == ({}, {}, [])


def test_messages_received_while_away_are_below_the_unread_divider() -> None:
    state = state_of(with_messages(5, read=3, unread=2))
    # Fmt: skip.
    assert shown(draw(state, 30, 9))[3:7] == [
        "12:03 ben: text 3",
        "── new ───────────────────────",
        "12:04 ben: text 4",
        "12:05 ben: text 5",
    ]


def test_a_pending_message_is_at_the_end_until_it_is_saved() -> None:
    lobby = with_messages(1)
    state = state_of(lobby)
    pending = state.add_message("k", "on its way")
    other = state.add_message("l", "never")
    other.refused = "too long"
    assert shown(draw(state, 50, 9))[3:] == [
        "12:01 ben: text 1",
        "  ... ada: on its way",
        "  !!! not sent: too long",
        "      never",
        " ada at chat.example · 1 waiting to be sent",
        ">",
    ]
    assert state.nth_last_message(1, own=True) is None
    pending.seq = 2
    assert "on its way" in "".join(shown(draw(state, 50, 8)))
    lobby.info = RoomSnapshot(id=1, kind="lobby", pos=2, at=NOON, seq=2, read=2)
    lobby.load(said(2, "on its way", ADA))
    state.disconnect_reason = "closed"
    lines = shown(draw(state, 60, 8))
    assert lines[6] == " disconnected, reconnecting (Ctrl-R: now) · closed"
    assert "".join(lines).count("on its way") == 1
    assert [each.key for each in state.pending] == ["l"]
    on_taken_back: list[Pending] = []
    state.on_taken_back = on_taken_back.append
    assert state.edit_last_message()
    assert (state.editor.text, state.pending, on_taken_back) == ("never", [], [other])
    state.editor.replace("")
    assert state.edit_last_message()
    assert (state.editor.text, state.editing) == ("on its way", lobby.messages[2])
    assert shown(draw(state, 60, 8))[-1] == "edit> on its way"


def test_a_long_input_has_several_rows_with_the_cursor_on_the_screen() -> None:
    state = state_of(with_messages(1))
    state.editor.insert("東京 " * 30)
    picture = draw(state, 20, 12)
    assert len(picture.rows) == 12
    assert sum("東京" in line for line in shown(picture)[2:]) == 6
    assert picture.cursor[1] == 11
    state.editor.press("ctrl a")
    assert draw(state, 20, 12).cursor == (2, 6)
    state.editor.replace("x" * 18)
    assert draw(state, 20, 12).cursor == (2, 11)
    state.editor.replace("a\x1b\tb\nc")
    assert shown(draw(state, 20, 12))[-2:] == ["> a\ufffd b", "  c"]


def test_a_page_covers_the_messages_and_scrolls() -> None:
    state = state_of(with_messages(3))
    state.show("help", [f"line {n}" for n in range(20)])
    assert shown(draw(state, 40, 7))[:3] == [" help  (Page Down: more; any other key:…", "line 0", "line 1"]
    state.page_top = 99
    assert shown(draw(state, 40, 7))[4] == "line 19"
    state.open(1)
    assert "text 3" in "".join(shown(draw(state, 40, 7)))


@pytest.mark.parametrize("size", [(1, 1), (12, 5), (60, 5), (200, 60)])
def test_every_size_has_a_picture(size: tuple[int, int]) -> None:
    state = state_of(with_messages(3))
    state.editor.insert("hello " * 20)
    rows = draw(state, *size).rows
    assert len(rows) >= size[1]
    assert {sum(columns(text) for _, text in row) for row in rows} == {max(size[0], 12)}


def test_text_typed_in_a_room_is_restored_on_return(tmp_path: Path) -> None:
    state = state_of(room(1, "lobby", "lobby"), room(2, "room", "roses"))
    state.editor.insert("half a li")
    state.open(2)
    assert state.editor.text == ""
    state.editor.insert("other")
    state.open(1)
    assert (state.editor.text, state.drafts) == ("half a li", {2: "other"})
    files = PendingFiles(tmp_path / "kept")
    files.keep_drafts(state.drafts)
    for n, key in enumerate(("b", "a")):
        files.keep(Pending(key, 1, f"text {key}", n))
    (tmp_path / "kept" / "broken.message").write_text("half")
    again = PendingFiles(tmp_path / "kept")
    assert again.drafts() == {2: "other"}
    assert [each.key for each in again.load()] == ["b", "a"]
    again.drop(again.load()[0])
    again.keep_drafts({})
    assert ([each.key for each in again.load()], again.drafts()) == (["a"], {})


def test_a_page_of_a_history_that_was_reset_meanwhile_hides_nothing() -> None:
    lobby = with_messages(50)  # of a restored backup, which had 400
    state = state_of(lobby)
    state.note_history_page(1, 400, [said(seq, f"text {seq}") for seq in range(1, 51)])
    assert "text 50" in "".join(shown(draw(state, 40, 12)))
    assert state.history_starts == {}
    state.note_history_page(1, 30, [])  # what was before it is erased
    assert state.history_starts == {1: 30}
    state.note_history_page(7, 30, [])
    assert state.history_starts == {1: 30}


def test_a_room_of_a_kind_that_only_a_newer_server_has_is_listed_last() -> None:
    state = state_of(room(1, "board", "news"), room(2, "room", "roses"))
    assert state.listed_rooms() == [2, 1]


LONG = "these are far too many words for one message " * 100


def test_a_long_text_that_was_refused_hides_nothing_that_comes_after_it() -> None:
    lobby = with_messages(1)
    state = state_of(lobby)
    for n in range(5):
        state.add_message(f"k{n}", LONG).refused = "too long: 4000 characters at most"
    state.add_message("l", "and now to something else")
    rows = shown(draw(state, 50, 12))
    assert rows[3:] == [
        "12:01 ben: text 1",
        "  !!! 3 more not sent: press ↑ to edit them",
        "  !!! not sent: too long: 4000 characters at most",
        "      these are far too many words for one messag…",
        "  !!! not sent: too long: 4000 characters at most",
        "      these are far too many words for one messag…",
        "  ... ada: and now to something else",
        " ada at chat.example · 1 waiting to be sent",
        ">",
    ]


def test_a_narrow_screen_shows_the_whole_reason_of_a_refusal() -> None:
    state = state_of(with_messages(1))
    state.notice = "not sent: the text is longer than 4000 characters; ↑ on an empty line takes it back"
    picture = draw(state, 40, 12)
    assert len(picture.rows) == 12
    assert shown(picture)[-4:] == [
        " ada at chat.example · not sent: the",
        " text is longer than 4000 characters; ↑",
        " on an empty line takes it back",
        ">",
    ]
    assert all(sum(columns(text) for _, text in row) == 40 for row in picture.rows)
    state.notice = "why " * 200
    assert shown(draw(state, 40, 12))[-2].endswith("…")
    assert len(draw(state, 12, 5).rows) == 5
    state.notice = ""
    assert shown(draw(state, 40, 12))[-2] == " ada at chat.example"
    state.disconnect_reason = "the certificate of chat.example is not trusted"
    assert "is not trusted" in " ".join(shown(draw(state, 40, 12))[-4:])
