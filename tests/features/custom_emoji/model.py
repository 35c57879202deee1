"""The emoji of the server in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import Refusal
from chat.features.custom_emoji import use_cases
from chat.features.custom_emoji.use_cases import CUSTOM_EMOJI, TAKEN, TOO_MANY_EMOJI, CustomEmoji, NewEmoji
from chat.features.pictures.changes import NewPicture
from chat.features.pictures.use_cases import PICTURES

if TYPE_CHECKING:
    from tests.features.pictures.model import PicturesModel
    from tests.reference.storage import MemoryStorage


class CustomEmojiModel:
    """The port `CustomEmojis`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._storage = storage
        self._ids = count(1)
        self._kept: dict[str, tuple[int, CustomEmoji]] = {}
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {CUSTOM_EMOJI: self}

    async def add(self, emoji: NewEmoji) -> Refusal | None:
        await trio.lowlevel.checkpoint()
        if emoji.name in self._kept:
            return TAKEN
        if len(self._kept) >= use_cases.MOST_EMOJI:
            return TOO_MANY_EMOJI
        id_ = next(self._ids)
        self._kept[emoji.name] = id_, CustomEmoji(emoji.name, emoji.digest.hex(), emoji.maker_id)
        self._pictures().keep("emoji", id_, 0, NewPicture(emoji.digest, emoji.type, emoji.size, emoji.width))
        return None

    async def remove(self, name: str, maker_id: int | None) -> bool:
        await trio.lowlevel.checkpoint()
        id_, kept = self._kept.get(name, (0, None))
        if kept is None or maker_id not in (None, kept.maker_id):
            return False
        del self._kept[name]
        self._pictures().keep("emoji", id_, 0, None)
        return True

    async def all(self) -> Sequence[CustomEmoji]:
        await trio.lowlevel.checkpoint()
        return [kept for _, (_, kept) in sorted(self._kept.items())]

    async def has(self, name: str) -> bool:
        await trio.lowlevel.checkpoint()
        return name in self._kept

    def _pictures(self) -> "PicturesModel":
        pictures: Any = self._storage.feature_ports[PICTURES]
        return pictures  # type: ignore[no-any-return]
