"""The contract of positions, on both storages."""

from chat.domain.entities import Person
from chat.domain.messages.client_positions import MOST_CLIENTS, STORE, ClientPositions
from chat.domain.ports import NewPerson, Storage


async def add(storage: Storage, name: str) -> Person:
    person = await storage.users.add(NewPerson(name=name, password_hash=b"x"))
    assert isinstance(person, Person)
    return person


async def test_a_position_only_moves_forward(storage: Storage) -> None:
    ada, store = await add(storage, "ada"), storage.feature_ports[STORE]
    assert await store.read((ada.id, "")) is None
    await store.write({(ada.id, ""): 7, (ada.id, "phone"): 3})
    await store.write({(ada.id, ""): 5, (ada.id, "phone"): 4})
    assert [await store.read((ada.id, each)) for each in ("", "phone", "other")] == [7, 4, None]


async def test_the_clients_used_last_are_kept(storage: Storage) -> None:
    ada, store = await add(storage, "ada"), storage.feature_ports[STORE]
    for n in range(MOST_CLIENTS + 2):
        await store.write({(ada.id, f"c{n}"): n})
    assert [await store.read((ada.id, f"c{n}")) for n in (0, 1, 2)] == [None, None, 2]


async def test_positions_of_nobody_are_not_kept(storage: Storage) -> None:
    ada, store = await add(storage, "ada"), storage.feature_ports[STORE]
    await store.write({(ada.id, ""): 7, (99, ""): 8})
    assert await store.read((99, "")) is None
    await storage.users.delete(ada.id, by_id=None)
    await store.write({(ada.id, ""): 9})
    assert await store.read((ada.id, "")) is None


async def test_a_noted_position_counts_before_it_is_written(storage: Storage) -> None:
    ada = await add(storage, "ada")
    positions = ClientPositions(storage.feature_ports[STORE])
    positions.note((ada.id, ""), 5)
    positions.note((ada.id, ""), 4)
    assert await positions.read((ada.id, "")) == 5
