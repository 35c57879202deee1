"""The checker finds each kind of violation in a history, and nothing in a correct one.

Each case takes the history of a whole world and spoils it in one place. That it raises no false alarm is shown by
the worlds of `test_simulation.py`, some two hundred of them in every run.
"""

import random
from collections.abc import Callable

import pytest
from msgspec import structs

from tests.simulation.checker import check
from tests.simulation.draw import draw_plan
from tests.simulation.moderated import check_moderated
from tests.simulation.record import UNADDRESSED, Act, EditedRoom, Event, History, ModeratedRoom, Row
from tests.simulation.world import simulate

BASES = (5, 18, 43, 56)
"""Seeds whose worlds have some of everything; the last has people with several inboxes, and a busy desk."""


@pytest.fixture(scope="module")
def histories() -> list[History]:
    return [simulate(draw_plan(seed)) for seed in BASES]


def _pick(history: History, chance: random.Random, fits: Callable[[Event], bool]) -> int:
    return chance.choice([index for index, event in enumerate(history.events) if fits(event)])


def _row(history: History, text: str) -> int:
    return next(index for index, row in enumerate(history.rows) if row.text == text)


def _without(history: History, gone: Row) -> None:
    """Take a row away so that `seq` shows no hole."""
    history.rows[:] = [
        structs.replace(row, seq=row.seq - (row.topic == gone.topic and row.seq > gone.seq))
        for row in history.rows
        if row is not gone
    ]


def _has_subscribers_in(topic: str) -> Callable[[Event], bool]:
    return lambda event: event.op == "hear" and event.topic.startswith(topic) and bool(event.text)


def _stored(history: History) -> set[str]:
    return {row.text for row in history.rows}


def lost_acknowledged(history: History, chance: random.Random) -> None:
    ack = history.events[_pick(history, chance, lambda e: e.op == "ack")]
    gone = next(row for row in history.rows if row.id == ack.id)
    _without(history, gone)
    history.events[:] = [e for e in history.events if e.op != "hear" or e.text != gone.text]


def stored_twice(history: History, chance: random.Random) -> None:
    row = chance.choice([row for row in history.rows if row.text])
    behind = max(other.seq for other in history.rows if other.topic == row.topic) + 1
    history.rows.append(structs.replace(row, id=10**6, seq=behind))


def received_twice(history: History, chance: random.Random) -> None:
    index = _pick(history, chance, _has_subscribers_in("room:"))
    history.events.insert(index, history.events[index])


def received_out_of_order(history: History, chance: random.Random) -> None:
    asked = {e.conn for e in history.events if e.op == "recall"}
    received: dict[str, list[int]] = {}
    for index, event in enumerate(history.events):
        if _has_subscribers_in("lobby")(event) and event.conn not in asked and event.text in _stored(history):
            received.setdefault(event.conn, []).append(index)
    indexes = chance.choice([found for found in received.values() if len(found) > 1])
    one, other = indexes[0], indexes[-1]
    history.events[one], history.events[other] = history.events[other], history.events[one]


def silent_gap(history: History, chance: random.Random) -> None:
    asked = {e.conn for e in history.events if e.op == "recall"}
    received: dict[str, list[int]] = {}
    for index, event in enumerate(history.events):
        if _has_subscribers_in("lobby")(event) and event.conn not in asked:
            received.setdefault(event.conn, []).append(index)
    own = {(e.conn, e.text) for e in history.events if e.op == "send"}
    middles = [
        i
        for found in received.values()
        for i in found[1:-1]
        if (history.events[i].conn, history.events[i].text) not in own
    ]
    del history.events[chance.choice(middles)]


def missed_to_the_end(history: History, chance: random.Random) -> None:
    alive = {e.conn for e in history.events if e.op == "alive"} - {
        e.conn for e in history.events if e.op == "recall"
    }
    sent = {e.text: i for i, e in enumerate(history.events) if e.op == "send"}
    ready = {e.conn: i for i, e in enumerate(history.events) if e.op == "ready" and e.topic == "lobby"}
    conn = history.events[
        _pick(
            history,
            chance,
            lambda e: (
                _has_subscribers_in("lobby")(e)
                and e.conn in alive
                and e.conn in ready
                and sent[e.text] > ready[e.conn]
                and not any(h.op == "send" and (h.text, h.conn) == (e.text, e.conn) for h in history.events)
            ),
        )
    ]
    last = max(
        i for i, e in enumerate(history.events) if e.conn == conn.conn and _has_subscribers_in("lobby")(e)
    )
    del history.events[last]


def seen_and_not_saved(history: History, chance: random.Random) -> None:
    received = history.events[
        _pick(history, chance, lambda e: _has_subscribers_in("lobby")(e) and e.text in _stored(history))
    ]
    _without(history, history.rows[_row(history, received.text)])


def received_in_the_wrong_room(history: History, chance: random.Random) -> None:
    index = _pick(history, chance, _has_subscribers_in("room:"))
    history.events[index] = structs.replace(history.events[index], topic="room:99")


def under_another_name(history: History, chance: random.Random) -> None:
    index = _pick(history, chance, lambda e: _has_subscribers_in("lobby")(e) and e.text in _stored(history))
    history.events[index] = structs.replace(history.events[index], name="mallory")


def saved_under_another_name(history: History, chance: random.Random) -> None:
    index = chance.randrange(len(history.rows))
    history.rows[index] = structs.replace(history.rows[index], name="mallory")


def altered_text(history: History, chance: random.Random) -> None:
    index = chance.choice([i for i, row in enumerate(history.rows) if row.text])
    history.rows[index] = structs.replace(history.rows[index], text="something else")


def hole_in_seq(history: History, chance: random.Random) -> None:
    index = chance.randrange(len(history.rows))
    history.rows[index] = structs.replace(history.rows[index], seq=history.rows[index].seq + 1000)


def told_after_removal(history: History, chance: random.Random) -> None:
    received = history.events[_pick(history, chance, _has_subscribers_in("room:"))]
    who = next(e.who for e in history.events if e.conn == received.conn)
    history.events[:] = [
        e for e in history.events if not (e.op.startswith(("join", "invite")) and e.who == who and e.text)
    ]
    at = next(i for i, e in enumerate(history.events) if e.op == "send" and e.text == received.text)
    history.events[at:at] = [
        Event(0.0, "join answered", who=who, topic=received.topic, note="200"),
        Event(0.0, "remove asked", who=who, topic=received.topic, text="x"),
        Event(0.0, "remove answered", who=who, topic=received.topic, text="x", note="200"),
    ]


def received_without_membership(history: History, chance: random.Random) -> None:
    received = history.events[_pick(history, chance, _has_subscribers_in("room:"))]
    who = next(e.who for e in history.events if e.conn == received.conn)
    history.events[:] = [
        e
        for e in history.events
        if not (e.op.startswith(("join", "invite")) and (e.who, e.topic) == (who, received.topic))
    ]


def forbidden_and_stored(history: History, chance: random.Random) -> None:
    index = _pick(history, chance, lambda e: e.op == "send" and e.text in _stored(history))
    history.events[index] = structs.replace(history.events[index], note="forbidden")


def refused_and_stored(history: History, chance: random.Random) -> None:
    index = _pick(history, chance, lambda e: e.op == "ack" and bool(e.text))
    history.events[index] = structs.replace(history.events[index], op="nack")


def acknowledged_as_another(history: History, chance: random.Random) -> None:
    index = _pick(history, chance, lambda e: e.op == "ack")
    mine = history.events[index]
    other = next(row.id for row in history.rows if row.id != mine.id and row.who != mine.who)
    history.events[index] = structs.replace(mine, id=other)


def later_comes_first(history: History, chance: random.Random) -> None:
    """Two messages of one room change places in the storage, and in every ear."""
    topic = max(
        {row.topic for row in history.rows}, key=lambda t: sum(row.topic == t for row in history.rows)
    )
    rows = [i for i, row in enumerate(history.rows) if row.topic == topic and row.text]
    one, other = history.rows[rows[0]], history.rows[rows[-1]]
    history.rows[rows[0]] = structs.replace(other, id=one.id, seq=one.seq)
    history.rows[rows[-1]] = structs.replace(one, id=other.id, seq=other.seq)


def direct_in_other_ears(history: History, chance: random.Random) -> None:
    index = _pick(history, chance, lambda e: _has_subscribers_in("direct:")(e) and e.who > 0)
    conn = next(
        e.conn
        for e in history.events
        if e.op == "open" and e.note == "direct" and e.who not in (0, history.events[index].who)
    )
    history.events.append(structs.replace(history.events[index], conn=conn))


def support_in_other_ears(history: History, chance: random.Random) -> None:
    row = chance.choice([row for row in history.rows if row.topic.startswith("support:")])
    conn = next(
        e.conn
        for e in history.events
        if e.op == "open"
        and e.note == "support"
        and e.who not in history.operators
        and row.topic != f"support:{e.who}"
    )
    history.events.append(Event(0.0, "hear", conn, topic=row.topic, id=row.id, text=row.text))


def no_goodbye(history: History, chance: random.Random) -> None:
    alive = {e.conn for e in history.events if e.op == "alive"}
    index = _pick(history, chance, lambda e: e.op == "end" and e.conn in alive)
    history.events[index] = structs.replace(history.events[index], note="0")


def taken_for_dead(history: History, chance: random.Random) -> None:
    silent = {e.conn for e in history.events if e.op == "silent"}
    index = _pick(history, chance, lambda e: e.op == "end" and e.conn not in silent)
    history.events[index] = structs.replace(history.events[index], note="4009")


def read_with_a_gap(history: History, chance: random.Random) -> None:
    reads: dict[str, list[int]] = {}
    for index, event in enumerate(history.events):
        if event.op == "read":
            reads.setdefault(event.name, []).append(index)
    del history.events[chance.choice([found for found in reads.values() if len(found) > 2])[1]]


def never_received(history: History, chance: random.Random) -> None:
    rows = [row for row in history.rows if row.topic.startswith("direct:") and row.text]
    row = chance.choice(rows)
    history.events[:] = [
        e for e in history.events if e.op != "hear" or e.text != row.text or e.who == row.who
    ]


def told_again(history: History, chance: random.Random) -> None:
    saved = {row.text for row in history.rows if row.topic.startswith("direct:")}
    received: dict[str, list[Event]] = {}
    follow: list[tuple[Event, int]] = []
    ended: dict[int, list[tuple[int, Event]]] = {}
    begun: dict[str, int] = {}
    unread: set[str] = set()
    for index, event in enumerate(history.events):
        begun.setdefault(event.conn, index)
        is_direct = history.events[begun[event.conn]].note == "direct"
        if event.op in ("silent", "leave"):
            unread.add(event.conn)  # its later answers may not reach the server
        elif is_direct and event.op == "hear" and event.text in saved and event.who:
            if event.conn not in unread:
                received.setdefault(event.conn, []).append(event)
        elif event.op == "end" and (last := received.get(event.conn)):
            ended.setdefault(event.who, []).append((index, last[0]))
        elif is_direct and event.op == "ready" and event.topic == "inbox":
            # Not of a connection that was there meanwhile: of two at once both may be sent a message.
            before = [first for end, first in ended.get(event.who, []) if end < begun[event.conn]]
            if before:
                follow.append((chance.choice(before), index))
    first, index = chance.choice(follow)
    later = history.events[index]
    place = history.events.index(first)
    end = next(e for e in history.events[place:] if e.op == "end" and e.conn == first.conn)
    again = structs.replace(first, conn=later.conn, at=later.at)
    answer = structs.replace(first, op="confirm", text="", topic="", at=min(first.at, end.at - 4))
    history.events.insert(index + 1, again)
    history.events.insert(place + 1, answer)
    apart = [
        e for e in history.events if e.op == "vanish" or e.note == "partition" or e.op == "server killed"
    ]
    history.events[:] = [e for e in history.events if e not in apart]
    history.failing = []


def answered_another(history: History, chance: random.Random) -> None:
    rows = {row.text: row for row in history.rows}
    sends = [e for e in history.events if e.op == "send" and e.topic == UNADDRESSED and e.text in rows]
    answer = rows[chance.choice(sends).text]
    spoke = [row for row in history.rows if row.topic == f"support:{row.who}" and row.id < answer.id]
    elsewhere = sorted({row.topic for row in spoke} - {answer.topic})
    history.rows.append(structs.replace(answer, topic=chance.choice(elsewhere)))
    history.rows.remove(answer)


def said_to_who_blocks(history: History, chance: random.Random) -> None:
    texts = {row.text for row in history.rows if row.topic.startswith("direct:")}
    ended = {(e.who, e.id) for e in history.events if e.op == "unblock asked"}
    sends = [e for e in history.events if e.op == "send" and e.text in texts and e.at > 2]
    said = chance.choice([e for e in sends if (e.id, e.who) not in ended])
    for note in ("answered", "asked"):
        block = Event(0.0, f"block {note}", who=said.id, id=said.who, text="a block", note="204")
        history.events.insert(0, block)
    history.failing = []


def not_answered(history: History, chance: random.Random) -> None:
    quiet = {e.conn for e in history.events} - {
        e.conn for e in history.events if e.op in ("silent", "vanish")
    }
    ends = {e.conn: e.at for e in history.events if e.op == "end"}
    waits = [e for e in history.events if e.op == "enter asked" and e.conn in quiet]
    asked = chance.choice([e for e in waits if ends.get(e.conn, 0.0) - e.at > 13])
    history.events[:] = [
        e
        for e in history.events
        if not (e.op == "enter answered" and (e.conn, e.at >= asked.at) == (asked.conn, True))
    ]
    history.failing = []


MUTANTS = (
    said_to_who_blocks,
    never_received,
    told_again,
    answered_another,
    not_answered,
    lost_acknowledged,
    stored_twice,
    received_twice,
    received_out_of_order,
    silent_gap,
    missed_to_the_end,
    seen_and_not_saved,
    received_in_the_wrong_room,
    under_another_name,
    saved_under_another_name,
    altered_text,
    hole_in_seq,
    told_after_removal,
    received_without_membership,
    forbidden_and_stored,
    refused_and_stored,
    acknowledged_as_another,
    later_comes_first,
    direct_in_other_ears,
    support_in_other_ears,
    no_goodbye,
    taken_for_dead,
    read_with_a_gap,
)


def test_untouched_histories_are_right(histories: list[History]) -> None:
    assert [check(history) for history in histories] == [[]] * len(BASES)


@pytest.mark.parametrize(("put_out", "wrong"), [(True, 0), (False, 1)])
def test_a_member_removed_before_the_answer_to_their_join_gets_nothing(put_out: bool, wrong: int) -> None:
    room = "room:2"
    events = [
        Event(0.0, "join answered", who=3, topic=room, note="200"),
        Event(0.0, "join answered", who=4, topic=room, note="200"),
        Event(1.0, "open", "9.1", 3, note="rooms"),
        Event(1.0, "open", "19.1", 4, note="rooms"),
        Event(2.0, "enter asked", "9.1", 3),
        *(
            Event(3.0, f"remove {step}", who=3, topic=room, text="m4-1", note=note)
            for step, note in (("asked", ""), ("answered", "200"))
            if put_out
        ),
        Event(4.0, "enter answered", "9.1", 3),
        Event(4.0, "ready", "9.1", 3, room),
        Event(5.0, "send", "19.1", 4, room, text="m19-1"),
        Event(6.0, "ack", "19.1", 4, id=1),
        Event(7.0, "alive", "9.1", 3),
        Event(8.0, "end", "9.1", 3, note="1001"),
    ]
    rows = [Row(room, 1, 1, 4, "4", "m19-1")]
    history = History(events, rows, {3: ["3"], 4: ["4"]}, [], [], [])
    assert len([problem for problem in check(history) if "never heard" in problem]) == wrong


@pytest.mark.parametrize("spoil", MUTANTS, ids=lambda spoil: spoil.__name__)
def test_a_spoilt_history_is_found(spoil: Callable[..., None], histories: list[History]) -> None:
    spoilt = 0
    for history in histories:
        for seed in range(3):
            copy = structs.replace(history, events=list(history.events), rows=list(history.rows))
            try:
                spoil(copy, random.Random(seed))
            except (IndexError, StopIteration):
                continue  # this world has nothing of the kind
            spoilt += 1
            assert check(copy), f"seed {seed}"
    assert spoilt, "no world has what this spoils"


EDITORS = 11
"""A world with editors, whose room is spoilt or what they saw of it."""


@pytest.fixture(scope="module")
def edited() -> History:
    return simulate(draw_plan(EDITORS))


def _room(history: History) -> EditedRoom:
    assert history.edited is not None
    return history.edited


def a_hole(history: History, chance: random.Random) -> None:
    log = _room(history).log
    del log[chance.randrange(len(log) - 1)]


def a_key_twice(history: History, chance: random.Random) -> None:
    messages = _room(history).messages
    messages.append(chance.choice(messages))


def another_answer(history: History, chance: random.Random) -> None:
    place = _pick(history, chance, lambda e: e.op == "key answered" and e.note in ("saved", "again"))
    history.events[place] = structs.replace(history.events[place], id=history.events[place].id + 1)


def a_wrong_conflict(history: History, chance: random.Random) -> None:
    place = _pick(history, chance, lambda e: e.op == "key answered" and e.note == "saved")
    history.events[place] = structs.replace(history.events[place], note="conflict")


def never_answered(history: History, chance: random.Random) -> None:
    place = _pick(history, chance, lambda e: e.op == "key answered")
    history.events.append(structs.replace(history.events[place], op="keys left"))


def a_change_that_is_none(history: History, chance: random.Random) -> None:
    place = _pick(history, chance, lambda e: e.op == "change answered" and e.note == "changed")
    history.events[place] = structs.replace(history.events[place], id=10**6)


def out_of_order(history: History, chance: random.Random) -> None:
    place = _pick(history, chance, lambda e: e.op == "change heard" and e.id > 3)
    history.events.append(structs.replace(history.events[place], id=history.events[place].id - 1))


def another_kind(history: History, chance: random.Random) -> None:
    place = _pick(history, chance, lambda e: e.op == "change heard" and e.note == "edited")
    history.events[place] = structs.replace(history.events[place], note="said")


def not_told(history: History, chance: random.Random) -> None:
    alive = {event.conn for event in history.events if event.op == "alive"}
    deleted = {kept.seq for kept in _room(history).messages if kept.is_deleted}
    place = _pick(
        history,
        chance,
        lambda e: (
            e.op == "change heard" and e.conn in alive and e.note == "said" and int(e.topic) not in deleted
        ),
    )
    firsts = [e for e in history.events if e.op == "change heard" and e.conn == history.events[place].conn]
    if firsts[0] is history.events[place]:
        raise IndexError("it was only the first that is missing")
    del history.events[place]


def another_text_in_the_end(history: History, chance: random.Random) -> None:
    messages = _room(history).messages
    messages[:] = [structs.replace(kept, text="spoilt", count=99) for kept in messages]


SPOILT_ROOMS = (
    a_hole,
    a_key_twice,
    another_answer,
    a_wrong_conflict,
    never_answered,
    a_change_that_is_none,
    out_of_order,
    another_kind,
    not_told,
    another_text_in_the_end,
)


@pytest.mark.parametrize("spoil", SPOILT_ROOMS, ids=lambda spoil: spoil.__name__)
def test_a_spoilt_room_of_editors_is_found(spoil: Callable[..., None], edited: History) -> None:
    assert check(edited) == []
    room = _room(edited)
    for seed in range(4):
        copy = structs.replace(
            edited, events=list(edited.events), edited=EditedRoom(list(room.messages), list(room.log))
        )
        try:
            spoil(copy, random.Random(seed))
        except IndexError:
            continue
        assert check(copy), f"seed {seed}"


ADA, BEN, CEM, DAN = range(1, 5)
ROLES = {ADA: "owner", BEN: "moderator", CEM: "member"}
DEMOTED, REMOVED = Act(1, "role", ADA, BEN, "member"), Act(1, "remove", ADA, BEN)
BANNED = Act(1, "ban", ADA, BEN)


@pytest.mark.parametrize("before", [(DEMOTED,), (REMOVED,), (BANNED,)], ids=["demoted", "removed", "banned"])
@pytest.mark.parametrize(
    "act",
    [
        Act(2, "ban", BEN, CEM),
        Act(2, "remove", BEN, CEM),
        Act(2, "delete", BEN, CEM),
        Act(2, "topic", BEN, 0),
    ],
    ids=lambda act: act.what,
)
def test_an_act_after_losing_the_role_is_found(before: tuple[Act, ...], act: Act) -> None:
    assert list(check_moderated(ModeratedRoom(ADA, ROLES, [act, *before]))) == []
    (problem,) = check_moderated(ModeratedRoom(ADA, ROLES, [*before, act]))
    assert act.what in problem


@pytest.mark.parametrize(
    "acts",
    [
        [Act(1, "role", BEN, CEM, "moderator")],
        [Act(1, "role", CEM, CEM, "moderator")],
        [Act(1, "remove", BEN, ADA)],
        [Act(1, "ban", ADA, ADA)],
        [Act(1, "role", ADA, DAN, "member")],
        [Act(1, "join", 0, CEM)],
        [
            Act(1, "role", ADA, CEM, "owner"),
            Act(2, "role", ADA, ADA, "member"),
            Act(3, "role", ADA, BEN, "member"),
        ],
    ],
)
def test_an_act_that_the_role_never_allowed_is_found(acts: list[Act]) -> None:
    assert len(list(check_moderated(ModeratedRoom(ADA, ROLES, acts)))) == 1


def test_changes_allowed_by_roles_and_by_the_maker_of_an_ownerless_room_pass() -> None:
    acts = [
        Act(1, "delete", BEN, CEM),
        Act(2, "ban", BEN, CEM),
        Act(3, "join", 0, CEM),
        Act(4, "role", BEN, BEN, "member"),
        Act(5, "delete", BEN, BEN),
        Act(6, "remove", BEN, BEN),
        Act(7, "remove", ADA, ADA),
        Act(8, "topic", ADA, 0),
        Act(9, "role", ADA, CEM, "owner"),
        Act(10, "join", 0, ADA),
        Act(11, "remove", CEM, ADA),
    ]
    assert list(check_moderated(ModeratedRoom(ADA, ROLES, acts))) == []
