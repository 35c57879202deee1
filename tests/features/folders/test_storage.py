"""Folders, in memory and on PostgreSQL."""

from functools import partial

from chat.domain.entities import Person
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import NO_PERSON
from chat.features.folders import folders
from chat.features.folders.folders import FOLDERS, NONE, Folder, Folders


async def add(storage: Storage, name: str) -> int:
    person = await storage.users.add(NewPerson(name=name, password_hash=b"x"))
    assert isinstance(person, Person)
    return person.id


async def test_folders_of_each_person_are_changed_as_a_whole(storage: Storage) -> None:
    store = storage.feature_ports[FOLDERS]
    ada, ben = await add(storage, "ada"), await add(storage, "ben")
    assert await store.read(ada) == NONE
    first = await store.change(ada, partial(folders.with_new, name="Gärten"))
    assert first == Folders(1, 1, (Folder(1, "Gärten"),))
    assert await store.change(ada, partial(folders.without, folder_id=9)) is folders.NO_FOLDER
    changed = await store.change(ada, partial(folders.with_room, room_id=7, folder_id=1, own_rooms={7}))
    assert await store.read(ada) == changed == Folders(2, 1, (Folder(1, "Gärten", (7,)),))
    assert await store.read(ben) == NONE
    assert await store.change(99, partial(folders.with_new, name="x")) is NO_PERSON
    await storage.users.delete(ada)
    assert await store.read(ada) == NONE
