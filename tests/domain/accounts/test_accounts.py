"""All account operations: long input is refused, and events are logged without secrets."""

from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from chat.domain.administration.administration import Administration
from chat.domain.entities import Person
from chat.domain.refusals import Refusal
from chat.domain.rooms.rooms import Rooms
from chat.domain.rooms.support import Support
from tests.domain.house import ADDRESS, PASSWORD, House, registered
from tests.support.account_changes import set_disabled

# --- long texts ---

LONG = "a" + "\u0301" * 16_000 + "\u0316" * 16_000
"""64 KB of UTF-8 whose normalisation takes seconds."""

WAYS_IN: dict[str, Callable[[House, Person], Awaitable[object]]] = {
    "register": lambda house, _: house.accounts.register(LONG, PASSWORD, ADDRESS),
    "register with an address": lambda house, _: house.accounts.register(
        "ben", PASSWORD, ADDRESS, LONG + "@a"
    ),
    "sign up": lambda house, _: house.accounts.sign_up(LONG, "ben", PASSWORD, ADDRESS),
    "sign up with a name": lambda house, _: house.accounts.sign_up("b@c", LONG, PASSWORD, ADDRESS),
    "add": lambda house, _: house.accounts.add(LONG, PASSWORD),
    "log in": lambda house, _: house.accounts.log_in(LONG, PASSWORD, ADDRESS),
    "log in by email": lambda house, _: house.accounts.log_in_by_email(LONG, PASSWORD, ADDRESS),
    "log in with a long password": lambda house, _: house.accounts.log_in("ada", LONG, ADDRESS),
    "rename": lambda house, ada: house.accounts.rename(ada, LONG),
    "find": lambda house, _: Administration(
        house.users, house.storage.sessions, house.storage.audit, house.accounts
    ).person(LONG),
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


async def test_log_ins_are_logged_and_counted_without_secrets(house: House) -> None:
    with capture_logs() as logs:
        ada, _ = await registered(house, "ada")
        for name in ("ada", "my secret typed as a name", "x" * 99, "ada", "ada", "ada", "ada"):
            await house.log_in(name, password="wrong word")
        await house.log_in("ada", password="wrong word")
        await house.accounts.change_password(ada, PASSWORD, "another word", "192.0.2.77")
        for n in range(10):
            await house.register(f"person {n}")
        await house.log_in("ada", password="another word", address="192.0.2.77")
        await set_disabled(house.storage.users, ada.id, disabled=True)
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
