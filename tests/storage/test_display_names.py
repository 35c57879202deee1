"""Look-alikes of names and display names are refused, and older ones stay."""

import pytest
import trio
from msgspec import UNSET, UnsetType

from chat.domain.accounts.account_changes import AccountChange
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
async def test_a_look_alike_is_taken(storage: Storage, people: dict[str, int], shown: str) -> None:
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


async def test_an_account_with_a_shared_display_name_keeps_it(
    storage: Storage, people: dict[str, int]
) -> None:
    twin = await storage.users.add(NewPerson(name="ada-1", password_hash=b"x", display_name="Lady Ada"))
    assert isinstance(twin, Person)
    assert await change(storage, twin.id, "Lady Ada") == "Lady Ada"
    assert await change(storage, people["ben"], "Lady Ada") == "taken: display"


async def added(storage: Storage, name: str, shown: str | None = None) -> str:
    """Add a person, and return their name, or what is taken."""
    done = await storage.users.add(NewPerson(name=name, password_hash=b"x", display_name=shown))
    return f"taken: {done.what}" if isinstance(done, Taken) else done.name if done else "no invite"


def what_is_taken(changed: object) -> str:
    """Return it, or "" where somebody was changed."""
    return changed.what if isinstance(changed, Taken) else ""


@pytest.mark.parametrize("name", ["Lady Ada", "lady ada", "Lady \uff21da", "LADY ADA"])
async def test_a_name_that_looks_like_a_display_name_is_taken(
    storage: Storage, people: dict[str, int], name: str
) -> None:
    assert await added(storage, name) == "taken: look"
    ben = people["ben"]
    assert what_is_taken(await storage.users.rename(ben, name)) == "look"
    assert what_is_taken(await storage.users.change_profile(ben, ProfileChange(name=name))) == "look"
    assert what_is_taken(await storage.users.administer(ben, AccountChange(name=name), None)) == "look"
    kept = await storage.users.by_id(ben)
    assert kept is not None
    assert kept.name == "ben"


async def test_a_name_that_another_has_and_shows_is_taken_as_a_name(
    storage: Storage, people: dict[str, int]
) -> None:
    assert await added(storage, "Dora", "Dora") == "Dora"
    assert await added(storage, "Dora-1", "Dora") == "Dora-1"
    assert await added(storage, "dora") == "taken: name"
    assert what_is_taken(await storage.users.rename(people["ben"], "dora")) == "name"


async def test_a_display_name_that_is_given_back_is_free_as_a_name(
    storage: Storage, people: dict[str, int]
) -> None:
    assert await change(storage, people["ada"], None) is None
    assert await added(storage, "Lady Ada") == "Lady Ada"


async def test_a_name_shared_with_a_display_name_is_kept_in_any_case(
    storage: Storage, people: dict[str, int]
) -> None:
    assert await added(storage, "twin-1", "Twin") == "twin-1"
    twin = await storage.users.add(NewPerson(name="twin-2", password_hash=b"x", display_name="Twin"))
    assert isinstance(twin, Person)
    renamed = await storage.users.rename(twin.id, "TWIN")
    assert isinstance(renamed, Person), "it is how they are shown already"
    again = await storage.users.rename(twin.id, "Twin")
    assert isinstance(again, Person)
    assert await change(storage, twin.id, "Somebody else") == "Somebody else"
    kept = await storage.users.change_profile(twin.id, ProfileChange(name="twin", share_reads=False))
    assert isinstance(kept, Person), "an own name is not new, though another is shown so"
    known = await storage.users.by_name("twin")
    assert known is not None
    assert known.person.id == twin.id


async def test_of_a_concurrent_name_and_look_alike_display_name_one_is_given(
    storage: Storage, people: dict[str, int]
) -> None:
    """In any order: two concurrent changes, and an admin who renames a person that changes their own profile."""
    for turn in range(8):
        done: list[object] = []

        async def show(shown: str, done: list[object] = done) -> None:
            done.append(await storage.users.change_profile(people["ben"], ProfileChange(display_name=shown)))

        async def name(taken: str, done: list[object] = done) -> None:
            done.append(await storage.users.administer(people["cem"], AccountChange(name=taken), None))

        async def rename_ben(taken: str) -> None:
            await storage.users.administer(people["ben"], AccountChange(name=taken, is_admin=True), None)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(show, f"captain {turn}")
            nursery.start_soon(name, f"Captain {turn}")
            nursery.start_soon(rename_ben, f"other {turn}")
        assert sorted(map(type, done), key=repr) == sorted([Person, Taken], key=repr)
