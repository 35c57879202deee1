"""Second factors: one contract, on memory and on PostgreSQL."""

import trio

from chat.domain.administration.audit import What
from chat.domain.entities import Person
from chat.domain.ports import NewPerson, Storage
from chat.features.second_factor.port import FACTORS, Secret

SECRET, OTHER = b"1" * 20, b"2" * 20
CODES = [bytes([n]) * 32 for n in range(10)]


async def ada_in(storage: Storage, name: str = "ada") -> Person:
    ada = await storage.users.add(NewPerson(name=name, password_hash=b"x"))
    assert isinstance(ada, Person)
    return ada


async def now(storage: Storage, person: Person) -> Person:
    found = await storage.users.by_id(person.id)
    assert found is not None
    return found


async def at_once(count: int, act: object) -> list[bool]:
    done: list[bool] = []

    async def once() -> None:
        done.append(await act())  # type: ignore[operator]

    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(once)
    return sorted(done)


async def test_a_secret_is_in_force_once_it_is_confirmed(storage: Storage) -> None:
    factors, ada = storage.feature_ports[FACTORS], await ada_in(storage)
    assert not await factors.confirm(ada.id, SECRET, 7, CODES)
    assert await factors.secret(ada.id) is None
    assert await factors.begin(ada.id, OTHER)
    assert await factors.begin(ada.id, SECRET)
    assert await factors.secret(ada.id) == Secret(SECRET, False)
    assert not await factors.use_step(ada.id, SECRET, 8)
    assert not (await now(storage, ada)).has_second_factor
    assert not await factors.confirm(ada.id, OTHER, 7, CODES)
    assert await factors.confirm(ada.id, SECRET, 7, CODES)
    assert not await factors.confirm(ada.id, SECRET, 7, CODES)
    assert await factors.secret(ada.id) == Secret(SECRET, True)
    assert (await now(storage, ada)).has_second_factor
    assert not await factors.begin(ada.id, OTHER)
    assert await factors.count_recovery_codes(ada.id) == 10
    (act,) = await storage.audit.acts(None, 10)
    assert act.what == What.SECOND_FACTOR_SET_UP
    assert act.by == act.person
    assert act.by is not None
    assert act.by.id == ada.id


async def test_a_step_is_used_once_and_none_before_it(storage: Storage) -> None:
    factors, ada = storage.feature_ports[FACTORS], await ada_in(storage)
    await factors.begin(ada.id, SECRET)
    await factors.confirm(ada.id, SECRET, 7, CODES)
    assert not await factors.use_step(ada.id, SECRET, 7)  # it confirmed
    assert await at_once(10, lambda: factors.use_step(ada.id, SECRET, 9)) == [False] * 9 + [True]
    assert not await factors.use_step(ada.id, SECRET, 8)
    assert not await factors.use_step(ada.id, OTHER, 10)
    assert await factors.use_step(ada.id, SECRET, 10)


async def test_a_recovery_code_is_used_once_and_by_its_person(storage: Storage) -> None:
    factors, ada = storage.feature_ports[FACTORS], await ada_in(storage)
    ben = await ada_in(storage, "ben")
    assert not await factors.replace_recovery_codes(ada.id, CODES)
    await factors.begin(ada.id, SECRET)
    await factors.confirm(ada.id, SECRET, 7, CODES)
    assert not await factors.use_recovery_code(ben.id, CODES[0])
    assert await at_once(10, lambda: factors.use_recovery_code(ada.id, CODES[0])) == [False] * 9 + [True]
    assert await factors.count_recovery_codes(ada.id) == 9
    assert await factors.replace_recovery_codes(ada.id, [b"n" * 32])
    assert not await factors.use_recovery_code(ada.id, CODES[1])
    assert await factors.count_recovery_codes(ada.id) == 1


async def test_removing_ends_the_secret_and_the_recovery_codes(storage: Storage) -> None:
    factors, ada = storage.feature_ports[FACTORS], await ada_in(storage)
    assert not await factors.remove(ada.id, None)
    await factors.begin(ada.id, SECRET)
    assert not await factors.remove(ada.id, None)
    await factors.confirm(ada.id, SECRET, 7, CODES)
    assert await factors.remove(ada.id, None)
    assert not await factors.remove(ada.id, None)
    assert not (await now(storage, ada)).has_second_factor
    assert await factors.secret(ada.id) is None
    assert not await factors.use_recovery_code(ada.id, CODES[0])
    act = (await storage.audit.acts(None, 10))[0]
    assert (act.what, act.by) == (What.SECOND_FACTOR_REMOVED, None)


async def test_a_deleted_account_keeps_no_secret(storage: Storage) -> None:
    factors, ada = storage.feature_ports[FACTORS], await ada_in(storage)
    await factors.begin(ada.id, SECRET)
    await factors.confirm(ada.id, SECRET, 7, CODES)
    await storage.users.delete(ada.id, None)
    assert await factors.secret(ada.id) is None
    assert not await factors.begin(ada.id, OTHER)
    assert not await factors.use_step(ada.id, SECRET, 9)
