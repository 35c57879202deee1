"""What a storage keeps of the server's emoji; each test runs in memory and on PostgreSQL."""

from hashlib import sha256

import pytest

from chat.domain.ports import Storage
from chat.features.custom_emoji import queries, use_cases
from chat.features.custom_emoji.use_cases import CUSTOM_EMOJI, TAKEN, TOO_MANY_EMOJI, CustomEmojis, NewEmoji
from chat.features.pictures.use_cases import PICTURES

ADA, BEN = 1, 2


def emoji(name: str, maker: int = ADA) -> NewEmoji:
    return NewEmoji(name, sha256(b"image").digest(), "image/png", 5, 32, 32, maker)


@pytest.fixture
def store(storage: Storage) -> CustomEmojis:
    return storage.feature_ports[CUSTOM_EMOJI]


async def is_kept(storage: Storage) -> bool:
    """Whether the image is served, and its bytes are needed."""
    digest = sha256(b"image").digest()
    found = await storage.feature_ports[PICTURES].find(digest)
    assert (found is not None) == (digest not in await storage.files.unneeded([digest]))
    return found is not None


async def test_an_emoji_has_its_image_until_the_last_that_has_it_is_removed(
    storage: Storage, store: CustomEmojis
) -> None:
    assert await store.add(emoji("zebra")) is None
    assert await store.add(emoji("party", BEN)) is None
    assert await store.add(emoji("party")) == TAKEN
    assert [(each.name, each.maker_id) for each in await store.all()] == [("party", BEN), ("zebra", ADA)]
    assert await is_kept(storage)
    assert not await store.remove("party", ADA)
    assert await store.remove("party", BEN)
    assert not await store.has("party")
    assert await is_kept(storage)
    assert await store.has("zebra")
    assert await store.remove("zebra", None)
    assert not await store.remove("zebra", None)
    assert await store.all() == []
    assert not await is_kept(storage)


async def test_there_are_never_too_many(store: CustomEmojis, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (queries, use_cases):
        monkeypatch.setattr(module, "MOST_EMOJI", 2)
    for name in ("one", "two"):
        assert await store.add(emoji(name)) is None
    assert await store.add(emoji("three")) == TOO_MANY_EMOJI
