"""Canned answers: one contract, on memory and on PostgreSQL."""

import trio
from msgspec import structs

from chat.domain.entities import Person
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import Refusal
from chat.features.canned_answers.port import (
    CANNED_ANSWERS,
    MOST,
    NO_ANSWER,
    SHORTCUT_TAKEN,
    TOO_MANY_ANSWERS,
    CannedAnswer,
    CannedAnswers,
)


async def someone(storage: Storage, name: str) -> Person:
    person = await storage.users.add(NewPerson(name=name, password_hash=b"x", is_operator=True))
    assert isinstance(person, Person)
    return person


async def add(answers: CannedAnswers, owner: Person | None, shortcut: str) -> CannedAnswer:
    added = await answers.add(owner and owner.id, shortcut, f"text of {shortcut}")
    assert isinstance(added, CannedAnswer)
    return added


async def test_each_has_their_own_and_all_have_the_shared_ones(storage: Storage) -> None:
    answers = storage.feature_ports[CANNED_ANSWERS]
    olga, oscar = await someone(storage, "olga"), await someone(storage, "oscar")
    olgas, oscars, shared = [await add(answers, each, "hello") for each in (olga, oscar, None)]
    other = await add(answers, None, "bye")
    assert await answers.page(olga.id, 0, 9) == [olgas, shared, other]
    assert await answers.page(oscar.id, 0, 1) == [oscars]
    assert await answers.page(oscar.id, oscars.id, 9) == await answers.page(None, 0, 9) == [shared, other]
    for owner_id in (olga.id, None):
        assert await answers.add(owner_id, "hello", "again") is SHORTCUT_TAKEN
    assert await answers.change(structs.replace(other, shortcut="hello")) is SHORTCUT_TAKEN
    changed = structs.replace(other, shortcut="thanks", text="another")
    assert await answers.change(changed) is None
    assert await answers.find(other.id) == changed
    await answers.remove(other.id)
    await answers.remove(other.id)
    assert await answers.find(other.id) is None
    assert await answers.change(changed) is NO_ANSWER


async def test_there_are_at_most_200_also_of_several_that_are_added_at_once(storage: Storage) -> None:
    answers, olga = storage.feature_ports[CANNED_ANSWERS], await someone(storage, "olga")
    for owner in (olga, None):
        for number in range(MOST - 2):
            await add(answers, owner, f"n{number}")
        got: list[CannedAnswer | Refusal] = []

        async def one(owner_id: int | None, shortcut: str, got: list[CannedAnswer | Refusal] = got) -> None:
            got.append(await answers.add(owner_id, shortcut, "x"))

        async with trio.open_nursery() as nursery:
            for shortcut in ("same", "same", "a", "b", "c"):
                nursery.start_soon(one, owner and owner.id, shortcut)
        refused = [each for each in got if isinstance(each, Refusal)]
        assert len(refused) == 3
        assert {*refused} <= {SHORTCUT_TAKEN, TOO_MANY_ANSWERS}
        assert await answers.add(owner and owner.id, "one-more", "x") is TOO_MANY_ANSWERS


async def test_they_go_with_the_account_and_the_shared_ones_stay(storage: Storage) -> None:
    answers, olga = storage.feature_ports[CANNED_ANSWERS], await someone(storage, "olga")
    own, shared = await add(answers, olga, "hello"), await add(answers, None, "hello")
    await storage.users.delete(olga.id)
    assert await answers.find(own.id) is None
    assert await answers.page(olga.id, 0, 9) == [shared]
    assert await answers.add(olga.id, "again", "x") is NO_ANSWER
