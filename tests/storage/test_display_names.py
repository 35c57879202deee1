"""Display names: nobody takes one that looks like the name or the display name of another, and older ones stay."""

import pytest
from msgspec import UNSET, UnsetType

from chat.domain.entities import Person
from chat.domain.ports import NewPerson, ProfileChange, Storage, Taken


@pytest.fixture
async def people(storage: Storage) -> dict[str, int]:
    """Root, an admin; ada, who is shown as Lady Ada; ben and cem."""
    ids = {}
    for name, shown in (("root", None), ("ada", "Lady Ada"), ("ben", None), ("cem", None)):
        new = NewPerson(name=name, password_hash=b"x", display_name=shown, is_admin=name == "root")
        person = await storage.users.add(new)
        assert isinstance(person, Person)
        ids[name] = person.id
    return ids


async def change(
    storage: Storage, person_id: int, shown: str | None, name: str | UnsetType = UNSET
) -> str | None:
    """Change a display name, and return it, or what is taken."""
    changed = await storage.users.change_profile(person_id, ProfileChange(display_name=shown, name=name))
    assert changed is not None
    return f"taken: {changed.what}" if isinstance(changed, Taken) else changed.display_name


@pytest.mark.parametrize("shown", ["root", "Root", "r00t", "ADA", "Lady Ada", "lady ada", "Lady \uff21da"])
async def test_what_looks_like_another_is_taken(storage: Storage, people: dict[str, int], shown: str) -> None:
    assert await change(storage, people["ben"], shown) == "taken: display"
    ben = await storage.users.by_id(people["ben"])
    assert ben is not None
    assert ben.display_name is None


async def test_ones_own_names_are_ones_own(storage: Storage, people: dict[str, int]) -> None:
    assert await change(storage, people["ada"], "lady ada") == "lady ada"
    assert await change(storage, people["ada"], "ADA") == "ADA"
    assert await change(storage, people["ben"], "Benno", "benno") == "Benno"
    assert await change(storage, people["ben"], "benno") == "benno"


async def test_a_display_name_that_is_given_back_is_free(storage: Storage, people: dict[str, int]) -> None:
    assert await change(storage, people["ben"], "Captain") == "Captain"
    assert await change(storage, people["cem"], "captain") == "taken: display"
    assert await change(storage, people["ben"], "Mate") == "Mate"
    assert await change(storage, people["cem"], "captain") == "captain"
    assert await change(storage, people["ben"], None) is None
    assert await change(storage, people["cem"], "Mate") == "Mate"


async def test_a_profile_is_changed_as_a_whole_or_not_at_all(
    storage: Storage, people: dict[str, int]
) -> None:
    assert await change(storage, people["ben"], "root", "benno") == "taken: display"
    assert await change(storage, people["ben"], "Benno", "ada") == "taken: name"
    ben = await storage.users.by_id(people["ben"])
    assert ben is not None
    assert (ben.name, ben.display_name) == ("ben", None)
    assert await change(storage, people["cem"], "Benno") == "Benno", "nobody has it"


async def test_who_signed_up_where_names_are_shared_keeps_theirs(
    storage: Storage, people: dict[str, int]
) -> None:
    twin = await storage.users.add(NewPerson(name="ada-1", password_hash=b"x", display_name="Lady Ada"))
    assert isinstance(twin, Person)
    assert await change(storage, twin.id, "Lady Ada") == "Lady Ada"
    assert await change(storage, people["ben"], "Lady Ada") == "taken: display"
