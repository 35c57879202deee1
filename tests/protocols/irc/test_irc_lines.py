"""Lines, names and capabilities: pure functions."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.domain.entities import LOBBY_ID, Message, Pair, Person, RoomKind
from chat.domain.messages.changes import Deleted, Edited, Removed, RoleChanged, RoomChanged
from chat.domain.messages.sync_types import RoomSnapshot
from chat.domain.rooms.membership import RoomRole
from chat.domain.text.rules import clean_name, clean_room_name, same_name_key
from chat.engine.events import Said
from chat.protocols.client import Misunderstood
from chat.protocols.irc.answering import answered
from chat.protocols.irc.caps import NAMES, Cap, changed, offered
from chat.protocols.irc.client import IrcClient
from chat.protocols.irc.dialect import IRC
from chat.protocols.irc.directory import Directory
from chat.protocols.irc.encoder import IrcEncoder, LabelEncoder, msgid, seq_of, time_of
from chat.protocols.irc.history import moment
from chat.protocols.irc.lines import (
    INPUT_TOO_LONG,
    INVALID_CHARACTERS,
    INVALID_UTF8,
    MALFORMED,
    TOO_LONG,
    BadLine,
    Line,
    escaped,
    parse,
    pieces,
    without_formatting,
)
from chat.protocols.irc.multiline import Multiline
from chat.protocols.irc.names import channel_of, group_of, name_of, nick_of, room_name_of
from tests.protocols.strategies import events, texts

ADA, BEN = Person(id=1, name="ada"), Person(id=2, name="ben b")
names = st.text(st.sampled_from("abcXYZ019_.- éЖ中\u0301"), min_size=1, max_size=64)

# --- names ---


@given(names)
def test_each_name_has_a_nick_that_no_other_name_has(written: str) -> None:
    name = clean_name(written)
    if isinstance(name, str):
        nick = nick_of(name)
        assert name_of(nick) == name
        assert re.fullmatch(r"[^\s\x00-\x1f,:!@#&+%~*?$]+", nick)
        assert not (nick[0].isdigit())
        assert nick[0] not in "-."


@given(names)
def test_each_room_has_a_channel_that_no_other_room_has(written: str) -> None:
    name = clean_room_name(written)
    if isinstance(name, str):
        assert room_name_of(channel_of(name)) == name
        assert re.fullmatch(r"#[^\s\x00-\x1f,:]+", channel_of(name))


@given(names, names)
def test_nicks_collide_only_where_names_do(one: str, other: str) -> None:
    def rfc1459(nick: str) -> str:
        return nick.lower().translate(str.maketrans("[]\\~", "{}|^"))

    if rfc1459(nick_of(one)) == rfc1459(nick_of(other)):
        assert same_name_key(one) == same_name_key(other)


@pytest.mark.parametrize(
    ("nick", "name"),
    [
        ("ada", "ada"),
        ("Ada|Lovelace", "Ada Lovelace"),
        ("^7of9", "7of9"),
        ("^.dot", ".dot"),
        ("7of9", None),
        ("^ada", None),
        ("", None),
        ("^", None),
    ],
)
def test_a_nick_that_is_written_otherwise_is_nobodys(nick: str, name: str | None) -> None:
    assert name_of(nick) == name


def test_groups_have_channels_by_number() -> None:
    assert group_of("&17") == 17
    assert [group_of(each) for each in ("&017", "&x", "#17", "&", "&٣", "&" + "9" * 30)] == [None] * 6
    assert room_name_of("&17") is None


# --- lines ---


@pytest.mark.parametrize(
    ("line", "verb", "params"),
    [
        ("PING", "PING", ()),
        ("privmsg #a :hello all", "PRIVMSG", ("#a", "hello all")),
        (":forged!u@h PRIVMSG #a x", "PRIVMSG", ("#a", "x")),
        ("@label=1;+typing=active TAGMSG #a", "TAGMSG", ("#a",)),
        ("USER u  0 * :", "USER", ("u", "0", "*", "")),
        ("TOPIC #a ::)", "TOPIC", ("#a", ":)")),
        ("  JOIN #a", "JOIN", ("#a",)),
        ("no_such x", "NO_SUCH", ("x",)),
    ],
)
def test_a_line_has_a_command_and_parameters(line: str, verb: str, params: tuple[str, ...]) -> None:
    read = parse(line)
    assert isinstance(read, Line)
    assert (read.verb, read.params) == (verb, params)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("PRIVMSG #a :one\rQUIT", INVALID_CHARACTERS),
        ("PRIVMSG #a :a\0b", INVALID_CHARACTERS),
        (b"PRIVMSG #a :\xff", INVALID_UTF8),
        (TOO_LONG, INPUT_TOO_LONG),
        ("PRIVMSG #a :" + "x" * 499, INPUT_TOO_LONG),
        ("PRIVMSG #a :" + "é" * 250, INPUT_TOO_LONG),
        ("@a=" + "x" * 4096 + " PING x", INPUT_TOO_LONG),
        ("@a=b", MALFORMED),
        (":source", MALFORMED),
        ("ÄÖ x", MALFORMED),
        ("P! x", MALFORMED),
        ("X " + "a " * 16, MALFORMED),
    ],
)
def test_a_line_that_is_none_says_why(line: str | bytes, why: object) -> None:
    read = parse(line)
    assert isinstance(read, BadLine)
    assert read.why is why


@given(st.text() | st.binary())
def test_every_line_becomes_a_command_that_is_handled(line: str | bytes) -> None:
    assert type(IRC.decode(line)) in {*IrcClient.handlers} - {Misunderstood}


def test_tags_are_unescaped_and_escaped() -> None:
    read = parse(r"@a=x\:\s\\\r\n\y\;b;+c= PING x")
    assert isinstance(read, Line)
    assert read.tags == {"a": "x; \\\r\ny", "b": "", "+c": ""}
    assert escaped("x; \\\r\n") == r"x\:\s\\\r\n"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300), st.integers(4, 80))
def test_a_long_text_is_split_and_nothing_of_it_is_lost(text: str, room: int) -> None:
    split = pieces(text, room)
    assert "".join(split) == text
    assert all(len(each.encode()) <= room for each in split)


def test_colours_and_styles_of_clients_are_left_out() -> None:
    assert without_formatting("\x02bold\x02 \x0304,12red\x03 \x04ff0000x\x0f \x1dy") == "bold red x y"


def test_capabilities_are_asked_for_all_or_none() -> None:
    assert changed(Cap.NONE, ["sasl", "batch"], 302) == Cap.SASL | Cap.BATCH
    assert changed(Cap.SASL, ["-sasl", "batch"], 302) == Cap.BATCH
    assert changed(Cap.NONE, ["sasl", "klingon"], 302) is None
    assert changed(Cap.CAP_NOTIFY, ["-cap-notify"], 302) is None
    assert offered(301) == list(NAMES)
    assert "sasl=PLAIN" in offered(302)


def test_times_and_ids_of_messages_are_read_as_they_are_written() -> None:
    assert moment(f"timestamp={time_of(1_700_000_000.123456)}") == 1_700_000_000.123
    for bad in (
        "timestamp=",
        "timestamp=x",
        "2026-01-01",
        "timestamp=0001-01-01T00:00:00Z",
        "timestamp=" + "1" * 99,
    ):
        assert moment(bad) is None
    assert seq_of(msgid(7, 12), 7) == 12
    assert [seq_of(each, 7) for each in ("8-12", "7-", "7-x", "7", "7-٣")] == [None] * 5


def test_a_multiline_message_is_joined_and_bounded() -> None:
    def line(text: str, *, target: str = "#a", verb: str = "PRIVMSG", concat: bool = False) -> Line:
        tags = {"draft/multiline-concat": ""} if concat else {}
        return Line(verb=verb, params=(target, text), tags=tags)

    begun = Multiline("1", "#a", line(""), None)
    assert [begun.add(each) for each in (line("one"), line("two"), line(" more", concat=True), line(""))] == [
        None
    ] * 4
    assert begun.text == "one\ntwo more\n"
    assert begun.add(line("x", target="#b")) == "MULTILINE_INVALID_TARGET"
    assert begun.add(line("x", verb="NOTICE")) == "MULTILINE_INVALID"
    assert Multiline("1", "#a", line(""), None).add(line("x", concat=True)) == "MULTILINE_INVALID"
    full = Multiline("1", "#a", line(""), None)
    assert [code for _ in range(101) if (code := full.add(line("x")))] == ["MULTILINE_MAX_LINES"]
    assert next(code for _ in range(100) if (code := full.add(line("x" * 400)))) == "MULTILINE_MAX_LINES"


# --- answers ---


def test_an_answer_carries_the_label_of_its_request() -> None:
    caps = Cap.LABELS | Cap.BATCH
    assert answered("h", [], "1", caps) == b"@label=1 :h ACK\r\n"
    assert answered("h", [":h A"], "1", caps) == b"@label=1 :h A\r\n"
    assert answered("h", ["@time=x :h A"], "1", caps) == b"@label=1;time=x :h A\r\n"
    batch = answered("h", [":h A", "@time=x :h B"], "1", caps).decode().splitlines()
    assert batch[0] == "@label=1 :h BATCH +labeled labeled-response"
    assert batch[1:3] == ["@batch=labeled :h A", "@batch=labeled;time=x :h B"]
    own = answered("h", [":h BATCH +x chathistory #a", "@batch=x :h B", ":h BATCH -x"], "1", caps)
    assert own.startswith(b"@label=1 :h BATCH +x chathistory #a\r\n@batch=x :h B")
    assert answered("h", [":h A", ":h B"], None, caps) == b":h A\r\n:h B\r\n"


# --- what is sent ---

SETS = [Cap.NONE, Cap.TAGS, Cap.ECHO | Cap.TIME | Cap.ACCOUNT_TAG | Cap.TAGS, ~Cap.NONE]


def directory() -> Directory:
    known = Directory("chat.localhost")
    lobby = RoomSnapshot(id=LOBBY_ID, kind=RoomKind.LOBBY, name="lobby")
    known.place(lobby, ADA)
    known.place(RoomSnapshot(id=7, kind=RoomKind.ROOM, name="the garden", topic="roses"), ADA)
    known.place(RoomSnapshot(id=9, kind=RoomKind.DIRECT, peer=BEN), ADA)
    return known


def said(text: str, room_id: int = 7, sender: Person = ADA, people: Pair | None = None) -> Said:
    return Said(Message(50, room_id, 3, sender.id, sender.name, text, 0.5, people=people))


@pytest.mark.parametrize("caps", SETS, ids=range(len(SETS)))
@given(event=events())
def test_every_event_becomes_whole_lines_or_nothing(caps: Cap, event: object) -> None:
    assert_lines(IrcEncoder(caps, directory()).encode(event))  # type: ignore[arg-type]


@pytest.mark.parametrize("caps", SETS, ids=range(len(SETS)))
@given(text=texts)
def test_a_text_never_ends_its_line_nor_exceeds_it(caps: Cap, text: str) -> None:
    assert_lines(IrcEncoder(caps, directory()).encode(said(text)))


def assert_lines(sent: bytes) -> None:
    assert not sent or sent.endswith(b"\r\n")
    for line in sent.split(b"\r\n")[:-1]:
        assert not re.search(rb"[\r\n\0]", line)
        rest = line.partition(b" ")[2] if line.startswith(b"@") else line
        assert rest.startswith(b":")
        assert len(rest) <= 510
        assert rest.count(b"\x01") in (0, 2)


def test_a_message_goes_to_its_channel_or_to_the_other_person() -> None:
    encoder = IrcEncoder(Cap.NONE, directory())
    assert encoder.encode(said("hi")) == b":ada!u1@chat.localhost PRIVMSG #the|garden :hi\r\n"
    pair = Pair(1, 2)
    assert encoder.encode(said("hi", 9, ADA, pair)) == b":ada!u1@chat.localhost PRIVMSG ben|b :hi\r\n"
    assert encoder.encode(said("hi", 9, BEN, pair)) == b":ben|b!u2@chat.localhost PRIVMSG ada :hi\r\n"
    assert encoder.encode(said("hi", 99)) == b"", "no client is in that room"


def test_an_action_is_one_in_both_directions() -> None:
    encoder = IrcEncoder(Cap.NONE, directory())
    assert encoder.encode(said("/me waves")).endswith(b":\x01ACTION waves\x01\r\n")
    long = encoder.encode(said("/me " + "x" * 900))
    assert long.count(b"\x01ACTION ") == 2


def test_lines_are_a_batch_where_the_client_knows_that() -> None:
    lines = IrcEncoder(Cap.MULTILINE | Cap.BATCH | Cap.TAGS, directory()).encode(
        said("one\ntwo " + "x" * 600)
    )
    split = lines.decode().splitlines()
    assert split[0] == "@msgid=7-3 :ada!u1@chat.localhost BATCH +m7-3 draft/multiline #the|garden"
    assert split[-1] == ":chat.localhost BATCH -m7-3"
    assert [line.partition(" ")[0] for line in split[1:-1]] == [
        "@batch=m7-3",
        "@batch=m7-3",
        "@batch=m7-3;draft/multiline-concat",
    ]


def test_the_label_of_ones_own_message_is_used_once() -> None:
    labels = {50: "x"}
    encoder = LabelEncoder(IrcEncoder(Cap.ECHO | Cap.TAGS, directory()), labels)
    assert encoder.echoes
    assert encoder.encode(said("hi")).startswith(b"@label=x;msgid=7-3 ")
    assert encoder.encode(said("hi")).startswith(b"@msgid=7-3 ")


def test_changes_of_a_room_are_shown() -> None:
    known = directory()
    known.note_person(2, "ben b")
    encoder = IrcEncoder(Cap.REDACTION | Cap.TAGS, known)
    removed = Removed(60, 7, 5, 2, 1, 0.5)
    assert encoder.encode(removed) == b":ada!u1@chat.localhost KICK #the|garden ben|b :ada\r\n"
    assert encoder.encode(Removed(60, 7, 5, 2, 2, 0.5)) == b":ben|b!u2@chat.localhost PART #the|garden\r\n"
    made = RoleChanged(61, 7, 6, 2, RoomRole.MODERATOR, 1, 0.5)
    assert encoder.encode(made) == b":ada!u1@chat.localhost MODE #the|garden +o ben|b\r\n"
    deleted = Deleted(62, 7, 3, 7, 1, 0.5)
    assert encoder.encode(deleted) == b":ada!u1@chat.localhost REDACT #the|garden 7-3\r\n"
    assert IrcEncoder(Cap.NONE, known).encode(deleted) == b""
    edited = Edited(63, 7, 3, 8, 1, "hello", 0.5)
    assert encoder.encode(edited).endswith(b"PRIVMSG #the|garden :(edited) hello\r\n")


def test_each_encoder_shows_the_topic_before_and_after_a_change() -> None:
    known, renamed = directory(), list[tuple[str, str]]()
    known.on_renamed = lambda place, before, _actor: renamed.append((before, place.target))
    change = RoomChanged(70, 7, 9, 1, "orchard", "apples", True, False, 0.5)
    for encoder in (IrcEncoder(Cap.NONE, known), IrcEncoder(Cap.ECHO, known)):
        assert encoder.encode(change) == (
            b":ada!u1@chat.localhost TOPIC #orchard :apples\r\n:ada!u1@chat.localhost MODE #orchard +i\r\n"
        )
    assert renamed == [("#the|garden", "#orchard")]
    assert known.room_of("#ORCHARD") == 7
    assert known.room_of("#the|garden") is None
