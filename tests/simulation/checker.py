"""Checks a history against the promises: pure functions from recorded events to violations.

Every text is sent once, so a text names its sending, and the row that it became if it did. A row is *known* from
the first moment at which any client was told of it; an *index* is a place in the list of events, which is in the
order of time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

from tests.simulation.edited import check_edited
from tests.simulation.moderated import check_moderated
from tests.simulation.record import UNADDRESSED, Event, History, Row

_MOST_READ = 100
"""Messages in one answer of GET /messages."""

_DEFINITE = ("200", "403", "404", "409")
"""Answers after which nothing more comes of a request."""

_RETRIED = 2.0
"""Seconds after which what the database would not note is noted, once it does what it is asked."""

_FLIGHT = 0.3
"""Seconds within which a frame on a quick link has arrived."""

_CONFIRMED = 3.0
"""Seconds in which a pong has reached the server, if the line is not parted."""

_BLOCKED = ("200", "204")
"""Answers by which a block is made."""

APPLY_TIMEOUT = 1.0
"""Seconds in which every server knows of a block."""

_ANSWERED = 12.0
"""Seconds in which a request is answered where nothing fails; the slowest of links and databases take half of it."""


def check(history: History) -> list[str]:
    """Return what is wrong, a line for each; nothing where every promise was kept."""
    edited = check_edited(history.events, history.edited) if history.edited else ()
    moderated = check_moderated(history.moderated) if history.moderated else ()
    return [*history.bugs, *Checker(history).problems(), *edited, *moderated]


class Checker:
    """A history, indexed."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._events = history.events
        self._by_topic: defaultdict[str, list[Row]] = defaultdict(list)
        self._by_text: dict[str, Row] = {}
        self._by_id = {row.id: row for row in history.rows}
        for row in history.rows:
            self._by_topic[row.topic].append(row)
            if row.text:
                self._by_text.setdefault(row.text, row)
        self._sent: dict[str, tuple[int, Event]] = {}
        self._conns: defaultdict[str, list[tuple[int, Event]]] = defaultdict(list)
        self._known: dict[int, int] = {}
        self._received_by: defaultdict[str, set[str]] = defaultdict(set)
        self._received_by_person: defaultdict[str, set[int]] = defaultdict(set)
        answered = {e.text: i for i, e in enumerate(self._events) if e.op == "remove answered"}
        # Until when each may happen.
        self._removals: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
        for index, event in enumerate(self._events):
            if event.op == "remove asked":
                self._removals[event.who, event.topic].append(answered.get(event.text, len(self._events)))
            if event.op == "send":
                self._sent[event.text] = (index, event)
            if event.op == "hear":
                self._received_by[event.text].add(event.conn)
                self._received_by_person[event.text].add(event.who)
            if event.conn:
                self._conns[event.conn].append((index, event))
            if event.op in ("hear", "retold", "ack", "read") and (row := self._row(event)) is not None:
                self._known.setdefault(row.id, index)

    def problems(self) -> Iterator[str]:
        """Yield what is wrong."""
        yield from self._check_rows()
        yield from self._check_order()
        for conn, events in self._conns.items():
            yield from self._check_answers(conn, events)
            yield from self._check_hearing(conn, events)
            yield from self._check_streams(conn, events)
            yield from self._check_unaddressed(conn, events)
            yield from self._check_entering(conn, events)
            yield from self._check_entered(conn, events)
        yield from self._check_memberships()
        yield from self._check_reads()
        yield from self._check_inboxes()
        yield from self._check_blocks()

    def _row(self, event: Event) -> Row | None:
        """Return the row that an event is about. The direct dialect and the lines have no ids."""
        if event.id and not event.topic.startswith("direct:"):
            return self._by_id.get(event.id)
        return self._by_text.get(event.text)

    def _sent_at(self, row: Row) -> int:
        return self._sent[row.text][0] if row.text in self._sent else -1

    def _sent_by(self, conn: str, row: Row) -> bool:
        return row.text in self._sent and self._sent[row.text][1].conn == conn

    # What is stored.

    def _check_rows(self) -> Iterator[str]:
        rows = self._history.rows
        if len(self._by_id) < len(rows):
            yield "two messages have one id"
        for topic, known in self._by_topic.items():
            if [row.seq for row in known] != list(range(1, len(known) + 1)):
                yield f"a hole in the seq of {topic}"
            if any(a.id >= b.id for a, b in pairwise(known)):
                yield f"ids of {topic} do not ascend"
        counts: defaultdict[str, int] = defaultdict(int)
        for row in rows:
            if row.name not in self._history.names.get(row.who, ()):
                yield f"{row.id} is under the name {row.name}, which {row.who} never had"
            if not row.text:
                continue  # the note that somebody joined
            counts[row.text] += 1
            if counts[row.text] > 1:
                yield f"{row.text:.20} is stored twice"
            sent = self._sent.get(row.text, (0, None))[1]
            if sent is None:
                yield f"{row.text:.20} is stored and nobody sent it"
            elif sent.note:
                yield f"{row.text:.20} is stored, though it was {sent.note}"
            elif (sent.topic, sent.who) != (row.topic, row.who) and sent.topic != UNADDRESSED:
                yield f"{row.text:.20} was sent to {sent.topic} by {sent.who} and is {row.who}'s in {row.topic}"

    def _check_order(self) -> Iterator[str]:
        """A message sent when another of its room was known comes behind it; so do two of one connection."""
        for topic, rows in self._by_topic.items():
            latest_sent: dict[str, int] = {}
            for row in rows:
                sent = self._sent_at(row)
                if sent < 0:
                    continue
                conn = self._events[sent].conn
                if latest_sent.get(conn, -1) > sent:
                    yield f"{row.text:.20} came before what {conn} sent earlier in {topic}"
                latest_sent[conn] = sent
            earliest_known = len(self._events)
            for row in reversed(rows):
                if self._sent_at(row) > earliest_known:
                    yield f"{row.text:.20} was sent when a later message of {topic} was known"
                earliest_known = min(earliest_known, self._known.get(row.id, earliest_known))

    # What a connection was answered.

    def _check_answers(self, conn: str, events: list[tuple[int, Event]]) -> Iterator[str]:
        acked: list[int] = []
        if events[-1][1].note == "4009" and not any(event.op == "silent" for _, event in events):
            yield f"{conn} was taken for dead, and answered every ping"
        for index, event in events:
            if event.op == "nack" and event.text in self._by_text:
                yield f"{event.text:.20} was refused and is stored"
            if event.op != "ack":
                continue
            row = self._by_id.get(event.id)
            if row is None:
                yield f"{conn} was told that {event.id} is saved, and it is not there"
            elif not self._sent_by(conn, row) or self._sent_at(row) > index:
                yield f"{conn} was told that {event.id} is saved, which it did not send"
            elif event.note and not event.note == event.text == row.text:
                yield f"{conn} asked about {event.note:.20} and was answered about {row.text:.20}"
            elif acked and acked[-1] >= row.id:
                yield f"{conn} was told that {row.id} is saved after {acked[-1]}"
            acked.append(event.id)

    # What a connection heard, message by message.

    def _check_hearing(self, conn: str, events: list[tuple[int, Event]]) -> Iterator[str]:
        me = events[0][1].who
        for index, event in events:
            if event.op not in ("hear", "retold"):
                continue
            row = self._row(event)
            if row is None:
                yield from self._check_unsaved(conn, index, event)
            elif (row.topic, row.text) != (event.topic, event.text):
                yield f"{conn} heard {event.text:.20} in {event.topic}, it is {row.text:.20} in {row.topic}"
            elif self._sent_at(row) > index:
                yield f"{conn} heard {event.text:.20} before it was sent"
            elif event.op == "hear" and not self._is_named_right(event, row):
                yield f"{conn} heard {event.text:.20} of {row.who} under the name {event.name!r}"
            support = event.topic.startswith("support:") and me not in self._history.operators
            if support and event.topic != f"support:{me}":
                yield f"{conn} heard {event.text:.20}, which is in {event.topic}"
            if event.topic.startswith("direct:") and me and event.id != me:
                yield f"{conn} of {me} heard {event.text:.20}, which is for {event.id}"

    def _check_unsaved(self, conn: str, index: int, event: Event) -> Iterator[str]:
        sent_at, sent = self._sent.get(event.text, (0, None))
        if sent is None or sent.note != "unsaved":
            yield f"{conn} heard {event.text:.20}, which is not stored"
        elif sent_at > index or sent.topic != event.topic:
            yield f"{conn} heard {event.text:.20} in {event.topic}, it was sent in {sent.topic}"

    def _is_named_right(self, event: Event, row: Row) -> bool:
        names = self._history.names.get(row.who, [])
        if event.topic == "lobby":
            return event.name in names
        if event.topic.startswith("support:"):
            return event.name == "" if row.topic == f"support:{row.who}" else event.name in names
        return event.name == str(row.who)

    # What a connection heard, as a stream.

    def _check_streams(self, conn: str, events: list[tuple[int, Event]]) -> Iterator[str]:
        yield from self._check_retold(conn, events)
        is_alive = any(event.op == "alive" for _, event in events)
        if is_alive and not any(event.op == "end" and event.note == "1001" for _, event in events):
            yield f"{conn} was connected to the end and not told that the server stops"
        for stream in _streams(events):
            member = (events[0][1].who, stream.topic)
            if any(until > (stream.asked or 0) for until in self._removals.get(member, ())):
                stream.is_open = (
                    False  # whoever is put out is not told so, and may be before it hears that it was in
                )
            rows = self._rows_of(stream.topic, events[0][1].who)
            wanted = [row for row in rows if not stream.skips_own or not self._sent_by(conn, row)]
            if stream.topic == "inbox":
                # One that is still told what was missed is told nothing that the person hears elsewhere meanwhile.
                wanted = [row for row in wanted if not self._has_subscribers_elsewhere(row, conn)]
            received = [row for _, event in stream.received if (row := self._row(event)) is not None]
            yield from self._check_stream(conn, stream, wanted, received, is_alive)

    def _rows_of(self, topic: str, person: int) -> list[Row]:
        if topic == "desk":
            rows = [row for row in self._history.rows if row.topic.startswith("support:")]
        elif topic == "inbox":
            rows = [
                row
                for row in self._history.rows
                if row.topic.startswith("direct:") and self._addressee(row) == person
            ]
        else:
            return self._by_topic[topic]
        return sorted(rows, key=lambda row: row.id)

    def _has_subscribers_elsewhere(self, row: Row, conn: str) -> bool:
        """Whether another connection of a message's addressee heard it."""
        return bool(self._received_by[row.text] - {conn})

    def _addressee(self, row: Row) -> int:
        return self._sent[row.text][1].id if row.text in self._sent else 0

    def _check_stream(
        self, conn: str, stream: "Stream", wanted: list[Row], received: list[Row], is_alive: bool
    ) -> Iterator[str]:
        got = {row.id for row in received}
        if stream.recall is None:
            for before, after in pairwise(received):
                if before.id >= after.id:
                    how = "twice" if before.id == after.id else "out of order"
                    yield f"{conn} heard {after.text:.20} ({after.id}) {how} in {stream.topic}, after {before.id}"
        # Nothing may be missing between two that were heard, nor after the client knew that it listens.
        first = min(got, default=0) if stream.topic != "inbox" else 0
        last = max(got, default=0)
        for row in wanted:
            if row.id in got:
                continue
            surely = stream.ready is not None and self._sent_at(row) > stream.ready
            between = first < row.id < last and stream.recall is None and stream.topic != "inbox"
            if between or (surely and row.id < last):
                yield f"{conn} never heard {row.text:.20} ({row.id}) in {stream.topic}, and heard later ones"
            elif surely and is_alive and stream.is_open:
                yield f"{conn} never heard {row.text:.20} ({row.id}) in {stream.topic}, to the end"
        if stream.recall is not None and is_alive and not stream.was_refused:
            missing = [
                row
                for row in self._by_topic[stream.topic]
                if self._known.get(row.id, len(self._events)) < stream.recall and row.id not in got
            ]
            if missing and len(self._by_topic[stream.topic]) <= stream.recalled:
                yield f"{conn} asked for the past and was not told {missing[0].text:.20}"
        if stream.is_last_look and [row.id for row in received] != [row.id for row in wanted]:
            yield f"{conn} looked last and saw another {stream.topic} than there is"

    def _check_retold(self, conn: str, events: list[tuple[int, Event]]) -> Iterator[str]:
        """A transcript begins at the beginning, and has everything that was known when it was requested."""
        retold = [event.id for _, event in events if event.op == "retold"]
        ready = next((event for _, event in events if event.op == "ready"), None)
        if ready is None or not (ready.topic.startswith("support:") or ready.topic == "desk"):
            return
        rows = self._by_topic[f"support:{ready.who}"]
        if retold != [row.id for row in rows[: len(retold)]]:
            yield f"{conn} was told another conversation than there is"
        # A server that can't ask how far the others are lets people in, and tells them the end when it has read it.
        asked, got = events[0][1].id, ready.at
        known = (row for row in rows[len(retold) :] if self._known.get(row.id, len(self._events)) < asked)
        if any(known) and not self._is_failing(self._events[asked].at - _RETRIED, got):
            yield f"{conn} was told a conversation without its end"
        is_alive = any(event.op == "alive" for _, event in events)
        received = [e.id for _, e in events if e.op == "hear" and e.topic == f"support:{ready.who}"]
        missing = [
            row
            for row in rows[len(retold) :]
            if (is_alive or (received and row.id < received[-1]))
            and row.id not in received
            and not self._sent_by(conn, row)
        ]
        if missing:
            yield f"{conn} never heard {missing[0].text:.20} in its own conversation"

    # Who may be where.

    def _check_memberships(self) -> Iterator[str]:
        asked: defaultdict[tuple[int, str], list[tuple[int, float]]] = defaultdict(list)
        removed: defaultdict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
        answers = {
            (event.op.split()[0], event.text): (index, event.note)
            for index, event in enumerate(self._events)
            if event.op.endswith(" answered")
        }
        for index, event in enumerate(self._events):
            what, _, when = event.op.partition(" ")
            if what == "join" and when == "answered" and not event.text:
                asked[event.who, event.topic].append((index, index))  # a member from the start
            if when != "asked":
                continue
            answered, status = answers.get((what, event.text), (len(self._events), ""))
            if what in ("join", "invite"):
                until = answered if status in _DEFINITE else float("inf")
                asked[event.who, event.topic].append((index, until))
            elif what == "remove" and status == "200":
                removed[event.who, event.topic].append((index, answered))
        outside = defaultdict[tuple[int, str], list[tuple[float, float]]](list)
        for member, removals in removed.items():
            for begun, done in removals:
                if not any(since < done and until > begun for since, until in asked[member]):
                    outside[member].append(
                        (done, min((s for s, _ in asked[member] if s > done), default=float("inf")))
                    )
        yield from self._check_outsiders(asked, outside)

    def _check_outsiders(
        self,
        asked: dict[tuple[int, str], list[tuple[int, float]]],
        outside: dict[tuple[int, str], list[tuple[float, float]]],
    ) -> Iterator[str]:
        for index, event in enumerate(self._events):
            if not event.topic.startswith("room:"):
                continue
            if event.op == "hear":
                who, since = self._conns[event.conn][0][1].who, index
                row = self._row(event)
                since = self._sent_at(row) if row is not None and row.text else -1
            elif event.op == "read answered" and event.note == "200":
                who = event.who
                since = next(
                    i for i, e in enumerate(self._events) if e.op == "read asked" and e.text == event.text
                )
            else:
                continue
            member = (who, event.topic)
            if not any(begun < index for begun, _ in asked.get(member, ())):
                yield f"{who} was never made a member of {event.topic} and is told {event.id}"
            if any(done < since and index < again for done, again in outside.get(member, ())):
                yield f"{who} was removed from {event.topic} and is told {event.text:.20}"
            elif event.op == "hear" and self._comes_late(event, index, outside.get(member, ())):
                yield f"{who} was removed from {event.topic} and is told what was said before: {event.text:.20}"

    def _comes_late(self, event: Event, index: int, outside: Iterable[tuple[float, float]]) -> bool:
        """Whether something left the server for a client behind the answer that somebody is outside."""
        return int(event.conn.partition(".")[0]) in self._history.quick and any(
            done < len(self._events) and self._events[int(done)].at + _FLIGHT < event.at and index < again
            for done, again in outside
        )

    # What was read, and what must have come.

    def _check_reads(self) -> Iterator[str]:
        begun: dict[str, int] = {}
        read: defaultdict[str, list[Event]] = defaultdict(list)
        for index, event in enumerate(self._events):
            if event.op == "read asked":
                begun[event.text] = index
            elif event.op == "read":
                read[event.name].append(event)
            elif event.op == "read answered" and event.note == "200":
                rows = self._by_topic[event.topic]
                ids = [found.id for found in reversed(read[event.text])]
                behind = [row for row in rows if not ids or row.id > ids[-1]]
                there = rows[: len(rows) - len(behind)][-_MOST_READ:]
                if ids != [row.id for row in there]:
                    yield f"{event.who} read another {event.topic} than there is"
                if any(
                    (f.text, f.who) != (r.text, r.who)
                    for f, r in zip(read[event.text][::-1], there, strict=False)
                ):
                    yield f"{event.who} read other words in {event.topic} than were said"
                if any(self._known.get(row.id, index) < begun[event.text] for row in behind):
                    yield f"{event.who} read {event.topic} without its end"

    def _check_inboxes(self) -> Iterator[str]:
        """Over all connections of a person together every direct message to them has reached them.

        Nor are they sent any again, where nothing failed in between, that an earlier connection confirmed while it had
        still a while to last.
        """
        confirmed: defaultdict[int, list[tuple[int, float, set[str]]]] = defaultdict(list)
        for row in self._history.rows:
            if row.topic.startswith("direct:") and row.text:
                whom = self._addressee(row)
                if whom not in self._received_by_person[row.text]:
                    yield f"{whom} was never told {row.text:.20}"
        for events in self._conns.values():
            begun, opened = events[0]
            if opened.note != "direct" or not opened.who:
                continue
            received = {event.text for _, event in events if event.op == "hear"}
            for ended, began, texts in confirmed[opened.who]:
                again = received & texts
                if again and ended < begun and not self._fails_between(began, events[-1][1].at):
                    yield f"{opened.who} was told {min(again):.20} on one connection and again on the next"
            confirmed[opened.who].append((events[-1][0], opened.at, set(_confirmed(events))))

    def _check_blocks(self) -> Iterator[str]:
        """Nothing is stored that was said to a person who blocks the sender: soon after the answer all servers know."""
        asked = {event.text: index for index, event in enumerate(self._events) if event.op == "block asked"}
        blocks = [e for e in self._events if e.op == "block answered" and e.note in _BLOCKED]
        ended = {
            event.text: index for index, event in enumerate(self._events) if event.op == "unblock answered"
        }
        ends: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)  # asked, answered
        for index, event in enumerate(self._events):
            if event.op == "unblock asked":
                ends[event.who, event.id].append((index, ended.get(event.text, len(self._events))))
        for row in self._history.rows:
            if not row.topic.startswith("direct:") or row.text not in self._sent:
                continue
            pair, said = (self._addressee(row), row.who), self._sent[row.text][1].at
            for block in blocks:
                if (block.who, block.id) != pair or block.at + APPLY_TIMEOUT > said:
                    continue
                # An end that is asked for by now may have been made, also one that was asked for beside the block.
                known_at = self._known_at(row)
                is_over = any(
                    begun < known_at and answered > asked[block.text] for begun, answered in ends[pair]
                )
                if not is_over and not self._is_failing(block.at, said):
                    yield f"{block.who} blocks {row.who}, whose {row.text:.20} is stored"

    def _known_at(self, row: Row | None) -> int:
        """Return the index at which a message was first known to be stored; the end if it never was."""
        return self._known.get(row.id if row is not None else 0, len(self._events))

    def _fails_between(self, begin: float, end: float) -> bool:
        """Whether what was confirmed in between may not have been noted."""
        if any(event.op == "server killed" and begin <= event.at <= end for event in self._events):
            return True
        return self._is_failing(begin, end)

    # What was asked.

    def _check_unaddressed(self, conn: str, events: list[tuple[int, Event]]) -> Iterator[str]:
        """An operator's answer without an address goes to the last sender that this connection received.

        Others may have spoken meanwhile, and an answer with an address may have been handled behind that.
        """
        begun = events[0][1].id
        # Id of the newest question that was heard; those known before this connection was begun never count.
        newest = max((id_ + 1 for id_, index in self._known.items() if index < begun), default=0)
        addressed: list[Event] = []
        own: list[
            int
        ] = []  # ids of its own questions: they are acknowledged before what others said earlier is told
        for _, event in events:
            row = self._row(event)
            if event.op == "ack" and row is not None and _is_question(row):
                own.append(row.id)
            elif event.op == "hear" and row is not None and _is_question(row):
                newest = max(newest, row.id, *(id_ for id_ in own if id_ < row.id))
            elif event.op == "send" and event.topic == UNADDRESSED and row is not None:
                may = {
                    each.topic
                    for each in self._history.rows
                    if newest <= each.id < row.id and _is_question(each)
                }
                may |= {e.topic for e in addressed if (known := self._row(e)) is None or known.id >= newest}
                if row.topic not in may:
                    yield f"{conn} answered whoever spoke last, and {row.text} went to {row.topic}"
            elif event.op == "send" and event.topic != f"support:{event.who}":
                addressed.append(event)

    def _check_entering(self, conn: str, events: list[tuple[int, Event]]) -> Iterator[str]:
        """A request to enter a room is answered in time, whatever the others do."""
        if any(event.op in ("silent", "vanish") for _, event in events):
            return
        asked: float | None = None
        for at, what in [(event.at, event.op) for _, event in events] + [(self._events[-1].at, "end")]:
            if asked is not None and what in ("enter answered", "end"):
                if at - asked > _ANSWERED and not self._is_failing(asked, at):
                    yield f"{conn} asked to enter a room and was not answered for {at - asked:.0f} s"
                asked = None
            if what == "enter asked":
                asked = at

    def _check_entered(self, conn: str, events: list[tuple[int, Event]]) -> Iterator[str]:
        """Entering a room sends nothing that somebody received before the request."""
        asked, since = 0, dict[str, int]()
        for index, event in events:
            if event.op == "enter asked":
                asked = index
            elif event.op == "ready":
                since[event.topic] = asked
            elif event.op == "hear" and self._known_at(self._row(event)) < since.get(event.topic, 0):
                yield f"{conn} heard {event.text:.20} in {event.topic}, which was told before it entered"

    def _is_failing(self, begin: float, end: float) -> bool:
        """Whether the database failed at any time between two."""
        return any(since < end and begin < until + _RETRIED for since, until in self._history.failing)


def _is_question(row: Row) -> bool:
    """Whether a person said it in their own support conversation."""
    return row.topic == f"support:{row.who}"


class Stream:
    """What one connection heard of one topic, from beginning to listen to leaving."""

    def __init__(self, topic: str, *, skips_own: bool) -> None:
        self.topic = topic
        self.skips_own = skips_own
        self.asked: int | None = None  # index at which the client asked for it, or `ready`
        self.ready: int | None = None  # index at which the client knew that it listens
        self.is_open = True
        self.recall: int | None = None  # index at which it asked for the past: from there on it hears twice
        self.recalled = 0
        self.was_refused = False
        self.is_last_look = False
        self.received: list[tuple[int, Event]] = []


def _streams(events: Iterable[tuple[int, Event]]) -> list[Stream]:
    """Return the streams of a connection; a room that is entered again is another stream."""
    streams: list[Stream] = []
    current: dict[str, Stream] = {}
    is_desk = any(event.op == "ready" and event.topic == "desk" for _, event in events)

    def stream(topic: str) -> Stream:
        if topic.startswith("direct:"):
            topic = "inbox"
        if topic.startswith("support:") and is_desk:
            topic = "desk"
        if topic not in current:
            current[topic] = Stream(
                topic, skips_own=topic not in ("inbox",) and not topic.startswith("room:")
            )
            streams.append(current[topic])
        return current[topic]

    asked: int | None = None
    for index, event in events:
        match event.op:
            case "enter asked":
                asked = index
            case "ready":
                stream(event.topic).ready = index
                stream(event.topic).asked, asked = index if asked is None else asked, None
            case "hear":
                stream(event.topic).received.append((index, event))
            case "leaving":
                stream(event.topic).is_open = False
            case "left" if event.topic in current:
                current[event.topic].is_open = False
                del current[event.topic]
            case "recall" if stream(event.topic).recall is None:
                stream(event.topic).recall = index
                stream(event.topic).recalled = event.id
            case "told":
                for known in streams:
                    known.was_refused = known.was_refused or known.recall is not None
            case "last look":
                stream("lobby").is_last_look = True
    return streams


def _confirmed(events: list[tuple[int, Event]]) -> Iterator[str]:
    """Yield what one connection heard before it answered a ping, if that answer has reached the server."""
    last = events[-1][1]
    # A client that leaves by itself is answered with its own code: whatever it sent before that was read.
    is_orderly = last.op == "end" and last.note == "1000"
    if not is_orderly and any(event.op == "vanish" or event.note == "partition" for _, event in events):
        return
    received: list[str] = []
    for _, event in events:
        if event.op == "silent" and not is_orderly:
            return  # the server may have closed it before the client went on
        if event.op == "leave":
            return  # nothing is read behind its close frame
        if event.op == "hear":
            received.append(event.text)
        if event.op == "confirm" and (is_orderly or event.at + _CONFIRMED < last.at):
            yield from received
            received.clear()
