"""Registering and logging in: what is cheap comes first, what is costly is limited, and what is long is refused."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import wait_all_tasks_blocked

from chat.domain.accounts import (
    BAD_INVITE,
    CLOSED,
    DISABLED,
    EMAIL_TAKEN,
    NAME_TAKEN,
    NEEDS_INVITE,
    NOT_YOUR_PASSWORD,
    Accounts,
    Granted,
    Registration,
)
from chat.domain.administration import Administration
from chat.domain.entities import Person
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.passwords import BUSY, Passwords
from chat.domain.refusals import BAD_CREDENTIALS, BAD_TOKEN, Code, Refusal
from chat.domain.registrations import Registrations
from chat.domain.rooms import Rooms
from chat.domain.support import Support
from chat.domain.throttle import Throttle
from chat.domain.tokens import Tokens
from chat.storage.memory import MemoryStorage

ADDRESS = "10.0.0.1"
PASSWORD = "secret word"


class CountedPasswords(Passwords):
    """Passwords that count what they hash and check, and may be too busy."""

    def __init__(self) -> None:
        super().__init__(4)
        self.hashed = self.checked = 0
        self.busy = False

    async def hash(self, password: bytes, address: str | None) -> bytes | Refusal:
        if self.busy:
            return BUSY
        self.hashed += 1
        return await super().hash(password, address)

    async def match(self, password: bytes, password_hash: bytes | None, address: str) -> bool | Refusal:
        if self.busy:
            return BUSY
        self.checked += 1
        return await super().match(password, password_hash, address)


class House:
    """Accounts on a memory storage, with ten registrations an hour."""

    def __init__(self) -> None:
        self.storage = MemoryStorage()
        self.users: Any = self.storage.users
        self.passwords = CountedPasswords()
        self.throttle = Throttle()
        self.lookups = 0
        self.happened: list[str] = []
        self.held: trio.Event | None = None
        """Look-ups that have their answer wait for this before they give it."""
        self.accounts = Accounts(
            self.users,
            self.passwords,
            Tokens("a secret of the tests that is long enough", 3600),
            self.throttle,
            Registrations(10),
            min_password=5,
            person=self.person,
            happened=self.happened.append,
        )

    async def person(self, person_id: int) -> Person | None:
        self.lookups += 1
        found = await self.storage.users.by_id(person_id)
        if self.held is not None:
            await self.held.wait()
        return found

    async def register(self, name: str, *, email: str | None = None, address: str = ADDRESS) -> object:
        return await self.accounts.register(name, PASSWORD, address, email)

    async def log_in(self, name: str, *, password: str = PASSWORD, address: str = ADDRESS) -> object:
        return await self.accounts.log_in(name, password, address)

    async def registrations_left(self, address: str = ADDRESS) -> int:
        """How many more may register from the address; they do."""
        for left in range(100):
            match await self.register(f"somebody {left} {self.passwords.hashed}", address=address):
                case Refusal(Code.TOO_MANY):
                    return left
        raise AssertionError("there is no limit")


@pytest.fixture
def house() -> House:
    return House()


# --- long texts ---

LONG = "a" + "\u0301" * 16_000 + "\u0316" * 16_000
"""64 KB of UTF-8: seconds of work for whoever normalises it."""

WAYS_IN: dict[str, Callable[[House, Person], Awaitable[object]]] = {
    "register": lambda house, _: house.accounts.register(LONG, PASSWORD, ADDRESS),
    "register with an address": lambda house, _: house.accounts.register(
        "ben", PASSWORD, ADDRESS, LONG + "@a"
    ),
    "sign up": lambda house, _: house.accounts.sign_up(LONG, "ben", PASSWORD, ADDRESS),
    "sign up with a name": lambda house, _: house.accounts.sign_up("b@c", LONG, PASSWORD, ADDRESS),
    "add": lambda house, _: house.accounts.add(LONG, PASSWORD),
    "log in": lambda house, _: house.accounts.log_in(LONG, PASSWORD, ADDRESS),
    "log in by e-mail": lambda house, _: house.accounts.log_in_by_email(LONG, PASSWORD, ADDRESS),
    "log in with a long password": lambda house, _: house.accounts.log_in("ada", LONG, ADDRESS),
    "rename": lambda house, ada: house.accounts.rename(ada, LONG),
    "find": lambda house, _: Administration(house.users, house.accounts).person(LONG),
    "make a room": lambda house, ada: Rooms(house.users, house.storage.rooms, house.storage.messages).create(
        ada, LONG, is_private=False
    ),
    "answer a person": lambda house, _: Support(
        house.users, house.storage.rooms, house.storage.messages
    ).find(LONG),
}


@pytest.mark.parametrize("way_in", WAYS_IN)
async def test_a_long_text_is_refused_before_it_is_normalised(
    house: House, way_in: str, normalised: list[int]
) -> None:
    ada = await house.accounts.add("ada", PASSWORD)
    assert isinstance(ada, Person)
    refused = await WAYS_IN[way_in](house, ada)
    assert refused is None or isinstance(refused, Refusal)
    assert max(normalised, default=0) <= 256


async def test_a_login_that_nobody_can_have_is_bad_and_counts_for_its_address_without_being_kept(
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


# --- registering ---


async def test_a_taken_name_is_refused_before_it_is_hashed(house: House) -> None:
    assert isinstance(await house.register("ada", email="ada@example.com"), Granted)
    assert house.passwords.hashed == 1
    assert await house.register("ADA") is NAME_TAKEN
    assert await house.register("ben", email="Ada@example.com") is EMAIL_TAKEN
    assert await house.accounts.sign_up("ada@example.com", "ben", PASSWORD, ADDRESS) is EMAIL_TAKEN
    assert await house.accounts.add("ada", PASSWORD) is NAME_TAKEN
    assert house.passwords.hashed == 1


async def test_fifty_who_register_at_once_leave_the_database_to_those_who_log_in(
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


async def test_of_two_who_register_a_name_at_once_one_has_it(house: House) -> None:
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


async def test_who_signs_up_with_a_taken_name_is_hashed_once(house: House) -> None:
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


async def test_a_registration_that_the_database_was_down_for_costs_nothing_and_one_of_unknown_outcome_does(
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


# --- logging in ---


async def test_a_login_that_the_server_was_too_busy_for_costs_no_try(house: House) -> None:
    await house.accounts.add("ada", PASSWORD)
    house.passwords.busy = True
    for _ in range(20):
        assert await house.log_in("ada", password="wrong") is BUSY
    house.passwords.busy = False
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


async def test_who_is_disabled_gets_in_neither_by_password_nor_by_token(house: House) -> None:
    ada, _ = await registered(house, "ada")
    disabled = await house.storage.users.set_disabled(ada.id, disabled=True)
    assert disabled is not None
    assert await house.log_in("ada") is DISABLED
    assert await house.log_in("ada", password="wrong word") is BAD_CREDENTIALS, "only who knows it is told"
    assert await house.accounts.authenticate(house.accounts.grant(disabled).token) is BAD_TOKEN
    enabled = await house.storage.users.set_disabled(ada.id, disabled=False)
    assert enabled is not None
    assert isinstance(await house.log_in("ada"), Granted)
    assert await house.accounts.authenticate(house.accounts.grant(enabled).token) == enabled


# --- new names ---


async def test_who_is_renamed_while_they_are_looked_up_is_looked_up_again(house: House) -> None:
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
    assert not house.accounts._lookups._under_way


async def test_others_who_take_new_names_keep_nobody_waiting(house: House) -> None:
    """Sixty renamers made every look-up of the server start anew, again and again."""
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


async def registered(house: House, name: str, address: str = ADDRESS) -> tuple[Person, str]:
    granted = await house.register(name, address=address)
    assert isinstance(granted, Granted)
    return granted.person, granted.token


# --- new passwords ---


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


async def test_a_password_is_changed_by_who_knows_it_only(house: House) -> None:
    ada, token = await registered(house, "ada")
    wrong = await house.accounts.change_password(ada, "wrong word", "another word", ADDRESS)
    assert wrong is NOT_YOUR_PASSWORD
    for new in ("x", "x" * 73):
        refusal = await house.accounts.change_password(ada, PASSWORD, new, ADDRESS)
        assert isinstance(refusal, Refusal)
        assert refusal.code is Code.INVALID
    assert await house.accounts.authenticate(token) == ada
    assert isinstance(await house.log_in("ada"), Granted)


async def test_who_guesses_at_a_password_with_a_stolen_token_has_to_wait(house: House) -> None:
    ada, _ = await registered(house, "ada")
    answers = [
        await house.accounts.change_password(ada, "wrong word", "another word", ADDRESS) for _ in range(6)
    ]
    assert answers[:5] == [NOT_YOUR_PASSWORD] * 5
    assert isinstance(answers[5], Refusal)
    assert answers[5].code is Code.TOO_MANY


async def test_of_two_who_change_a_password_at_once_one_is_refused(house: House) -> None:
    ada, _ = await registered(house, "ada")
    answers: list[object] = []

    async def change(new: str) -> None:
        answers.append(await house.accounts.change_password(ada, PASSWORD, new, ADDRESS))

    async with trio.open_nursery() as nursery:
        for new in ("another word", "a third word"):
            nursery.start_soon(change, new)
    assert answers.count(NOT_YOUR_PASSWORD) == 1


async def test_who_took_the_name_meanwhile_keeps_their_password(house: House) -> None:
    ada, _ = await registered(house, "ada")
    assert isinstance(await house.accounts.rename(ada, "Zoë"), Person)
    ben, _ = await registered(house, "ben")
    assert isinstance(await house.accounts.rename(ben, "ada"), Person)
    answer = await house.accounts.change_password(ada, PASSWORD, "another word", ADDRESS)
    assert answer is NOT_YOUR_PASSWORD
    assert isinstance(await house.log_in("ada"), Granted)


# --- who may register ---


def registering(house: House, mode: Registration) -> Accounts:
    """The same people, where registering is as `mode` says."""
    return Accounts(
        house.users,
        house.passwords,
        Tokens("a secret of the tests that is long enough", 3600),
        house.throttle,
        Registrations(10),
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


async def test_where_registration_takes_an_invite_each_code_lets_in_as_many_as_it_says(house: House) -> None:
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


async def test_an_invite_is_kept_as_its_digest_and_costs_nobody_anything_where_registration_is_open(
    house: House,
) -> None:
    code = await house.accounts.invite(1, 60)
    assert code.encode() not in house.users._invites
    assert isinstance(await house.accounts.register("ada", PASSWORD, ADDRESS, invite=code), Granted)
    assert isinstance(
        await registering(house, "invite").register("ben", PASSWORD, ADDRESS, invite=code), Granted
    )


# --- what is logged and counted ---


async def test_what_happens_at_the_door_is_logged_and_counted_without_a_secret(house: House) -> None:
    with capture_logs() as logs:
        ada, _ = await registered(house, "ada")
        for name in ("ada", "my secret typed as a name", "x" * 99, "ada", "ada", "ada", "ada"):
            await house.log_in(name, password="wrong word")
        await house.log_in("ada", password="wrong word")
        await house.accounts.change_password(ada, PASSWORD, "another word", "192.0.2.77")
        for n in range(10):
            await house.register(f"person {n}")
        await house.log_in("ada", password="another word", address="192.0.2.77")
        await house.storage.users.set_disabled(ada.id, disabled=True)
        await house.log_in("ada", password="another word", address="192.0.2.77")
    assert [log["event"] for log in logs] == house.happened
    assert house.happened == [
        "registered",
        *["login failed"] * 7,
        "login throttled",
        "password changed",
        *["registered"] * 9,
        "registration throttled",
        "login failed",
    ]
    first = {"event": "registered", "person": 1, "name": "ada", "address": ADDRESS, "log_level": "info"}
    assert logs[0] == first
    assert [log["name"] for log in logs[1:6]] == ["ada", None, None, "ada", "ada"]
    assert logs[-1]["disabled"]
    shown = str(logs).replace("password changed", "")
    assert not [secret for secret in ("secret", "word", "x" * 99) if secret in shown]
