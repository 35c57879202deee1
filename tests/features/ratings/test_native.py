"""Ratings over HTTP, and their event on the sockets of operators."""

from typing import Any

from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site

OWN = "/support/rating"


async def test_a_person_rates_a_closed_conversation_and_operators_see_it(site: Site) -> None:
    ada, adas = await site.join("ada")
    olga, olgas = await site.join("olga", operator=True)
    room = (await site.call("PUT", "/support", token=adas))["id"]

    async def rate(rating: str, token: str = adas, **more: Any) -> Answer:
        return await site.call("PUT", OWN, {"rating": rating, **more}, token=token)

    async def closed(state: str) -> None:
        assert (await site.call("PATCH", f"/support/{room}", {"state": state}, token=olgas)).status == 200

    body = {"key": "k", "text": "help"}
    assert (await site.call("POST", f"/rooms/{room}/messages", body, token=adas)).status == 201
    assert (await site.call("GET", OWN, token=adas)).body == {}
    assert (await rate("good"))["reason"] == "rating_not_closed"
    await closed("closed")
    assert (await site.call("GET", OWN, token=adas)).body == {"asked": True}
    hers, operators = Replica(site.world, ada), Replica(site.world, olga)
    for each in (hers, operators):
        await each.connect()
        await each.receives()
    assert (await rate("bad", comment=" slow ")).body == {"asked": True, "rating": "bad", "comment": "slow"}
    assert (await rate("good")).body == {"asked": True, "rating": "good"}
    assert await rated(hers) == []
    assert await rated(operators) == [{"type": "ratings", "room": room}] * 2

    (seen,) = (await site.call("GET", f"/support/{room}/ratings", token=olgas))["ratings"]
    assert (seen["seq"], seen["rating"], "comment" in seen) == (1, "good", False)
    for token, refused in ((adas, (403, "not_operator")), ((await site.join("ben"))[1], (404, "no_room"))):
        answer = await site.call("GET", f"/support/{room}/ratings", token=token)
        assert (answer.status, answer["reason"]) == refused
    assert (await rate("good", olgas))["reason"] == "rating_not_closed", "she has no conversation of her own"
    assert (await rate("good", comment="x" * 1000)).status == 200
    assert (await rate("good", comment="x" * 1001))["reason"] == "rating_comment_too_long"
    assert (await rate("good", comment="a\0"))["reason"] == "bad_text"
    await closed("open")
    assert (await rate("bad"))["reason"] == "rating_not_closed"


async def rated(replica: Replica) -> list[dict[str, Any]]:
    """The events about ratings that somebody has got since."""
    return [event for event in await replica.receives() if event["type"] == "ratings"]
