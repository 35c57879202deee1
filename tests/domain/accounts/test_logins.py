"""Logging in and new passwords: expensive work is limited, and guessing is throttled."""

import pytest
import trio

from chat.domain.accounts.authentication import Granted
from chat.domain.accounts.logins import DISABLED, NOT_YOUR_PASSWORD
from chat.domain.accounts.passwords import BUSY
from chat.domain.entities import Person
from chat.domain.failures import StorageDown
from chat.domain.refusals import BAD_CREDENTIALS, BAD_TOKEN, Code, Refusal
from tests.domain.house import ADDRESS, PASSWORD, House, registered
from tests.support.account_changes import set_disabled


async def test_an_impossible_login_counts_for_its_address_and_is_not_stored(
    house: House,
) -> None:
    answers = [await house.log_in("x" * 257 + str(n)) for n in range(21)]
    assert answers[:20] == [BAD_CREDENTIALS] * 20
    assert isinstance(answers[20], Refusal)
    assert answers[20].code is Code.TOO_MANY
    assert answers[20].retry_after
    for login in ("a\0da", "a\nda", "\ud800"):
        assert await house.log_in(login, address="10.0.0.2") is BAD_CREDENTIALS
    assert house.passwords.checked == 0
    assert len(house.throttle._of_address) == 2
    assert len(house.throttle._at_address) == len(house.throttle._of_name) == 0


async def test_a_login_that_the_server_was_too_busy_for_costs_no_try(house: House) -> None:
    await house.accounts.add("ada", PASSWORD)
    house.passwords.busy = True
    for _ in range(20):
        assert await house.log_in("ada", password="wrong") is BUSY
    house.passwords.busy = False
    assert isinstance(await house.log_in("ada"), Granted)


async def test_a_login_that_the_database_did_not_answer_costs_no_try(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.accounts.add("ada", PASSWORD)

    async def fail(_name: str) -> object:
        raise StorageDown("down")

    with monkeypatch.context() as patch:
        patch.setattr(house.users, "by_name", fail)
        for _ in range(60):
            with pytest.raises(StorageDown):
                await house.log_in("ada")
    assert isinstance(await house.log_in("ada"), Granted)


async def test_a_throttled_login_is_not_checked(house: House) -> None:
    await house.accounts.add("ada", PASSWORD)
    for _ in range(5):
        assert await house.log_in("ada", password="wrong word") is BAD_CREDENTIALS
    for _ in range(5):
        answer = await house.log_in("ada")
        assert isinstance(answer, Refusal)
        assert answer.code is Code.TOO_MANY
    assert house.passwords.checked == 5


async def test_a_disabled_account_is_refused_by_password_and_by_token(house: House) -> None:
    ada, _ = await registered(house, "ada")
    disabled = await set_disabled(house.storage.users, ada.id, disabled=True)
    assert disabled is not None
    assert await house.log_in("ada") is DISABLED
    assert await house.log_in("ada", password="wrong word") is BAD_CREDENTIALS, "only who knows it is told"
    assert await house.accounts.authenticate(house.accounts.grant(disabled).token) is BAD_TOKEN
    enabled = await set_disabled(house.storage.users, ada.id, disabled=False)
    assert enabled is not None
    assert isinstance(await house.log_in("ada"), Granted)
    assert await house.accounts.authenticate(house.accounts.grant(enabled).token) == enabled


async def test_a_new_password_ends_every_token_but_the_one_it_gives(house: House) -> None:
    ada, old = await registered(house, "ada")
    _, others = await registered(house, "ben")
    changed = await house.accounts.change_password(ada, PASSWORD, "another word", ADDRESS)
    assert isinstance(changed, Granted)
    assert await house.accounts.authenticate(old) is BAD_TOKEN
    assert await house.accounts.authenticate(changed.token) == changed.person
    assert isinstance(await house.accounts.authenticate(others), Person), "nobody else's"
    assert await house.log_in("ada") is BAD_CREDENTIALS
    assert isinstance(await house.log_in("ada", password="another word"), Granted)


async def test_changing_a_password_needs_the_current_one(house: House) -> None:
    ada, token = await registered(house, "ada")
    wrong = await house.accounts.change_password(ada, "wrong word", "another word", ADDRESS)
    assert wrong is NOT_YOUR_PASSWORD
    for new in ("x", "x" * 73):
        refusal = await house.accounts.change_password(ada, PASSWORD, new, ADDRESS)
        assert isinstance(refusal, Refusal)
        assert refusal.code is Code.INVALID
    assert await house.accounts.authenticate(token) == ada
    assert isinstance(await house.log_in("ada"), Granted)


async def test_guessing_a_password_with_a_stolen_token_is_throttled(house: House) -> None:
    ada, _ = await registered(house, "ada")
    answers = [
        await house.accounts.change_password(ada, "wrong word", "another word", ADDRESS) for _ in range(6)
    ]
    assert answers[:5] == [NOT_YOUR_PASSWORD] * 5
    assert isinstance(answers[5], Refusal)
    assert answers[5].code is Code.TOO_MANY


async def test_of_two_concurrent_password_changes_one_is_refused(house: House) -> None:
    ada, _ = await registered(house, "ada")
    answers: list[object] = []

    async def change(new: str) -> None:
        answers.append(await house.accounts.change_password(ada, PASSWORD, new, ADDRESS))

    async with trio.open_nursery() as nursery:
        for new in ("another word", "a third word"):
            nursery.start_soon(change, new)
    assert answers.count(NOT_YOUR_PASSWORD) == 1


async def test_a_person_who_took_the_name_meanwhile_keeps_their_password(house: House) -> None:
    ada, _ = await registered(house, "ada")
    assert isinstance(await house.accounts.rename(ada, "Zoë"), Person)
    ben, _ = await registered(house, "ben")
    assert isinstance(await house.accounts.rename(ben, "ada"), Person)
    answer = await house.accounts.change_password(ada, PASSWORD, "another word", ADDRESS)
    assert answer is NOT_YOUR_PASSWORD
    assert isinstance(await house.log_in("ada"), Granted)
