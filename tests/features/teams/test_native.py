"""Teams over HTTP, their event on the sockets of operators, and conversations that are given in turn."""

from typing import Any

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.entities import Person
from chat.due.port import DueItem
from chat.due.schedule import SCHEDULE
from chat.features.teams.port import ALL, TURN
from chat.features.teams.turns import AWAY, LOOK, give, open_turns
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site

ITEM = DueItem(1, TURN, ALL, 1)


async def begun(site: Site, name: str) -> tuple[int, str]:
    """Have somebody write into their conversation; return its room and their token."""
    _, token = await site.join(name)
    room = (await site.call("PUT", "/support", token=token))["id"]
    said = await site.call("POST", f"/rooms/{room}/messages", {"key": name, "text": "help"}, token=token)
    assert said.status == 201
    return room, token


async def assignee(site: Site, room: int, token: str) -> str | None:
    found = await site.call("GET", f"/rooms/{room}", token=token)
    name: str | None = found["support"].get("assignee", {}).get("name")
    return name


async def online(site: Site, person: Person) -> Replica:
    replica = Replica(site.world, person)
    await replica.connect()
    await replica.receives()
    return replica


async def admin_of(site: Site) -> str:
    _, token = await site.join("eve", admin=True)
    return token


async def add(site: Site, token: str, name: str, *members: Person, **fields: Any) -> Answer:
    body = {"name": name, "members": [each.id for each in members], **fields}
    return await site.call("POST", "/admin/teams", body, token=token)


async def test_admins_make_teams_and_operators_see_them(site: Site) -> None:
    eves = await admin_of(site)
    olga, olgas = await site.join("olga", operator=True)
    ben, bens = await site.join("ben")
    hers = await online(site, olga)
    sales = await add(site, eves, " Sales  team ", olga, in_turn=True)
    assert (sales.status, sales["name"], sales["in_turn"], sales["members"]) == (
        201,
        "Sales team",
        True,
        [olga.id],
    )
    assert (await add(site, eves, "SALES team")).refused == (409, "taken", "name")
    assert (await add(site, eves, "\u200b"))["reason"] == "bad_team_name"
    assert (await add(site, eves, "x", ben)).refused == (400, "invalid", "members")
    many = await site.call("POST", "/admin/teams", {"name": "x", "members": [olga.id] * 101}, token=eves)
    assert many["reason"] == "too_many_team_members"
    path = f"/admin/teams/{sales['id']}"
    changed = await site.call("PATCH", path, {"default": True}, token=eves)
    assert (changed["default"], changed["in_turn"], changed["members"]) == (True, True, [olga.id])
    assert (await site.call("GET", "/support/teams", token=olgas))["teams"] == [changed.body]
    assert (await site.call("GET", "/support/teams", token=bens)).status == 403
    assert (await add(site, olgas, "mine")).status == 403
    assert (await site.call("DELETE", path, token=eves)).status == 204
    assert (await site.call("DELETE", path, token=eves))["reason"] == "no_team"
    assert (await site.call("PATCH", path, {}, token=eves))["reason"] == "no_team"
    assert await events(hers) == [{"type": "teams"}] * 3


async def events(replica: Replica) -> list[dict[str, Any]]:
    return [event for event in await replica.receives() if event["type"] == "teams"]


async def test_a_conversation_is_handed_over_to_a_team(site: Site) -> None:
    eves = await admin_of(site)
    olga, olgas = await site.join("olga", operator=True)
    sales = (await add(site, eves, "Sales"))["id"]
    care = (await add(site, eves, "Care"))["id"]
    _, monas = await site.join("mona")
    room = (await site.call("PUT", "/support", token=monas))["id"]
    assert (await site.call("PUT", "/support/team", {"team": " sales "}, token=monas)).status == 204
    assert (await site.call("PUT", "/support/team", {"team": "none"}, token=monas))["reason"] == "no_team"
    await site.call("POST", f"/rooms/{room}/messages", {"key": "k", "text": "help"}, token=monas)
    assert (await site.call("GET", "/support/teams", token=olgas))["rooms"] == [{"room": room, "team": sales}]
    claimed = await site.call("PATCH", f"/support/{room}", {"assignee": olga.id, "was": None}, token=olgas)
    assert claimed.status == 200
    hers = await online(site, olga)
    path = f"/support/{room}/team"
    refused = await site.call("PUT", path, {"team": care, "was": None}, token=olgas)
    assert (refused.status, refused["holder"]["name"]) == (409, "olga")
    assert (await site.call("GET", "/support/teams", token=olgas))["rooms"] == [{"room": room, "team": sales}]
    assert (await site.call("PUT", path, {"team": care, "was": olga.id}, token=olgas)).status == 204
    assert await assignee(site, room, olgas) is None
    assert await events(hers) == [{"type": "teams", "room": room, "team": care}]
    assert (await site.call("PUT", path, {"team": None}, token=olgas)).status == 204
    assert "rooms" not in (await site.call("GET", "/support/teams", token=olgas)).body
    assert (await site.call("PUT", path, {"team": 2**50}, token=olgas))["reason"] == "no_team"
    assert (await site.call("PUT", path, {"team": care}, token=monas)).status == 403
    own = (await site.call("PUT", "/support", token=olgas))["id"]
    refused = await site.call("PUT", f"/support/{own}/team", {"team": care}, token=olgas)
    assert refused["reason"] == "own_conversation_team"


async def test_conversations_are_given_in_turn_to_who_is_online(site: Site) -> None:
    eves = await admin_of(site)
    (olga, olgas), (otto, _) = [await site.join(name, operator=True) for name in ("olga", "otto")]
    oleg, _ = await site.join("oleg", operator=True)
    assert await give(site.services, ITEM) is None, "an idle server looks no more"
    await add(site, eves, "All", olga, otto, oleg, in_turn=True, default=True)
    rooms = [(await begun(site, name))[0] for name in ("ann", "bea", "cia")]
    assert await give(site.services, ITEM) == LOOK
    assert [await assignee(site, room, olgas) for room in rooms] == [None, None, None], "nobody is online"
    await online(site, olga)
    await online(site, otto)
    assert await give(site.services, ITEM) == LOOK
    assert [await assignee(site, room, olgas) for room in rooms] == ["olga", "otto", "olga"]


async def test_a_conversation_is_free_again_when_its_operator_stays_away(site: Site) -> None:
    eves = await admin_of(site)
    (olga, olgas), (otto, _) = [await site.join(name, operator=True) for name in ("olga", "otto")]
    await add(site, eves, "All", olga, otto, in_turn=True, default=True)
    room, _ = await begun(site, "ann")
    await site.call("PATCH", f"/support/{room}", {"assignee": otto.id}, token=olgas)
    await give(site.services, ITEM)
    site.pass_time(AWAY - 1)
    await give(site.services, ITEM)
    assert await assignee(site, room, olgas) == "otto"
    site.pass_time(1)
    await give(site.services, ITEM)
    assert await assignee(site, room, olgas) is None, "nobody is online"
    # Who came back in time keeps it.
    await site.call("PATCH", f"/support/{room}", {"assignee": otto.id}, token=olgas)
    await give(site.services, ITEM)
    site.pass_time(AWAY)
    his = await online(site, otto)
    await give(site.services, ITEM)
    assert await assignee(site, room, olgas) == "otto"
    # Who is no operator any more has it no longer, and the next one is given it.
    await site.storage.users.administer(otto.id, AccountChange(is_operator=False), None)
    await online(site, olga)
    await give(site.services, ITEM)
    assert await assignee(site, room, olgas) == "olga"
    assert his is not None


async def test_a_message_leads_to_a_look_where_there_are_teams(site: Site) -> None:
    eves = await admin_of(site)
    schedule = site.services.feature_ports[SCHEDULE]
    async with open_turns(site.services):
        await begun(site, "ann")
        assert await schedule.due.next_in([TURN]) is None
        await add(site, eves, "All", default=True)
        await site.services.settings.refresh()
        seen = schedule.wakes
        await begun(site, "bea")
        await schedule.woken.wait_until(lambda: schedule.wakes > seen)
        assert await schedule.due.next_in([TURN]) is not None
