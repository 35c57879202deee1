"""Search over HTTP: results, their pieces, and malformed queries."""

from itertools import count
from typing import Any
from urllib.parse import quote

import pytest

from chat.domain.entities import LOBBY_ID
from chat.domain.limits.budgets import Budgets
from chat.features.search import runner
from chat.features.search.runner import SEARCHES
from tests.protocols.native.site import Answer, Site, open_site


async def say(site: Site, token: str, *texts: str, room: int = LOBBY_ID) -> list[Answer]:
    said = []
    for nth, text in enumerate(texts):
        body = {"key": f"{room}-{nth}", "text": text}
        said.append(await site.call("POST", f"/rooms/{room}/messages", body, token=token))
    return said


async def search(site: Site, token: str, q: str = "", *, valid: bool = True, **fields: Any) -> Answer:
    query = "&".join(f"{name.rstrip('_')}={value}" for name, value in fields.items())
    return await site.call("GET", f"/search?q={quote(q)}&{query}", token=token, valid=valid)


def texts(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [hit["message"]["text"] for hit in answer["hits"]]


async def test_messages_are_found_page_by_page(site: Site) -> None:
    ada, token = await site.join("ada")
    _, bens = await site.join("ben")
    garden = await site.world.make_room(ada, is_private=True)
    said = await say(site, token, *(f"tea {nth}" for nth in range(3)))
    await say(site, token, "green tea", room=garden.id)
    assert texts(await search(site, token, "tea")) == ["green tea", "tea 2", "tea 1", "tea 0"]
    assert texts(await search(site, bens, "tea")) == ["tea 2", "tea 1", "tea 0"]
    first = await search(site, bens, "tea", limit=2)
    assert texts(first) == ["tea 2", "tea 1"]
    second = await search(site, bens, "tea", limit=2, after=first["next"])
    assert (texts(second), "next" in second.body) == (["tea 0"], False)
    assert texts(await search(site, token, "tea", room=garden.id)) == ["green tea"]
    assert (await search(site, bens, "tea", room=garden.id)).refused == (404, "not_found", None)
    assert texts(await search(site, bens, "tea", from_=ada.id, before=said[1]["at"] + 1))[-1] == "tea 0"
    assert texts(await search(site, bens, "tea", from_=ada.id + 1)) == []
    best = await search(site, bens, "tea", order="best", limit=1)
    assert (len(best["hits"]), "next" in best.body) == (1, False)


@pytest.mark.parametrize(
    ("q", "pieces"),
    [
        ("morn", ["Good ", "morning", ", Bën: see größe.json; 東京都"]),
        ('"good morning"', ["", "Good", " ", "morning", ", Bën: see größe.json; 東京都"]),
        ("ben grosse.js -tea", ["Good morning, ", "Bën", ": see ", "größe", ".", "json", "; 東京都"]),
        ("京都 東京", ["Good morning, Bën: see größe.json; ", "東京都"]),
    ],
)
async def test_search_results_are_returned_in_pages(site: Site, q: str, pieces: list[str]) -> None:
    _, token = await site.join("ada")
    await say(site, token, "Good morning, Bën: see größe.json; 東京都")
    (hit,) = (await search(site, token, q))["hits"]
    assert hit["pieces"] == pieces
    assert "".join(pieces) == hit["message"]["text"]


async def test_a_malformed_search_is_refused(site: Site) -> None:
    _, token = await site.join("ada")
    await say(site, token, "tea")
    for q in ('"', "-", "!? …", '""', "-tea", "#", " ".join(map(str, range(40)))):
        assert (await search(site, token, q)).refused == (400, "invalid", "q"), q
    assert (await search(site, token, "x" * 4001, valid=False)).refused[:2] == (400, "invalid")
    assert (await search(site, token)).refused == (400, "invalid", "q")
    for has in ("", "rose", "file,", "file image", ",".join(["file"] * 8)):
        assert (await search(site, token, has=quote(has), valid=False)).refused == (400, "invalid", "has")
    assert texts(await search(site, token, has="file,link")) == []
    assert texts(await search(site, token, "x" * 4000)) == []
    assert texts(await search(site, token, "te'a\\ & | !:*<->()")) == []
    assert (await search(site, token, "tea", order="old", valid=False)).refused[:2] == (400, "invalid")


async def test_too_frequent_searches_are_delayed() -> None:
    async with open_site(budgets=Budgets(searches=1.0, clock=lambda: 0.0)) as site:
        _, token = await site.join("ada")
        refused = [(await search(site, token, "tea")).status for _ in range(6)]
        assert refused == [200] * 4 + [429] * 2


async def test_too_long_searches_delay_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a search used is charged: as if each had taken a second."""
    ticks = count()
    async with open_site(budgets=Budgets(searches=9.0, search_time=0.1, clock=lambda: 0.0)) as site:
        monkeypatch.setattr(site.services.feature_ports[SEARCHES], "_clock", lambda: float(next(ticks)))
        _, token = await site.join("ada")
        refused = [(await search(site, token, "tea")).status for _ in range(4)]
        assert refused == [200] * 3 + [429]


async def test_a_slow_search_is_refused_with_advice(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    _, token = await site.join("ada")
    monkeypatch.setattr(runner, "_LONGEST", 0.0)
    answer = await search(site, token, "tea")
    assert answer.refused == (429, "too_many", None)
    assert "in one room" in answer["error"]
    assert answer["retry_ms"] == 10_000
