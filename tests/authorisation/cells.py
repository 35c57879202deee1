"""The cells of the matrix and what is expected of each, made from the rules. All of it is pure."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from chat.operations.operation import Access, Operation
from chat.protocols.native.operations import OPERATIONS
from tests.authorisation.acts import ACTS, Act
from tests.authorisation.rules import (
    INSIDE,
    LEFT_OUT,
    NO_LONGER,
    OUTSIDE,
    PLACES,
    RELATIONS,
    RIGHTS,
    Answer,
    Line,
)

BY_NAME: dict[str, Operation] = {each.name: each for each in OPERATIONS}


class Cell(NamedTuple):
    """An act by somebody in a place, over one of the ways in, and the answer that is expected."""

    act: Act
    relation: str
    place: str
    way: str
    expected: Answer

    @property
    def frame(self) -> str:
        """The type of its request on the socket."""
        frame = self.act.frame or BY_NAME[self.act.operation].on_socket
        assert frame is not None
        return frame

    def __str__(self) -> str:
        return f"{self.relation}, {self.place}, over {self.way}: {self.act.words}"


def cells() -> Iterator[Cell]:
    """All of them, by places; what changes nothing comes before what is spent."""
    for place in PLACES:
        for act in sorted(ACTS, key=lambda act: act.spends):
            if act.only and not fits(act.only, place):
                continue
            for relation in RELATIONS:
                if is_left_out(place, relation):
                    continue
                expected = answer_to(act, relation, place)
                for way in ways(act):
                    if way != "socket" or relation not in ("nobody", *NO_LONGER):
                        yield Cell(act, relation, place, way, expected)


def in_every_run(cell: Cell) -> bool:
    """Whether `make test` asks it: each act in each place, by one who may and by one who may not.

    Everybody is asked in turn, and so is each way.
    """
    asker, way = _in_every_run()[_case(cell)]
    return (cell.relation, cell.way) == (asker, way)


def _case(cell: Cell) -> tuple[int, int, bool]:
    return ACTS.index(cell.act), PLACES.index(cell.place), cell.expected is Answer.DONE


@cache
def _in_every_run() -> dict[tuple[int, int, bool], tuple[str, str]]:
    asked: dict[tuple[int, int, bool], dict[str, list[str]]] = {}
    for cell in cells():
        asked.setdefault(_case(cell), {}).setdefault(cell.relation, []).append(cell.way)
    chosen = {}
    for case, relations in asked.items():
        relation = [*relations][sum(case) % len(relations)]
        ways_of_it = relations[relation]
        chosen[case] = relation, ways_of_it[sum(case) % len(ways_of_it)]
    return chosen


def ways(act: Act) -> list[str]:
    """How it can be asked."""
    if act.call is not None:
        return [act.call[0] if act.call[0].endswith("socket") else "Rooms"]
    if act.frame is not None:
        return ["socket"]
    operation = BY_NAME[act.operation]
    is_there = {"HTTP": operation.method is not None, "socket": operation.on_socket is not None}
    return [way for way, has_it in is_there.items() if has_it]


def answer_to(act: Act, relation: str, place: str) -> Answer:
    """What comes of it, by the rules."""
    right, operation = RIGHTS[act.right], BY_NAME.get(act.operation)
    if relation in ("nobody", *NO_LONGER) and not right.is_for_everybody:
        return Answer.UNAUTHENTICATED
    is_for_visitors = act.frame is not None or right.is_for_everybody or (operation and operation.visitors)
    if relation in ("visitor", "guest") and not is_for_visitors:
        return Answer.FORBIDDEN
    if relation == "bot" and not right.is_for_everybody and not _is_for_bots(act, operation):
        return Answer.FORBIDDEN
    if right.is_for_admins and relation not in ("admin", "admin-inside"):
        return Answer.FORBIDDEN
    if place.endswith("deleted"):
        return {"sync": Answer.GONE, "unsave": Answer.DONE}.get(act.right, Answer.NOT_FOUND)
    is_inside = relation in INSIDE[place.split()[0]]
    groups = {relation, "inside" if is_inside else "outside"}
    for line in (*right.lines, *OUTSIDE):
        if groups & {*line.who.split()} and fits(line.where, place):
            return line.answer
    raise LookupError(f"no line says whether somebody may: {relation}, {place}, {act.words}")


def _is_for_bots(act: Act, operation: Operation | None) -> bool:
    return act.frame is not None or (operation is not None and bool(operation.bots))


def fits(where: str, place: str) -> bool:
    """Whether one of the alternatives names the kind of the place, its state or both."""
    return any({*each.split()} <= {*place.split()} for each in where.split("|"))


def is_left_out(place: str, relation: str) -> bool:
    """Whether nobody can be that there."""
    return any(fits(where, place) and relation in who.split() for where, who, _ in LEFT_OUT)


def unused_lines() -> list[tuple[str, Line]]:
    """Lines of rights that decide no cell."""
    used = set()
    for cell in cells():
        is_inside = cell.relation in INSIDE[cell.place.split()[0]]
        groups = {cell.relation, "inside" if is_inside else "outside"}
        for line in RIGHTS[cell.act.right].lines:
            if groups & {*line.who.split()} and fits(line.where, cell.place):
                used.add((cell.act.right, line))
                break
    return [
        (name, line) for name, right in RIGHTS.items() for line in right.lines if (name, line) not in used
    ]


def in_rooms() -> set[str]:
    """The names of the operations that are about a room, a message, an invite or a file."""
    return {
        each.name
        for each in OPERATIONS
        if each.request is not None
        and ("room" in each.request.__struct_fields__ or "{code}" in each.path)
        and each.access is not Access.ANYBODY
    }
