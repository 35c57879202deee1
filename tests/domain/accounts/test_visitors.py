"""Visitors of the support widget: the limit for an address, and what is stored of a page's address."""

import pytest
from msgspec import structs

from chat.domain.accounts.visitors import (
    BAD_PAGE,
    BLOCKED_FOR,
    NO_NAME_FREE,
    NO_WIDGET,
    VISITORS_PER_HOUR,
    Visitors,
    clean_page,
)
from chat.domain.entities import Person
from chat.domain.limits.shared_usage import SharedUsage
from chat.domain.ports import NewPerson, Taken
from chat.domain.refusals import Code, Refusal
from tests.reference.storage import MemoryStorage

ADDRESS = "10.0.0.1"


def visitors(clock: list[float], users: object = None, happened: list[str] | None = None) -> Visitors:
    table = users or MemoryStorage().users
    said = [] if happened is None else happened
    return Visitors(table, lambda: True, SharedUsage(), happened=said.append, clock=lambda: clock[0])  # type: ignore[arg-type]


async def test_an_address_has_so_many_visitors_an_hour_and_loopback_any() -> None:
    clock, happened = [0.0], list[str]()
    desk = visitors(clock, happened=happened)

    async def come(address: str = ADDRESS) -> Person | Refusal:
        return await desk.add(address)

    assert all([isinstance(await come(), Person) for _ in range(VISITORS_PER_HOUR)])
    refused = await come()
    assert isinstance(refused, Refusal)
    assert structs.replace(refused, text="") == Refusal(
        Code.TOO_MANY, "", retry_after=3600 / VISITORS_PER_HOUR, reason="rate_limited"
    )
    assert isinstance(await come("10.0.0.2"), Person)
    assert all([isinstance(await come("127.0.0.1"), Person) for _ in range(20)])
    clock[0] += 3600 / VISITORS_PER_HOUR
    assert isinstance(await come(), Person)
    assert isinstance(await come(), Refusal)
    assert happened.count("visitor throttled") == 2


async def test_a_block_keeps_new_visitors_of_the_address_out_for_a_day() -> None:
    clock, happened = [0.0], list[str]()
    desk = visitors(clock, happened=happened)
    for _ in range(2):  # again changes nothing
        desk.block([ADDRESS, "127.0.0.1", ""], is_blocked=True)
    refused = await desk.add(ADDRESS)
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.retry_after) == (Code.TOO_MANY, BLOCKED_FOR)
    assert isinstance(await desk.add("10.0.0.2"), Person)
    assert isinstance(await desk.add("127.0.0.1"), Person)
    desk.block([ADDRESS], is_blocked=False)
    assert isinstance(await desk.add(ADDRESS), Person)
    desk.block([ADDRESS], is_blocked=True)
    clock[0] += BLOCKED_FOR / 2
    desk.block([ADDRESS], is_blocked=True)  # from now on
    clock[0] += BLOCKED_FOR - 1
    assert isinstance(await desk.add(ADDRESS), Refusal)
    clock[0] += 1
    assert isinstance(await desk.add(ADDRESS), Person)
    assert happened.count("visitor turned away") == 2


@pytest.mark.parametrize(
    "about", [{"name": "\0"}, {"email": "nobody"}, {"page": "no page"}], ids=["name", "email", "page"]
)
async def test_an_invalid_visitor_is_refused_without_using_up_the_limit(about: dict[str, str]) -> None:
    desk = visitors([0.0])
    for _ in range(2 * VISITORS_PER_HOUR):
        refused = await desk.add(ADDRESS, **about)
        assert isinstance(refused, Refusal)
        assert refused.code is Code.INVALID
    assert isinstance(await desk.add(ADDRESS), Person)


async def test_without_a_site_that_shows_the_widget_nobody_is_welcome() -> None:
    is_on = False
    desk = Visitors(MemoryStorage().users, lambda: is_on, SharedUsage())
    assert not desk.are_welcome
    assert await desk.add(ADDRESS) is NO_WIDGET
    is_on = True
    assert desk.are_welcome
    assert isinstance(await desk.add(ADDRESS), Person)


async def test_a_name_that_is_taken_is_passed_over_and_at_last_given_up() -> None:
    class Full:
        """People whose names are all taken, but for the last of so many tries."""

        def __init__(self, taken: int) -> None:
            self.taken, self.tried = taken, list[str]()

        async def add(self, new: NewPerson) -> Person | Taken:
            self.tried.append(new.name)
            return Taken("name") if len(self.tried) <= self.taken else Person(id=1, name=new.name)

    lucky, full = Full(2), Full(99)
    added = await visitors([0.0], lucky).add(ADDRESS)
    assert isinstance(added, Person)
    assert added.name == lucky.tried[2]
    assert len(set(lucky.tried)) == 3
    assert await visitors([0.0], full).add(ADDRESS) is NO_NAME_FREE


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("https://shop.example/a/b?token=1#x", "https://shop.example/a/b"),
        ("http://me:pw@localhost:8080", "http://localhost:8080"),
        ("HTTPS://[::1]/ü", "https://[::1]/ü"),
        ("about:blank", None),
        ("file:///etc/passwd", None),
        ("https:///path", None),
        ("https://a\nb/", None),
        ("", None),
    ],
)
def test_of_a_page_its_address_alone_is_kept(page: str, kept: str | None) -> None:
    assert clean_page(page) == (BAD_PAGE if kept is None else kept)
