"""Administrators change accounts found by name or id; each act is logged with its actor, and counted."""

from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from chat.domain.accounts.account_changes import LAST_ADMIN
from chat.domain.accounts.accounts import Accounts
from chat.domain.accounts.authentication import Granted
from chat.domain.accounts.logins import DISABLED
from chat.domain.accounts.passwords import Passwords
from chat.domain.accounts.tokens import Tokens
from chat.domain.administration.administration import Administration, Wanted
from chat.domain.administration.audit import Named
from chat.domain.entities import Person
from chat.domain.limits.registrations import Registrations
from chat.domain.limits.throttle import Throttle
from chat.domain.refusals import (
    BAD_CREDENTIALS,
    BAD_TOKEN,
    LOOK_TAKEN,
    NAME_TAKEN,
    NO_PERSON,
    NOT_ADMIN,
    Code,
    Refusal,
)
from tests.reference.storage import MemoryStorage

PASSWORD = "secret word"


class Office:
    """Administration on a memory storage, with ada, ben and the admin olga."""

    def __init__(self) -> None:
        self.storage = MemoryStorage()
        self.happened: list[str] = []
        self.accounts = Accounts(
            self.storage.users,
            Passwords(4),
            Tokens("a secret of the tests that is long enough", 3600),
            Throttle(),
            Registrations(0),
            min_password=5,
            person=self.storage.users.by_id,
            happened=self.happened.append,
        )
        self.administration = Administration(
            self.storage.users, self.storage.sessions, self.storage.audit, self.accounts
        )
        self.people: list[Person] = []

    async def fill(self) -> None:
        for name in ("ada", "ben", "olga"):
            person = await self.accounts.add(name, PASSWORD, f"{name}@example.com", admin=name == "olga")
            assert isinstance(person, Person)
            self.people.append(person)

    async def log_in(self, name: str, password: str = PASSWORD) -> object:
        return await self.accounts.log_in(name, password, "127.0.0.1")


@pytest.fixture
async def office() -> Office:
    office = Office()
    await office.fill()
    return office


async def test_people_are_found_by_name_and_id(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, ben, olga = office.people
    by_id = office.storage.users.by_id

    async def bigint(person_id: int) -> Person | None:
        assert person_id < 2**63, "PostgreSQL has no such number"
        return await by_id(person_id)

    monkeypatch.setattr(office.storage.users, "by_id", bigint)
    assert await office.administration.people() == [ada, ben, olga], "the oldest account first"
    assert await office.administration.person("ADA") == await office.administration.person(ada.id) == ada
    nobodies: list[int | str] = ["nobody", 99, 2**63, 2**80, "1"]
    for nobody in nobodies:
        assert await office.administration.person(nobody) is NO_PERSON


Act = Callable[[Administration, int | str, Person], Awaitable[Person | Refusal]]

ACTS: dict[str, Act] = {
    "logged out": lambda people, who, by: people.log_out(who, by),
    "roles changed": lambda people, who, by: people.change(who, Wanted(operator=True, admin=True), by),
    "password set": lambda people, who, by: people.change(who, Wanted(password="another word"), by),
    "renamed": lambda people, who, by: people.change(who, Wanted(name="Zoë"), by),
    "disabled": lambda people, who, by: people.change(who, Wanted(disabled=True), by),
    "enabled": lambda people, who, by: people.change(who, Wanted(disabled=False), by),
    "deleted": lambda people, who, by: people.delete(who, by),
}


@pytest.mark.parametrize("what", ACTS)
async def test_each_act_is_logged_with_its_actor_and_counted(office: Office, what: str) -> None:
    with capture_logs() as logs:
        done = await ACTS[what](office.administration, "ada", office.people[2])
    assert isinstance(done, Person)
    line = {"event": f"person {what}", "person": 1, "name": done.name, "by": "olga", "log_level": "info"}
    assert logs == [line]
    assert office.happened == [what]


async def test_all_that_is_changed_at_once_is_changed_or_nothing_is(office: Office) -> None:
    ada, _ben, olga = office.people
    for name, password in (("BEN", "another word"), ("ada the second", "x"), ("ada/", "another word")):
        refused = await office.administration.change(ada.id, Wanted(name=name, password=password, admin=True))
        assert isinstance(refused, Refusal)
        assert await office.administration.person(ada.id) == ada
    assert len(await office.administration.acts(None, 99)) == 3, "the audit has the three who were added"
    every = Wanted(
        name="ada the second",
        operator=True,
        moderator=True,
        admin=True,
        password="another word",
        disabled=True,
    )
    changed = await office.administration.change(ada.id, every, olga)
    assert isinstance(changed, Person)
    assert (changed.name, changed.is_moderator, changed.is_disabled) == ("ada the second", True, True)
    assert office.happened == ["renamed", "roles changed", "password set", "disabled"]
    acts = [(each.what, each.detail, each.by) for each in await office.administration.acts(None, 4)]
    by = Named(olga.id, "olga")
    assert acts == [
        ("disabled", "", by),
        ("password_set", "", by),
        ("roles_changed", "member -> operator, moderator, admin", by),
        ("renamed", "ada -> ada the second", by),
    ]


async def test_over_http_nobody_takes_the_last_admin_away_and_a_command_may(office: Office) -> None:
    ada, _ben, olga = office.people
    takes = [Wanted(admin=False), Wanted(disabled=True), Wanted(name="no one", admin=False)]
    for wanted in takes:
        assert await office.administration.change(olga.id, wanted, olga) is LAST_ADMIN
    assert await office.administration.delete(olga.id, olga) is LAST_ADMIN
    assert await office.administration.person(olga.id) == olga

    assert isinstance(await office.administration.change(olga.id, Wanted(operator=True), olga), Person)
    assert isinstance(await office.administration.change(ada.id, Wanted(admin=True, disabled=True)), Person)
    assert await office.administration.change(olga.id, takes[0], olga) is LAST_ADMIN, "ada can't come in"
    assert isinstance(await office.administration.change(ada.id, Wanted(disabled=False)), Person)
    assert isinstance(await office.administration.change(olga.id, takes[0], olga), Person)
    assert await office.administration.change(olga.id, takes[1], olga) is NOT_ADMIN, "she is none any more"
    assert await office.administration.delete(ada.id, olga) is NOT_ADMIN
    assert isinstance(await office.administration.change(ada.id, Wanted(admin=False)), Person), "a command"


@pytest.mark.parametrize("who", ["nobody", 99, 2**63])
@pytest.mark.parametrize("what", ACTS)
async def test_nothing_happens_to_nobody(office: Office, what: str, who: int | str) -> None:
    with capture_logs() as logs:
        assert await ACTS[what](office.administration, who, office.people[2]) is NO_PERSON
    assert (logs, office.happened) == ([], [])


@pytest.mark.parametrize("what", ACTS)
async def test_a_person_deleted_meanwhile_is_not_found(
    office: Office, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_name = office.storage.users.by_name

    async def find_and_delete(name: str) -> object:
        found = await by_name(name)
        await office.storage.users.delete(1)
        return found

    monkeypatch.setattr(office.storage.users, "by_name", find_and_delete)
    assert await ACTS[what](office.administration, "ada", office.people[2]) is NO_PERSON
    assert office.happened == []


async def test_a_command_is_logged_as_one(office: Office) -> None:
    with capture_logs() as logs:
        await office.administration.log_out("ada")
    assert logs[0]["by"] == "a command"


async def test_logging_out_ends_the_tokens_of_that_person_issued_so_far(office: Office) -> None:
    ada, ben, _ = office.people
    old, others = office.accounts.grant(ada).token, office.accounts.grant(ben).token
    out = await office.administration.log_out("ADA")
    assert isinstance(out, Person)
    assert await office.accounts.authenticate(old) is BAD_TOKEN
    assert await office.accounts.authenticate(office.accounts.grant(out).token) == out
    assert await office.accounts.authenticate(others) == ben


async def test_roles_replace_each_other(office: Office) -> None:
    token = office.accounts.grant(office.people[1]).token
    for operator, admin in ((True, False), (False, True), (False, False)):
        changed = await office.administration.change("ben", Wanted(operator=operator, admin=admin))
        assert isinstance(changed, Person)
        assert (changed.name, changed.is_operator, changed.is_admin) == ("ben", operator, admin)
        assert await office.accounts.authenticate(token) == changed


async def test_a_password_that_is_set_is_the_one_that_counts(office: Office) -> None:
    old = office.accounts.grant(office.people[0]).token
    assert isinstance(await office.administration.change(1, Wanted(password="another word")), Person)
    assert await office.accounts.authenticate(old) is BAD_TOKEN
    assert await office.log_in("ada") is BAD_CREDENTIALS
    assert isinstance(await office.log_in("ada", "another word"), Granted)
    for bad in ("x", "x" * 73):
        refusal = await office.administration.change("ada", Wanted(name="Zoë", password=bad))
        assert isinstance(refusal, Refusal)
        assert refusal.code is Code.INVALID
    assert isinstance(await office.log_in("ada", "another word"), Granted)


async def test_an_enabled_account_logs_in_with_the_old_password_and_a_new_token(
    office: Office,
) -> None:
    old = office.accounts.grant(office.people[0]).token
    await office.administration.change("ada", Wanted(disabled=True))
    assert await office.log_in("ada") is DISABLED
    await office.administration.change("ada", Wanted(disabled=False))
    assert isinstance(await office.log_in("ada"), Granted)
    assert await office.accounts.authenticate(old) is BAD_TOKEN


async def test_a_look_alike_name_is_refused_with_the_reason(office: Office) -> None:
    for refusal in (
        await office.administration.change("ada", Wanted(name="\uff42en")),
        await office.accounts.add("\uff42en", PASSWORD),
        await office.accounts.register("\uff42en", PASSWORD, "10.0.0.1"),
    ):
        assert refusal is LOOK_TAKEN
    assert LOOK_TAKEN.code is Code.TAKEN
    for name in ("\u0430da", "\u0455erver"):
        assert isinstance(await office.accounts.add(name, PASSWORD), Refusal)
    shared = await office.accounts.sign_up("eve@example.com", "\uff42en", PASSWORD, "10.0.0.1")
    assert isinstance(shared, Granted), "names may be shared there"
    assert shared.person.display_name == "\uff42en"
    assert shared.person.name.startswith("\uff42en-")
    assert await office.administration.look_alikes() == []


async def test_a_name_that_is_taken_or_was_a_deleted_persons_is_not_given(office: Office) -> None:
    assert await office.administration.change("ada", Wanted(name="BEN", disabled=True)) is NAME_TAKEN
    deleted = await office.administration.delete("ben")
    assert isinstance(deleted, Person)
    assert deleted.name == "ben"
    assert await office.administration.change("ada", Wanted(name="ben")) is NAME_TAKEN
    assert await office.accounts.add("Ben", PASSWORD) is NAME_TAKEN
    assert isinstance(await office.accounts.add("benjamin", PASSWORD, "ben@example.com"), Person)
    assert await office.log_in("ben") is BAD_CREDENTIALS
    assert "deleted" in office.happened
    assert "renamed" not in office.happened
