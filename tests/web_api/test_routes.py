"""Routes match addresses, and can't build them."""

import pytest
import werkzeug.routing.rules
from quart import Blueprint
from quart_trio import QuartTrio

from chat.web_api.app import create_app


def with_one_route() -> QuartTrio:
    blueprint = Blueprint("rooms", __name__)

    @blueprint.get("/room/<int:room_id>")
    async def room(room_id: int) -> str:
        return f"room {room_id}"

    return create_app([blueprint])


def test_no_code_is_compiled_to_build_addresses_that_nobody_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []

    def note(source: object, filename: str, mode: str, **_more: object) -> object:
        compiled.append(filename)
        return compile("def _(): pass", filename, mode)

    monkeypatch.setattr(werkzeug.routing.rules, "compile", note, raising=False)
    app = with_one_route()
    assert "/room/<int:room_id>" in [rule.rule for rule in app.url_map.iter_rules()]
    assert compiled == []


async def test_addresses_are_matched_all_the_same() -> None:
    client = with_one_route().test_client()
    assert await (await client.get("/room/7")).get_data() == b"room 7"
    assert (await client.get("/room/seven")).status_code == 404
    assert (await client.get("/room//7", follow_redirects=True)).status_code == 404


async def test_building_an_address_from_a_route_raises() -> None:
    app = with_one_route()
    (rule,) = app.url_map.iter_rules("rooms.room")
    with pytest.raises(NotImplementedError):
        rule.build({"room_id": 7})
