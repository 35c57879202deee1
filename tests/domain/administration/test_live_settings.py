"""Settings changed by admins apply at once, override the start options, and are ignored if unusable."""

from typing import Any

import pytest

from chat.domain.accounts.authentication import Granted
from chat.domain.accounts.newcomers import CLOSED
from chat.domain.administration.live_settings import LiveSettings, setting_from_text
from chat.domain.failures import StorageDown
from chat.domain.limits.bounds import Lobby
from chat.domain.limits.budgets import Budgets, Rates
from chat.domain.refusals import Code, Refusal
from tests.domain.house import ADDRESS, House, registered

STARTED = Rates(messages=2.0, text=0, pages=1.0, calls=0)


def budgets() -> Budgets:
    return Budgets(messages=2, pages=1)


def sends(budgets: Budgets, address: str = ADDRESS) -> int:
    """How many messages somebody may send at once."""
    return next(n for n in range(10_000) if budgets.message(1, address) is not None)


async def test_a_change_counts_at_once_and_the_start_again_once_it_is_taken_back() -> None:
    house, mine = House(), budgets()
    settings = LiveSettings(house.storage.settings, house.accounts, mine)
    await settings.refresh()
    assert mine.rates == STARTED
    olga, _ = await registered(house, "olga")
    assert sends(mine) == 8

    await settings.change(olga, {"registration": "closed", "message_rate": 5.0, "call_rate": 1.0})
    assert mine.rates == Rates(messages=5.0, text=0, pages=1.0, calls=1.0)
    assert sends(mine) == 20, "what was used before is forgotten"
    assert [mine.call(ADDRESS) > 0 for _ in range(4)] == [False, False, False, True]
    assert await house.register("ada") is CLOSED
    effective_now = settings.effective()["registration"]
    assert (effective_now.value, effective_now.default, effective_now.source) == ("closed", "open", "admin")
    assert effective_now.by is not None
    assert effective_now.by.name == "olga"

    await settings.change(None, {"registration": None, "message_rate": 0, "call_rate": None})
    assert mine.rates == Rates(messages=0, text=0, pages=1.0, calls=0)
    assert all(mine.message(1, ADDRESS) is None for _ in range(1000))
    assert mine.call(ADDRESS) == 0
    assert isinstance(await house.register("ada"), Granted)
    effective_now = settings.effective()["registration"]
    assert (effective_now.value, effective_now.source, effective_now.at, effective_now.by) == (
        "open",
        "start",
        None,
        None,
    )


async def test_registrations_of_an_address_have_the_new_number_also_where_there_was_none() -> None:
    house = House()
    settings = LiveSettings(house.storage.settings, house.accounts, budgets())
    for number, refused in ((2, True), (0, False), (3, True)):
        await settings.change(None, {"registrations_per_hour": number})
        outcomes = [await house.register(f"somebody{number}{n}") for n in range(number or 5)]
        assert all(isinstance(each, Granted) for each in outcomes)
        last = await house.register(f"last{number}")
        assert (isinstance(last, Refusal) and last.code is Code.TOO_MANY) is refused


async def test_another_server_has_it_after_its_next_look_with_a_start_of_its_own() -> None:
    house, other = House(), House()
    here = LiveSettings(house.storage.settings, house.accounts, budgets())
    theirs = Budgets(messages=7)
    there = LiveSettings(house.storage.settings, other.accounts, theirs)
    await here.change(None, {"registration": "invite", "message_rate": 3.0})
    await there.refresh()
    assert (other.accounts.registration, theirs.rates.messages) == ("invite", 3.0)
    await here.change(None, {"message_rate": None})
    await there.refresh()
    assert (other.accounts.registration, theirs.rates.messages) == ("invite", 7)


@pytest.mark.parametrize(
    "kept",
    [{"registration": "ajar"}, {"message_rate": -1.0}, {"message_rate": "fast"}, {"of_a_newer_server": 1.0}],
)
async def test_an_unusable_stored_setting_is_ignored(kept: dict[str, Any]) -> None:
    house, mine = House(), budgets()
    settings = LiveSettings(house.storage.settings, house.accounts, mine)
    await house.storage.settings.change_settings({**kept, "read_rate": 4.0}, None)
    await settings.refresh()
    assert mine.rates == Rates(messages=2.0, text=0, pages=4.0, calls=0)
    assert house.accounts.registration == "open"
    assert {each.source for name, each in settings.effective().items() if name != "read_rate"} == {"start"}


async def test_a_failed_read_keeps_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    house, mine = House(), budgets()
    settings = LiveSettings(house.storage.settings, house.accounts, mine)
    await settings.change(None, {"read_rate": 4.0})
    for call in ("changed_settings", "change_settings"):

        async def fail(*_arguments: object) -> None:
            raise StorageDown("an outage")

        monkeypatch.setattr(house.storage.settings, call, fail)
    with pytest.raises(StorageDown):
        await settings.refresh()
    with pytest.raises(StorageDown):
        await settings.change(None, {"read_rate": None})
    assert mine.rates.pages == 4.0


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("message_rate", "5", 5),
        ("message_rate", "0.5", 0.5),
        ("registrations_per_hour", "7", 7),
        ("server_name", "Tea, house", "Tea, house"),
        ("registration", "closed", "closed"),
        (
            "widget_origins",
            "https://shop.example, https://tea.example",
            ("https://shop.example", "https://tea.example"),
        ),
        ("widget_origins", "", ()),
        ("support_hours", "mon-fri/09:00-17:00 sat/22:00-24:00", ("mon-fri/09:00-17:00", "sat/22:00-24:00")),
        ("support_time_zone", "Europe/Berlin", "Europe/Berlin"),
        ("support_holidays", "12-25, 2026-12-24", ("12-25", "2026-12-24")),
    ],
)
def test_a_text_gives_a_setting(name: str, text: str, value: object) -> None:
    given = setting_from_text(name, text)
    assert (given, type(given)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("message_rate", "many"),
        ("message_rate", "-1"),
        ("registration", "ajar"),
        ("widget_origins", "shop"),
        ("support_hours", "mon-fri/9-17"),
        ("support_hours", "mon/09:00-24:01"),
        ("support_time_zone", "Atlantis/Poseidonis"),
        ("support_holidays", "2026-02-30"),
    ],
)
def test_a_text_that_gives_no_value_is_refused_with_the_name(name: str, text: str) -> None:
    refusal = setting_from_text(name, text)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.INVALID
    assert refusal.text.startswith(f"{name}: ")
    assert refusal.text[len(name) + 2].islower()


def test_a_setting_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    refusal = setting_from_text("colour", "red")
    assert isinstance(refusal, Refusal)
    assert refusal.text.startswith("no setting 'colour'; there are server_name, registration, ")


async def test_the_sites_of_the_widget_are_those_that_were_set_last() -> None:
    house = House()
    settings = LiveSettings(house.storage.settings, house.accounts, budgets())
    await settings.refresh()
    assert settings.widget_origins == ()
    await settings.change(None, {"widget_origins": ("https://shop.example",)})
    assert settings.widget_origins == ("https://shop.example",)


async def test_by_default_the_lobby_is_open_while_registration_is() -> None:
    house = House()
    settings = LiveSettings(house.storage.settings, house.accounts, budgets())

    def effective_now() -> tuple[object, object, str]:
        lobby = settings.effective()["lobby"]
        return lobby.value, lobby.default, lobby.source

    await settings.refresh()
    assert (settings.lobby, effective_now()) == ("open", ("open", "open", "start"))
    await settings.change(None, {"registration": "invite"})
    assert (settings.lobby, effective_now()) == ("members", ("members", "members", "start"))
    await settings.change(None, {"lobby": "open"})
    assert (settings.lobby, effective_now()) == ("open", ("open", "members", "admin"))
    await settings.change(None, {"registration": None, "lobby": "members"})
    assert (settings.lobby, effective_now()) == ("members", ("members", "open", "admin"))
    await settings.change(None, {"lobby": None})
    assert (settings.lobby, effective_now()) == ("open", ("open", "open", "start"))


@pytest.mark.parametrize("lobby", ["open", "members"])
async def test_a_lobby_that_the_server_was_started_with_does_not_follow_registration(lobby: Lobby) -> None:
    house = House()
    settings = LiveSettings(house.storage.settings, house.accounts, budgets(), lobby=lobby)
    for registration in ("closed", "open"):
        await settings.change(None, {"registration": registration})
        assert settings.lobby == settings.effective()["lobby"].default == lobby


async def test_followers_are_notified_only_of_changed_settings() -> None:
    house, received = House(), list[set[str]]()
    settings = LiveSettings(house.storage.settings, house.accounts, budgets())
    settings.on_change(lambda names: received.append(set(names)))
    await settings.refresh()
    assert received == []
    await settings.change(None, {"registration": "invite", "read_rate": 4.0})
    assert received == [{"registration", "lobby", "read_rate"}]
    await settings.change(None, {"lobby": "members"})
    assert len(received) == 1, "it is what it was"
