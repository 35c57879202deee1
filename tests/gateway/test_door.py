"""The door looks at a token, shakes hands, and lets in whom the token tells."""

from typing import Any

import trio
from chat_world import World, open_world
from gateway_under_test import make_app, make_config, port_of, until

from chat.dialects.table import DIALECTS
from chat.gateway.door import Door
from chat.gateway.listener import open_gateway
from chat.model.entities import Person

OPENING = (
    "GET /talker?token={} HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class SlowDoor(Door):
    """A door at which something happens between the look at the token and the handshake."""

    world: World
    person: Person

    async def _shake_hands(self, *args: Any, **settings: Any) -> Any:
        renamed = await self.world.accounts.rename(self.person, "Zoë")
        assert isinstance(renamed, Person)
        self.world.presence.renamed(renamed)
        return await super()._shake_hands(*args, **settings)


async def test_who_is_renamed_during_the_handshake_comes_in_under_the_new_name() -> None:
    config = make_config()
    with trio.fail_after(20):
        async with open_world() as world:
            door = SlowDoor(config, DIALECTS, world.core, world.presence)
            door.world, door.person = world, await world.add("ada")
            async with open_gateway(config, make_app(), door.serve, on_stop=lambda: None) as gateway:
                ada = await trio.open_tcp_stream("127.0.0.1", port_of(gateway))
                async with ada:
                    await ada.send_all(OPENING.format(world.token(door.person)).encode())
                    heard = b""
                    while b"authorised as" not in heard:
                        more = await ada.receive_some(65536)
                        assert more, heard
                        heard += more
                    assert "authorised as Zoë".encode() in heard
                    assert len(world.presence) == 1
                    assert not world.presence._handshakes, "the handshake is over"
                await until(lambda: not gateway.connections)
            world.assert_nothing_is_left()
