"""The person of a token: a change during the read repeats it, changes of others do not."""

import trio
from trio.testing import wait_all_tasks_blocked

from chat.domain.entities import Person
from chat.domain.refusals import NAME_TAKEN, Refusal
from tests.domain.house import House, registered


async def test_a_rename_during_the_read_repeats_it(house: House) -> None:
    ada, token = await registered(house, "ada")
    async with trio.open_nursery() as nursery:

        async def authenticate() -> None:
            seen.append(await house.accounts.authenticate(token))

        seen: list[object] = []
        house.held = trio.Event()
        nursery.start_soon(authenticate)
        await wait_all_tasks_blocked()  # the answer is on its way
        renamed = await house.accounts.rename(ada, "Zoë")
        house.held.set()
    assert seen == [renamed]
    assert house.lookups == 2
    assert not house.accounts._authentication._reads._under_way


async def test_renames_of_others_do_not_repeat_a_read(house: House) -> None:
    """Sixty people who kept renaming themselves made every read of the server repeat again and again."""
    _, token = await registered(house, "ada")
    others = [await registered(house, f"other {n}", address=f"10.0.1.{n}") for n in range(3)]
    for held in (trio.Event(), None):
        house.held = held
        async with trio.open_nursery() as nursery:
            nursery.start_soon(house.accounts.authenticate, token)
            await wait_all_tasks_blocked()
            for person, _ in others:
                assert isinstance(await house.accounts.rename(person, f"new {person.id}"), Person)
            if held is not None:
                held.set()
    assert house.lookups == 2, "one for each authentication"


async def test_a_name_that_was_not_taken_on_makes_nobody_look_again(house: House) -> None:
    ada, token = await registered(house, "ada")
    await registered(house, "ben")
    house.held = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(house.accounts.authenticate, token)
        await wait_all_tasks_blocked()
        assert await house.accounts.rename(ada, "ben") is NAME_TAKEN
        assert isinstance(await house.accounts.rename(ada, "a\nb"), Refusal)
        house.held.set()
    assert house.lookups == 1
