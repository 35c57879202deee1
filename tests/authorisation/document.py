"""docs/authorisation.md, made of the rules: `make authorisation-page` writes it."""

from collections import Counter
from pathlib import Path

from tests.authorisation.acts import ACTS, Act
from tests.authorisation.cells import BY_NAME, cells, in_every_run, ways
from tests.authorisation.rules import (
    CALLERS,
    GROUPS,
    INSIDE,
    LEFT_OUT,
    OUTSIDE,
    PLACES,
    RELATIONS,
    RIGHTS,
    SERVER_ACTS,
    Line,
)

TARGET = Path(__file__).parents[2] / "docs" / "authorisation.md"

_HEAD = """\
# Who may do what

<!-- Made by `make authorisation-page` of tests/authorisation/rules.py; a test compares. -->

A cell is an act, by somebody, in a place, over one of the ways in. The tests ask the real server {count} cells
([tests/authorisation](../tests/authorisation/rules.py)): {few} in every run, all of them of one server, and of two on
one database, with `make authorisation`. Every operation of the native protocol has a rule, or a test
fails. What live sockets, syncs, lists and searches give to whom is compared with the same rules.

Before a right is asked: without a good token every call is refused as `unauthenticated`; visitors of the support widget
are refused as `forbidden` where the operation is not for them; a room that is deleted is `not_found`. Whoever is not in
a room gets `forbidden` in a public one, and `not_found` everywhere else: nobody learns that it is there.
"""


def document() -> str:
    """Return the page as it must be. Sync and pure."""
    every = list(cells())
    elsewhere = len(SERVER_ACTS) * len(CALLERS)
    few = sum(map(in_every_run, every))
    parts = [
        _HEAD.format(count=f"{len(every) + elsewhere:,}", few=f"{few + elsewhere:,}"),
        _section("Who", ["relation", "somebody who"], [[name, says] for name, says in RELATIONS.items()]),
        _section("Where", ["kind", "states", "who is in"], _kinds()),
        _section("Rights", ["right", "who, and where", "answer"], _rights()),
        _section(
            "Acts",
            ["act", "operation", "over", "right", "cells"],
            _acts(Counter(each.act.words for each in every)),
        ),
        _section("Left out", ["where", "who", "because"], _left_out()),
    ]
    parts[-1:-1] = [_section("Elsewhere", ["who", "operations"], _elsewhere())]
    return "\n".join(parts)


def _section(title: str, heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return f"## {title}\n\n" + "".join(f"| {' | '.join(each)} |\n" for each in lines)


def _kinds() -> list[list[str]]:
    states = {kind: [each.split()[1] for each in PLACES if each.startswith(f"{kind} ")] for kind in INSIDE}
    return [[kind, ", ".join(states[kind]), ", ".join(who)] for kind, who in INSIDE.items()]


def _rights() -> list[list[str]]:
    rows = []
    for name, right in RIGHTS.items():
        rows.append([f"**{name}**", right.says, ""])
        if right.is_for_admins:
            rows.append(["", "others than admins, anywhere", "forbidden"])
        rows += [["", _line(each), each.answer.value] for each in right.lines]
    return [*rows, ["**else**", "", ""], *(["", _line(each), each.answer.value] for each in OUTSIDE)]


def _elsewhere() -> list[list[str]]:
    rows = []
    for group in GROUPS:
        names = [f"`{act.operation}`" for act in SERVER_ACTS if act.group == group]
        rows.append([f"{group}: {', '.join(GROUPS[group])}", ", ".join(names)])
    return rows


def _left_out() -> list[list[str]]:
    return [[_where(where), who.replace(" ", ", "), why] for where, who, why in LEFT_OUT]


def _line(line: Line) -> str:
    return f"{line.who.replace(' ', ', ')}: {_where(line.where)}"


def _where(where: str) -> str:
    return ", ".join(each.strip() for each in where.split("|")) or "anywhere"


def _asked(act: Act) -> str:
    if act.call is not None:
        where, what = act.call
        return f"`{what}`" if where.endswith("socket") else f"`{where} {what}`"
    return f"`{act.operation}`" if act.operation in BY_NAME else f"`{act.frame}` of the socket"


def _acts(counts: Counter[str]) -> list[list[str]]:
    return [
        [
            each.words,
            _asked(each),
            ", ".join(ways(each)),
            each.right,
            str(counts[each.words]),
        ]
        for each in ACTS
    ]


if __name__ == "__main__":
    TARGET.write_text(document())
