"""Changes of rooms and roles on one server reach the others, over a bus or from the log."""

import pytest

from chat.domain.messages.changes import Removal, RoleChange, RoomChange
from chat.domain.refusals import Refusal
from chat.domain.rooms.membership import RoomRole
from tests.engine.cluster.test_servers import Servers, servers
from tests.protocols.native.replica import Replica

__all__ = ("servers",)


@pytest.mark.parametrize("is_silent", [False, True])
async def test_a_client_of_another_server_gets_changes_in_order_and_its_ban(
    autojump_clock: object, servers: Servers, is_silent: bool
) -> None:
    one, other = servers.one, servers.other
    ada, ben = await one.add_all("ada", "ben")
    garden = (await one.make_room(ada)).id
    await one.services.writes.write(one.services.rooms.joining(ben, garden))
    replica = Replica(other, ben)
    await replica.connect()
    before = len(replica.events)
    servers.network.is_silent = is_silent
    for write in (
        RoomChange(room_id=garden, actor_id=ada.id, created_at=5.0, name="orchard", topic="roses"),
        RoleChange(garden, ben.id, RoomRole.MODERATOR, ada.id, 6.0),
        RoomChange(room_id=garden, actor_id=ada.id, created_at=7.0, is_archived=True),
    ):
        assert not isinstance(await one.services.writes.write(write), Refusal)
    banned = Removal(garden, ben.id, ada.id, 8.0, is_ban=True)
    assert await one.memberships.end(banned) is None
    # From the answer on ben hears nothing, and was told all that came before.
    assert not other.hub.has_subscribers(garden)
    await replica.receives()
    got = [event for event in replica.events[before:] if event["type"] != "read"]
    assert [(event["type"], event.get("role")) for event in got] == [
        ("changed", None),
        ("member", "moderator"),
        ("changed", None),
        ("member", "banned"),
        ("gone", None),
    ]
    assert [event["pos"] for event in got[:-1]] == [2, 3, 4, 5]
    assert got[2]["archived"]
