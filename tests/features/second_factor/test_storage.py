"""Second factors: one contract, on memory and on PostgreSQL."""

import trio

from chat.domain.administration.audit import What
from chat.domain.entities import Person
from chat.domain.ports import NewPerson, Storage
from chat.features.oidc.port import IDENTITIES, Identity
from chat.features.second_factor.passkeys.port import MOST, PASSKEYS, NewPasskey
from chat.features.second_factor.port import FACTORS, Secret

LATER = 2**31
ISSUER = "https://id.example"
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


def passkey(number: int, *, sign_count: int = 0) -> NewPasskey:
    return NewPasskey(bytes([number]), b"key", sign_count, ("usb",), f"{number}", bytes([number]) * 16, LATER)


async def test_a_passkey_is_a_second_factor_until_the_last_is_removed(storage: Storage) -> None:
    passkeys, factors = storage.feature_ports[PASSKEYS], storage.feature_ports[FACTORS]
    ada, ben = await ada_in(storage), await ada_in(storage, "ben")
    assert await passkeys.of_person(ada.id) == []
    assert await passkeys.by_credential(b"\1") is None
    added = await passkeys.add(ada, passkey(1), CODES)
    assert added is not None
    assert added.is_first
    assert (added.passkey.name, added.passkey.transports, added.passkey.used_at) == ("1", ("usb",), None)
    assert (await now(storage, ada)).has_second_factor
    assert await factors.count_recovery_codes(ada.id) == 10
    assert await passkeys.add(ada, passkey(1), CODES) is None  # its challenge was used
    second = await passkeys.add(ada, passkey(2), CODES[:1])
    assert second is not None
    assert not second.is_first
    assert await factors.count_recovery_codes(ada.id) == 10
    assert [each.id for each in await passkeys.of_person(ada.id)] == [added.passkey.id, second.passkey.id]
    assert await passkeys.by_credential(b"\2") == second.passkey
    assert not await passkeys.rename(ben.id, second.passkey.id, "mine")
    assert not await passkeys.remove(ben.id, second.passkey.id, None)
    assert await passkeys.rename(ada.id, second.passkey.id, "phone")
    assert await passkeys.remove(ada.id, second.passkey.id, None)
    assert not await passkeys.remove(ada.id, second.passkey.id, None)
    assert (await now(storage, ada)).has_second_factor
    assert await passkeys.remove(ada.id, added.passkey.id, None)
    assert not (await now(storage, ada)).has_second_factor
    assert await factors.count_recovery_codes(ada.id) == 0
    acts = [(act.what, act.detail) for act in await storage.audit.acts(None, 10)]
    assert acts == [
        (What.PASSKEY_REMOVED, "1"),
        (What.PASSKEY_REMOVED, "phone"),
        (What.PASSKEY_ADDED, "2"),
        (What.PASSKEY_ADDED, "1"),
    ]


async def test_a_credential_is_of_one_account_and_none_is_added_after_its_session(storage: Storage) -> None:
    passkeys = storage.feature_ports[PASSKEYS]
    ada, ben = await ada_in(storage), await ada_in(storage, "ben")
    assert await passkeys.add(ada, passkey(1), CODES) is not None
    same = NewPasskey(b"\1", b"key", 0, (), "", b"another", LATER)
    assert await passkeys.add(ben, same, CODES) is None
    assert not (await now(storage, ben)).has_second_factor
    # A reset link was used meanwhile: what the session before it had begun comes too late.
    await storage.users.set_password(ben.id, b"y")
    assert await passkeys.add(ben, passkey(2), CODES) is None
    changed = await now(storage, ben)
    for number in range(2, MOST + 2):
        assert await passkeys.add(changed, passkey(number), CODES) is not None
    assert await passkeys.add(changed, passkey(MOST + 2), CODES) is None


async def test_a_use_counts_once_and_upwards(storage: Storage) -> None:
    passkeys, ada = storage.feature_ports[PASSKEYS], await ada_in(storage)
    added = await passkeys.add(ada, passkey(1, sign_count=4), CODES)
    assert added is not None
    known = added.passkey
    assert not await passkeys.use(known, 4, b"a", LATER)
    assert not await passkeys.use(known, 5, b"a", LATER)  # used up, though it was refused
    assert await at_once(5, lambda: passkeys.use(known, 5, b"b", LATER)) == [False] * 4 + [True]
    numbers = iter(range(10))
    # Copies of an authenticator: each has a challenge of its own.
    assert await at_once(5, lambda: passkeys.use(known, 6, b"c%d" % next(numbers), LATER)) == [False] * 4 + [
        True
    ]
    used = await passkeys.by_credential(b"\1")
    assert used is not None
    assert used.sign_count == 6
    assert used.used_at is not None
    none = await passkeys.add(ada, passkey(2), CODES)
    assert none is not None
    for number in (b"d", b"e"):
        assert await passkeys.use(none.passkey, 0, number, LATER)  # an authenticator that does not count


async def test_a_code_in_place_of_a_use_is_good_once_for_its_person(storage: Storage) -> None:
    passkeys, ada = storage.feature_ports[PASSKEYS], await ada_in(storage)
    ben = await ada_in(storage, "ben")
    added = await passkeys.add(ada, passkey(1), CODES)
    assert added is not None
    assert not await passkeys.use_code(ada.id, CODES[1])
    assert await passkeys.use(added.passkey, 1, b"a", LATER, CODES[1])
    assert not await passkeys.use_code(ben.id, CODES[1])
    assert await at_once(5, lambda: passkeys.use_code(ada.id, CODES[1])) == [False] * 4 + [True]
    assert await passkeys.use(added.passkey, 2, b"b", LATER, CODES[2])
    assert await passkeys.remove(ada.id, added.passkey.id, None)
    assert not await passkeys.use_code(ada.id, CODES[2])


async def test_an_app_is_removed_without_the_passkeys_and_an_admin_removes_both(storage: Storage) -> None:
    passkeys, factors = storage.feature_ports[PASSKEYS], storage.feature_ports[FACTORS]
    ada = await ada_in(storage)
    assert not await factors.remove_app(ada.id)
    await factors.begin(ada.id, SECRET)
    await factors.confirm(ada.id, SECRET, 7, CODES)
    added = await passkeys.add(ada, passkey(1), CODES[:1])
    assert added is not None
    assert not added.is_first
    assert await factors.remove_app(ada.id)
    assert (await now(storage, ada)).has_second_factor
    assert await factors.count_recovery_codes(ada.id) == 10
    assert await factors.replace_recovery_codes(ada.id, CODES[:2])
    assert await factors.remove(ada.id, None)
    assert not (await now(storage, ada)).has_second_factor
    assert await passkeys.of_person(ada.id) == []
    assert await factors.count_recovery_codes(ada.id) == 0
    again = await passkeys.add(ada, passkey(2), CODES)
    assert again is not None
    await storage.users.delete(ada.id, None)
    assert await passkeys.by_credential(b"\2") is None


async def test_the_last_passkey_stays_while_nothing_else_lets_its_owner_in(storage: Storage) -> None:
    passkeys, identities = storage.feature_ports[PASSKEYS], storage.feature_ports[IDENTITIES]
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"$2b$04$" + b"." * 53))
    assert isinstance(ada, Person)
    first, second = [await passkeys.add(ada, passkey(each), CODES) for each in (1, 2)]
    assert first is not None
    assert second is not None
    assert await passkeys.remove(ada.id, first.passkey.id, ISSUER)
    assert await passkeys.remove(ada.id, second.passkey.id, ISSUER) is False
    assert await passkeys.of_person(ada.id) == [second.passkey]
    assert await identities.link(Identity(ISSUER, "s-1"), ada) == ada.id
    assert await passkeys.remove(ada.id, second.passkey.id, None) is False  # nobody logs in by it now
    assert not await identities.unlink(ada.id, ISSUER, passkeys_log_in=False)
    # Of the two ways that are left one at a time is removed.
    ended: list[bool | None] = []

    async def unlink() -> None:
        ended.append(await identities.unlink(ada.id, ISSUER, passkeys_log_in=True))

    async def remove() -> None:
        ended.append(await passkeys.remove(ada.id, second.passkey.id, ISSUER))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(unlink)
        nursery.start_soon(remove)
    assert sorted(ended, key=str) == [False, True]
