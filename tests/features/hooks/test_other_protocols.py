"""Messages of hooks in the older protocols: from a sender whose name has the mark, with the label in the text."""

import pytest

from chat.domain.accounts.hooks import HOOKS, Hook, NewHook, digest_of
from chat.domain.entities import LOBBY_ID
from chat.engine.dialect import Dialect
from chat.protocols.messenger.codec import MESSENGER
from chat.protocols.talker.codec import TALKER
from tests.protocols.native.site import Site

TOKEN = "t" * 32


@pytest.mark.parametrize("dialect", [TALKER, MESSENGER], ids=lambda dialect: dialect.name)
async def test_a_message_of_a_hook_has_its_author(site: Site, dialect: Dialect) -> None:
    ada, _ = await site.join("ada")
    new = NewHook(room_id=LOBBY_ID, name="Alarms (hook)", token=digest_of(TOKEN), may_mention=False)
    hook = await site.storage.feature_ports[HOOKS].add(new, None)
    assert isinstance(hook, Hook)
    socket = await site.world.connect(dialect, ada)
    socket.received_now()
    client = site.app.test_client(use_cookies=False)
    answer = await client.post(f"/hooks/{TOKEN}", json={"text": "*full*", "username": "db-1"})
    assert await answer.get_data(as_text=True) == "ok"
    (got,) = await socket.receives()
    text = str(got)
    assert "‹db-1› **full**" in text
    assert "Alarms (hook)" in text
