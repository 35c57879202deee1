"""Labels over HTTP, and their event on the sockets of operators."""

from typing import Any

import pytest

from chat.features.labels.port import BAD_LABEL, clean_label
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site

LABELS = "/support/labels"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("  Very   urgent ", "Very urgent"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("Срочно 🔥", "Срочно 🔥"),
        ("a" * 32, "a" * 32),
        *((bad, None) for bad in ("", " \n ", "a" * 33, "a\0", "a\u202eb", "\u200b", "\ud800")),
    ],
)
def test_the_name_of_a_label_can_be_seen(name: str, kept: str | None) -> None:
    assert clean_label(name) == (kept or BAD_LABEL)


async def test_operators_make_change_give_and_remove_labels(site: Site) -> None:
    ada, adas = await site.join("ada")
    olga, olgas = await site.join("olga", operator=True)
    _, boss = await site.join("boss", admin=True)
    room = (await site.call("PUT", "/support", token=adas))["id"]
    body = {"key": "k", "text": "help"}
    assert (await site.call("POST", f"/rooms/{room}/messages", body, token=adas)).status == 201
    hers, operators = Replica(site.world, ada), Replica(site.world, olga)
    for each in (hers, operators):
        await each.connect()

    async def call(method: str, path: str, body: Any = None, token: str = olgas) -> Answer:
        return await site.call(method, path, body, token=token)

    urgent = await call("POST", LABELS, {"name": " Urgent ", "colour": "red"})
    assert (urgent.status, urgent["name"], urgent["colour"]) == (201, "Urgent", "red")
    other = await call("POST", LABELS, {"name": "Refund"})
    assert other["colour"] == "grey"
    assert (await call("POST", LABELS, {"name": "URGENT"})).refused == (409, "taken", "name")
    assert (await call("POST", LABELS, {"name": "\u200b"}))["reason"] == "bad_label_name"
    changed = await call("PATCH", f"{LABELS}/{other['id']}", {"colour": "green"})
    assert changed.body == {**other.body, "colour": "green"}
    assert (await call("GET", LABELS)).body == {"labels": [urgent.body, changed.body]}
    assert await heard(hers, operators) == [[], [{"type": "labels"}] * 3]

    given = await call("PUT", f"/support/{room}/labels/{urgent['id']}")
    assert given.body == {"room": room, "labels": [urgent["id"]]}
    assert (await call("GET", "/support/labelled")).body == {"rooms": [given.body]}
    assert (await call("DELETE", f"/support/{room}/labels/{urgent['id']}"))["labels"] == []
    events = [{"type": "labels", "room": room, "labels": ids} for ids in ([urgent["id"]], [])]
    assert await heard(hers, operators) == [[], events]
    assert (await call("PUT", f"/support/{room}/labels/999"))["reason"] == "no_label"
    own = (await call("PUT", "/support"))["id"]
    assert (await call("PUT", f"/support/{own}/labels/{urgent['id']}"))["reason"] == "own_labels"
    for token in (adas, boss):
        refused = [
            await call("GET", LABELS, token=token),
            await call("GET", "/support/labelled", token=token),
            await call("POST", LABELS, {"name": "x"}, token=token),
            await call("PATCH", f"{LABELS}/{urgent['id']}", {"name": "x"}, token=token),
            await call("DELETE", f"{LABELS}/{urgent['id']}", token=token),
        ]
        assert [each["reason"] for each in refused] == ["not_operator"] * 5
    assert (await call("DELETE", f"{LABELS}/{urgent['id']}")).status == 204
    assert (await call("DELETE", f"{LABELS}/{urgent['id']}"))["reason"] == "no_label"
    assert (await call("PATCH", f"{LABELS}/{urgent['id']}", {"name": "x"}))["reason"] == "no_label"


async def heard(*replicas: Replica) -> list[list[dict[str, Any]]]:
    """The events about labels that each has got since."""
    return [[event for event in await each.receives() if event["type"] == "labels"] for each in replicas]
