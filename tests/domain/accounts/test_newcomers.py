"""Registering: cheap checks first, expensive work limited, and the rules for invites."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chat.domain.accounts.accounts import Accounts
from chat.domain.accounts.authentication import Granted
from chat.domain.accounts.invites import BAD_INVITE, NEEDS_INVITE
from chat.domain.accounts.newcomers import CLOSED, Registration
from chat.domain.accounts.passwords import BUSY
from chat.domain.accounts.tokens import Tokens
from chat.domain.entities import Person
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.limits.registrations import Registrations
from chat.domain.refusals import EMAIL_TAKEN, NAME_TAKEN, Code, Refusal
from tests.domain.house import ADDRESS, PASSWORD, House


async def test_a_taken_name_is_refused_before_it_is_hashed(house: House) -> None:
    assert isinstance(await house.register("ada", email="ada@example.com"), Granted)
    assert house.passwords.hashed == 1
    assert await house.register("ADA") is NAME_TAKEN
    assert await house.register("ben", email="Ada@example.com") is EMAIL_TAKEN
    assert await house.accounts.sign_up("ada@example.com", "ben", PASSWORD, ADDRESS) is EMAIL_TAKEN
    assert await house.accounts.add("ada", PASSWORD) is NAME_TAKEN
    assert house.passwords.hashed == 1


async def test_fifty_registrations_at_once_do_not_delay_log_ins(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.accounts.add("ada", PASSWORD)
    by_name, looking, most = house.users.by_name, 0, 0

    async def look(name: str) -> object:
        nonlocal looking, most
        looking += 1
        most = max(most, looking)
        await wait_all_tasks_blocked()
        looking -= 1
        return await by_name(name)

    monkeypatch.setattr(house.users, "by_name", look)
    answers: list[object] = []

    async def register() -> None:
        answers.append(await house.register("ada", address="127.0.0.1"))

    async with trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(register)
    assert answers == [NAME_TAKEN] * 50
    assert most == 2


async def test_of_two_concurrent_registrations_of_a_name_one_succeeds(house: House) -> None:
    answers: list[object] = []

    async def register(name: str, email: str) -> None:
        answers.append(await house.register(name, email=email))

    async with trio.open_nursery() as nursery:
        for name, email in (("ada", "a@b"), ("Ada", "c@d"), ("ben", "e@f"), ("cem", "E@f")):
            nursery.start_soon(register, name, email)
    assert house.passwords.hashed == 4, "all looked before anybody was added"
    assert sum(isinstance(answer, Granted) for answer in answers) == 2
    assert NAME_TAKEN in answers
    assert EMAIL_TAKEN in answers


async def test_registering_a_taken_name_hashes_once(house: House) -> None:
    await house.register("ada")
    house.passwords.hashed = 0
    granted = await house.accounts.sign_up("ada@example.com", "ada", PASSWORD, ADDRESS)
    assert isinstance(granted, Granted)
    assert granted.person.display_name == "ada"
    assert granted.person.name.startswith("ada-")
    assert house.passwords.hashed == 1


async def test_ten_register_from_one_address_and_the_next_waits(house: House) -> None:
    assert await house.registrations_left() == 10
    refusal = await house.accounts.sign_up("ada@example.com", "ada", PASSWORD, ADDRESS)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.TOO_MANY
    assert refusal.retry_after
    assert house.passwords.hashed == 10
    assert isinstance(await house.register("ada", address="10.0.0.2"), Granted)
    assert isinstance(await house.register("ben", address="127.0.0.1"), Granted)


async def test_bad_content_costs_no_registration_and_a_taken_name_costs_one(house: House) -> None:
    await house.accounts.add("ada", PASSWORD, "ada@example.com")
    for _ in range(20):
        assert isinstance(await house.register("a\nda"), Refusal)
        assert isinstance(await house.register("ben", email="nobody"), Refusal)
        assert isinstance(await house.accounts.register("ben", "1234", ADDRESS), Refusal)
    assert await house.register("ada") is NAME_TAKEN
    assert await house.register("ben", email="ada@example.com") is EMAIL_TAKEN
    assert await house.accounts.sign_up("ada@example.com", "ben", PASSWORD, ADDRESS) is EMAIL_TAKEN
    assert await house.registrations_left() == 7


async def test_an_operator_adds_as_many_as_they_like(house: House) -> None:
    for n in range(30):
        assert isinstance(await house.accounts.add(f"ada {n}", PASSWORD), Person)


async def test_a_registration_that_the_server_was_too_busy_for_costs_nothing(house: House) -> None:
    house.passwords.busy = True
    for _ in range(20):
        assert await house.register("ada") is BUSY
    house.passwords.busy = False
    assert await house.registrations_left() == 10


async def test_a_failed_registration_is_refunded_but_not_one_of_unknown_outcome(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(new: object) -> object:
        await trio.lowlevel.checkpoint()
        raise problem

    with monkeypatch.context() as patched:
        patched.setattr(house.users, "add", fail)
        for problem in (StorageDown("no disk"), OutcomeUnknown("who knows")):
            for _ in range(3):
                with pytest.raises(type(problem)):
                    await house.register("ada")
    assert await house.registrations_left() == 7


def registering(house: House, mode: Registration, *, per_hour: int = 10) -> Accounts:
    """The same people, where registering is as `mode` says."""
    return Accounts(
        house.users,
        house.passwords,
        Tokens("a secret of the tests that is long enough", 3600),
        house.throttle,
        Registrations(per_hour),
        min_password=5,
        registration=mode,
        person=house.person,
    )


async def test_where_registration_is_closed_nobody_registers_at_no_cost(house: House) -> None:
    accounts = registering(house, "closed")
    code = await accounts.invite(1, 60)
    assert await accounts.register("ada", PASSWORD, ADDRESS, invite=code) is CLOSED
    assert await accounts.sign_up("ada@example.com", "ada", PASSWORD, ADDRESS, invite=code) is CLOSED
    assert house.passwords.hashed == 0
    assert isinstance(await accounts.add("ada", PASSWORD), Person), "whoever runs the server may add people"


async def test_each_invite_admits_its_number_of_people(house: House) -> None:
    accounts = registering(house, "invite")
    assert await accounts.register("ada", PASSWORD, ADDRESS) is NEEDS_INVITE
    assert await accounts.register("ada", PASSWORD, ADDRESS, invite="") is NEEDS_INVITE
    code = await accounts.invite(2, 60)
    assert isinstance(await accounts.add("eve", PASSWORD), Person)
    answer = await accounts.register("eve", PASSWORD, ADDRESS, invite="guess")
    assert answer is BAD_INVITE, "a stranger learns nothing of who is here"
    hashed = house.passwords.hashed
    for wrong in ("guess", code[:-1], "\ud800"):
        assert await accounts.register("ada", PASSWORD, ADDRESS, invite=wrong) is BAD_INVITE
    assert house.passwords.hashed == hashed, "a guess is cheap"
    assert isinstance(await accounts.register("ada", PASSWORD, ADDRESS, invite=code), Granted)
    assert await accounts.register("ada", PASSWORD, ADDRESS, invite=code) is NAME_TAKEN
    signed_up = await accounts.sign_up("ben@example.com", "ada", PASSWORD, ADDRESS, invite=code)
    assert isinstance(signed_up, Granted), "a handle that is taken uses nothing up"
    assert await accounts.register("cem", PASSWORD, ADDRESS, invite=code) is BAD_INVITE


async def test_an_invite_that_is_used_up_while_the_password_is_hashed_lets_nobody_in(house: House) -> None:
    accounts = registering(house, "invite")
    code = await accounts.invite(1, 60)
    answers: list[object] = []

    async def register(name: str) -> None:
        answers.append(await accounts.register(name, PASSWORD, ADDRESS, invite=code))

    async with trio.open_nursery() as nursery:
        for name in ("ada", "ben"):
            nursery.start_soon(register, name)
    assert sum(isinstance(answer, Granted) for answer in answers) == 1
    assert answers.count(BAD_INVITE) == 1
    assert len(await house.storage.users.everyone()) == 1


async def test_invites_are_stored_as_digests_and_not_used_up_if_registration_is_open(
    house: House,
) -> None:
    code = await house.accounts.invite(1, 60)
    assert code.encode() not in house.users.invite_table._by_digest
    assert isinstance(await house.accounts.register("ada", PASSWORD, ADDRESS, invite=code), Granted)
    assert isinstance(
        await registering(house, "invite").register("ben", PASSWORD, ADDRESS, invite=code), Granted
    )


async def test_a_valid_invite_registers_beyond_the_limit_of_its_address(
    house: House,
) -> None:
    """An office has one address, and a link that is good for fifty."""
    clubs = registering(house, "invite", per_hour=2)
    code = await house.accounts.invite(15, 60)
    for number in range(15):
        assert isinstance(await clubs.register(f"person {number}", PASSWORD, ADDRESS, invite=code), Granted)
    for _ in range(2):
        assert await clubs.register("eve", PASSWORD, ADDRESS, invite="guessed") is BAD_INVITE
    throttled = await clubs.register("eve", PASSWORD, ADDRESS, invite="guessed")
    assert isinstance(throttled, Refusal)
    assert throttled.code is Code.TOO_MANY
    more = await house.accounts.invite(1, 60)
    assert isinstance(await clubs.register("late", PASSWORD, ADDRESS, invite=more), Granted)


async def test_tries_with_an_invite_that_come_to_nothing_are_counted_with_it(house: House) -> None:
    """Otherwise a person with an invite could check any number of names."""
    clubs = registering(house, "invite", per_hour=2)
    code = await house.accounts.invite(100, 60)
    assert isinstance(await clubs.register("ada", PASSWORD, ADDRESS, invite=code), Granted)
    outcomes = [await clubs.register("ada", PASSWORD, ADDRESS, invite=code) for _ in range(51)]
    assert outcomes[:50] == [NAME_TAKEN] * 50
    assert isinstance(outcomes[50], Refusal)
    assert outcomes[50].code is Code.TOO_MANY
    other = await house.accounts.invite(1, 60)
    assert isinstance(await clubs.register("ben", PASSWORD, ADDRESS, invite=other), Granted)


async def test_a_failing_database_uses_no_try_with_an_invite(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    clubs = registering(house, "invite", per_hour=2)
    code = await house.accounts.invite(1, 60)

    async def fail(_name: str) -> object:
        raise StorageDown("down")

    with monkeypatch.context() as patch:
        patch.setattr(house.users, "by_name", fail)
        for _ in range(60):
            with pytest.raises(StorageDown):
                await clubs.register("ada", PASSWORD, ADDRESS, invite=code)
    assert isinstance(await clubs.register("ada", PASSWORD, ADDRESS, invite=code), Granted)
