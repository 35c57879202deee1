"""Worlds for archives: people and rooms with everything that archives have, made by the storage as servers use it."""

import hashlib
import random
from pathlib import Path

from chat.domain.accounts.bots import BOTS, BotAccount, Scope
from chat.domain.entities import Draft, Message, MessageKind, Pair, Peer, Person
from chat.domain.messages.changes import (
    Addition,
    Deletion,
    Edit,
    Reaction,
    Removal,
    RoleChange,
    RoomChange,
    RoomDeletion,
    SupportChange,
    Write,
)
from chat.domain.messages.reading import ReadMark
from chat.domain.messages.uploads import whole
from chat.domain.ports import NewPerson
from chat.domain.ports.files import NewFile
from chat.domain.rooms.membership import OwnSettings, RoomRole
from chat.features.pins.changes import Pin
from chat.storage.file_store import DiskFileStore
from chat.storage.postgres.storage import PostgresStorage

EMOJI = ("👍", "🎉", "👩‍🚀", ":garden:")
TEXTS = (
    *(
        "see you at the gate",
        "yes",
        "it is *about* the `timer`",
        "https://garden.example/timer",
        "naïve 日本語",
    ),
    *('a "quote", a \\ and a \t tab', "@ada and @ben: look", "\u2028 line"),
)


class Builder:
    """Makes one world. `at` is the time of the next write."""

    def __init__(self, storage: PostgresStorage, store: DiskFileStore, seed: int) -> None:
        self.storage = storage
        self.store = store
        self.dice = random.Random(seed)
        self.at = 1_700_000_000.0
        self.people: list[Person] = []
        self.rooms: list[int] = [1]
        self.said: list[tuple[int, int, int]] = []  # room, seq, sender

    def now(self) -> float:
        """Return the next time, with a fraction."""
        self.at = round(self.at + self.dice.random() * 1000, 6)
        return self.at

    async def save(self, write: Write) -> object:
        """Save one write."""
        (saved,) = await self.storage.messages.save([write])
        return saved

    async def say(
        self, room: int, person: Person, text: str, reply: int | None = None, **more: object
    ) -> None:
        """Save a message."""
        draft = Draft(room, person.id, person.name, text, self.now(), reply=reply, **more)  # type: ignore[arg-type]
        saved = await self.save(draft)
        if isinstance(saved, Message):
            self.said.append((room, saved.seq, person.id))

    async def build(self, steps: int) -> None:
        """Make people, rooms of each kind, and so many writes."""
        dice = self.dice
        for name in ("ada", "ben", "cem", "dora", "Éva"):
            new = NewPerson(
                name=name,
                password_hash=b"$2b$04$",
                email=f"{name}@example.org" if name != "dora" else None,
                display_name=dice.choice([None, f"{name} of the garden"]),
                is_operator=name == "ben",
                is_admin=name == "ada",
            )
            added = await self.storage.users.add(new)
            assert isinstance(added, Person), added
            self.people.append(added)
        ada, ben, cem, dora, eva = self.people
        for name, private in (("garden", False), ("shed", True), ("gone", False)):
            room = await self.storage.rooms.create(name, ada.id, is_private=private, topic=f"about {name}")
            self.rooms.append(room.id)  # type: ignore[union-attr]
            for person in (ben, cem, eva):
                joining = Draft(self.rooms[-1], person.id, person.name, "", self.now(), MessageKind.JOIN)
                await self.save(Addition(joining, ada.id))
        direct = await self.storage.rooms.direct_room(ada.id, ben.id)
        support = await self.storage.rooms.support_room(cem.id)
        assert direct is not None
        assert support is not None
        self.rooms += [direct.id, support.id]
        pair = Pair(Peer(ada.id, ada.name), Peer(ben.id, ben.name))
        for _ in range(steps):
            await self._step(direct.id, pair)
        await self.say(support.id, cem, "help")
        await self.save(SupportChange(support.id, ben.id, self.now(), assignee=Peer(ben.id, ben.name)))
        await self.say(support.id, ben, "done")
        await self.save(SupportChange(support.id, ben.id, self.now(), is_closed=True))
        garden = self.rooms[1]
        await self.save(RoleChange(garden, ben.id, RoomRole.MODERATOR, ada.id, self.now()))
        await self.save(Removal(garden, eva.id, ada.id, self.now(), is_ban=True))
        await self.save(RoomChange(room_id=garden, actor_id=ada.id, created_at=self.now(), topic="other"))
        await self.save(RoomDeletion(self.rooms[3], ada.id, self.now()))
        await self.storage.timelines.mark_read({(garden, ben.id): ReadMark(2)})
        await self.storage.timelines.set_own(garden, cem.id, OwnSettings(notify="all", is_starred=True))
        await self._add_bots(ada, dora, garden)
        await self.storage.users.delete(dora.id)

    async def _add_bots(self, ada: Person, dora: Person, room: int) -> None:
        """Make bots: one in a room that its owner is in, one that is off, a removed one, and one of a removed owner."""
        bots = self.storage.feature_ports[BOTS]
        made = []
        for owner, name in ((ada, "Dice"), (ada, "Cards"), (ada, "Old"), (dora, "Theirs")):
            scopes = [each.value for each in Scope if self.dice.random() < 0.8] or ["read"]
            bot = await bots.add(owner.id, f"{name} (bot)", scopes)
            assert isinstance(bot, BotAccount)
            made.append(bot)
        dice, cards, old, _ = made
        for bot in (dice, old):
            joining = Draft(room, bot.id, f"{bot.name} (bot)", "", self.now(), MessageKind.JOIN)
            await self.save(Addition(joining, ada.id))
        self.people += [Person(id=each.id, name=f"{each.name} (bot)") for each in made]
        await self.say(room, self.people[-len(made)], "six")
        await bots.switch(cards.id, ada.id, is_on=False)
        await bots.remove(old.id, ada.id)

    async def _step(self, direct: int, pair: Pair) -> None:
        dice = self.dice
        what = dice.random()
        if what < 0.6 or not self.said:
            room = dice.choice([each for each in self.rooms if each != self.rooms[-1]])
            person = dice.choice(self.people[:2] if room == direct else self.people)
            answered = [seq for place, seq, _ in self.said if place == room]
            reply = dice.choice(answered) if answered and dice.random() < 0.3 else None
            files = await self._files(room, person) if dice.random() < 0.1 else ()
            await self.say(room, person, dice.choice(TEXTS), reply, file_ids=files)
            return
        room, seq, sender = dice.choice(self.said)
        person = dice.choice(self.people)
        if what < 0.75:
            await self.save(
                Reaction(room, seq, person.id, dice.choice(EMOJI), dice.random() < 0.8, self.now())
            )
        elif what < 0.88:
            await self.save(Edit(room, seq, sender, dice.choice(TEXTS), self.now()))
        elif what < 0.94:
            await self.save(Deletion(room, seq, sender, self.now()))
        else:
            await self.save(
                Pin(room_id=room, seq=seq, actor_id=sender, is_on=dice.random() < 0.7, created_at=self.now())
            )

    async def _files(self, room: int, person: Person) -> tuple[int, ...]:
        data = self.dice.randbytes(self.dice.randrange(1, 2000))
        stored = await self.store.store(whole(data))
        assert stored.digest == hashlib.sha256(data).digest()
        new = NewFile(
            room_id=room,
            owner_id=person.id,
            name="notes.bin",
            type="application/octet-stream",
            size=stored.size,
            digest=stored.digest,
            width=None,
            height=None,
        )
        return ((await self.storage.files.keep_file(new)).id,)


def tree(directory: Path) -> dict[str, bytes]:
    """Return all files below a directory, by their paths."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
