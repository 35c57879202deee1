"""The budgets of a person, a guest and an address, and the named waiting times."""

import pytest

from chat.domain.entities import Message
from chat.domain.limits.budgets import Budgets, Rates, reading_size
from chat.domain.refusals import Code, Refusal

ADA, BEN, GUEST = 1, 2, 10**12
HOME, OFFICE, LOOPBACK = "192.0.2.1", "192.0.2.2", "127.0.0.1"


class Clock:
    """Seconds that pass when told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def refused() -> list[str]:
    return []


@pytest.fixture
def budgets(clock: Clock, refused: list[str]) -> Budgets:
    return Budgets(messages=5, text=1000, pages=10, refused=refused.append, clock=clock)


def too_much(text: str, wait: int) -> Refusal:
    return Refusal(Code.TOO_MANY, text, retry_after=wait, reason="rate_limited")


def taken(budgets: Budgets, client_id: int, address: str, text: str = "", tries: int = 1000) -> int:
    """How many messages a client gets through of so many."""
    return sum(budgets.message(client_id, address, text) is None for _ in range(tries))


@pytest.mark.parametrize("client_id", [ADA, GUEST])
def test_four_seconds_worth_of_messages_at_once_and_then_as_many_as_the_rate_allows(
    budgets: Budgets, clock: Clock, refused: list[str], client_id: int
) -> None:
    assert taken(budgets, client_id, HOME, "hi", tries=20) == 20
    assert budgets.message(client_id, HOME, "hi") == too_much("too many messages, wait 1 second", 1)
    assert refused == ["messages"]
    clock.now += 2
    assert taken(budgets, client_id, HOME, "hi") == 10


def test_each_person_and_guest_has_a_budget_of_their_own(budgets: Budgets) -> None:
    assert taken(budgets, ADA, HOME) == taken(budgets, BEN, HOME) == taken(budgets, GUEST, HOME) == 20


def test_eight_seconds_worth_of_text_at_once_and_a_wait_as_long_as_it_takes(
    budgets: Budgets, clock: Clock, refused: list[str]
) -> None:
    assert taken(budgets, ADA, HOME, "x" * 4000) == 2
    assert budgets.message(ADA, HOME, "x" * 4000) == too_much("too much text, wait 4 seconds", 4)
    assert set(refused) == {"text"}
    clock.now += 3.9
    assert budgets.message(ADA, HOME, "x" * 4000) == too_much("too much text, wait 1 second", 1)
    clock.now += 0.1
    assert budgets.message(ADA, HOME, "x" * 4000) is None


def test_a_text_that_is_refused_does_not_count_as_a_message(budgets: Budgets) -> None:
    assert taken(budgets, ADA, HOME, "x" * 4000) == 2
    assert taken(budgets, ADA, HOME) == 18


@pytest.mark.parametrize(
    ("text", "size"), [("x", 1), ("é", 2), ("語", 3), ("😀", 4), ('"', 2), ("\n", 2), ("\x01", 6)]
)
def test_text_counts_in_the_bytes_that_others_are_sent(budgets: Budgets, text: str, size: int) -> None:
    assert budgets.message(ADA, HOME, text * (8000 // size)) is None
    assert isinstance(budgets.message(ADA, HOME, text * size), Refusal)


def test_a_text_above_the_burst_can_be_sent_after_a_pause(clock: Clock) -> None:
    budgets = Budgets(text=100, clock=clock)
    assert taken(budgets, ADA, HOME, "x" * 4000) == 1
    clock.now += 40
    assert taken(budgets, ADA, HOME, "x" * 4000) == 1


def test_an_address_has_ten_shares(budgets: Budgets) -> None:
    assert sum(taken(budgets, person, OFFICE, tries=15) for person in range(100)) == 200
    assert taken(budgets, 50, HOME) == 20, "what the address was refused cost nobody anything"
    assert sum(taken(budgets, person, "2001:db8::1", tries=15) for person in range(200, 300)) == 200
    assert taken(budgets, BEN + 500, "2001:db8::2") == 0, "one of the same network"


def test_loopback_is_everybodys_and_spared(budgets: Budgets) -> None:
    assert all(taken(budgets, person, LOOPBACK) == 20 for person in range(100))


@pytest.mark.parametrize("messages", [0, 1, 100, 101, 1000])
def test_history_costs_a_page_for_each_hundred_messages(budgets: Budgets, messages: int) -> None:
    pages = -(-messages // 100) or 1
    reads = [budgets.read(ADA, HOME, messages) for _ in range(100)]
    assert reads.count(None) == 40 // pages
    assert reads[-1] == too_much("too much history, wait 1 second", 1)


def test_long_messages_cost_as_much_as_many(budgets: Budgets, clock: Clock) -> None:
    assert budgets.read(ADA, HOME, 100) is None
    budgets.was_read(ADA, HOME, 60 * 65_536, 100)
    assert budgets.read(ADA, HOME, 100) == too_much("too much history, wait 3 seconds", 3)
    assert budgets.read(BEN, HOME, 100) is None
    clock.now += 2.1
    assert budgets.read(ADA, HOME, 100) is None


def test_short_messages_cost_no_more_and_no_less_than_was_reckoned(budgets: Budgets) -> None:
    for _ in range(40):
        assert budgets.read(ADA, HOME, 100) is None
        budgets.was_read(ADA, HOME, 10, 100)
    assert isinstance(budgets.read(ADA, HOME, 1), Refusal)


def test_the_reading_size_of_messages_exceeds_their_texts() -> None:
    one = Message(1, 1, 1, ADA, "ada", "語" * 10, 0.0)
    assert 30 < reading_size([one]) < 30 + 200
    assert reading_size([one] * 10) == 10 * reading_size([one])


def test_other_rates_hold_at_once_for_people_and_for_addresses(clock: Clock) -> None:
    budgets = Budgets(messages=5, text=1000, clock=clock)
    assert budgets.message(ADA, HOME, "x" * 8000) is None
    budgets.rates = Rates(messages=1, text=100, pages=0, calls=0)
    assert taken(budgets, ADA, HOME, "x" * 100) == 4
    clock.now += 1000
    assert taken(budgets, ADA, HOME, "x" * 400) == 2
    clock.now += 1000
    assert sum(taken(budgets, each, HOME, tries=4) for each in range(100, 120)) == 40


def test_uploads_are_limited_too(clock: Clock) -> None:
    budgets = Budgets(uploads=1, clock=clock)
    granted = sum(budgets.upload(ADA, HOME) is None for _ in range(1000))
    assert 1 <= granted < 1000
    refused = budgets.upload(ADA, HOME)
    assert isinstance(refused, Refusal)
    assert refused.text.startswith("too many uploads, wait ")
    assert budgets.upload(BEN, HOME) is None


async def test_frames_are_held_back_where_messages_are_limited() -> None:
    for budgets, is_limited in ((Budgets(uploads=1), False), (Budgets(messages=1), True)):
        pace = budgets.pace()
        assert any(pace.count() for _ in range(10_000)) is is_limited


def test_many_malformed_frames_of_an_address_make_it_wait(budgets: Budgets, clock: Clock) -> None:
    waits = [budgets.malformed(HOME) for _ in range(1000)]
    assert not any(waits[:100])
    assert waits[100:103] == pytest.approx([0.05, 0.1, 0.15])
    assert max(waits) == 5.0  # the address has many sockets, and each waits for no longer
    assert budgets.malformed(OFFICE) == budgets.malformed(LOOPBACK) == 0.0
    clock.now += 60
    assert budgets.malformed(HOME) == 0.0


def test_without_rates_there_are_no_limits() -> None:
    budgets = Budgets()
    assert taken(budgets, ADA, HOME, "x" * 4000, tries=100_000) == 100_000
    budgets.was_read(ADA, HOME, 1 << 40, 1)
    assert all(budgets.read(ADA, HOME, 1000) is None for _ in range(1000))
    assert not any(budgets.malformed(HOME) for _ in range(1000))


def test_a_used_up_search_time_refills_before_the_next_search(clock: Clock, refused: list[str]) -> None:
    budgets = Budgets(searches=2, search_time=0.1, refused=refused.append, clock=clock)
    assert budgets.search(ADA, HOME) is None
    budgets.searched(ADA, HOME, 2.0)
    assert budgets.search(ADA, HOME) is None, "two seconds at once"
    budgets.searched(ADA, HOME, 0.5)
    assert budgets.search(ADA, HOME) == too_much("too many searches, wait 5 seconds", 5)
    assert refused == ["searches"]
    assert budgets.search(BEN, HOME) is None
    clock.now += 5
    assert budgets.search(ADA, HOME) is None


def test_an_address_has_the_time_for_searches_of_ten_people(clock: Clock) -> None:
    budgets = Budgets(searches=2, search_time=0.1, clock=clock)
    for person_id in range(1, 11):
        budgets.searched(person_id, HOME, 2.05)
    assert budgets.search(11, HOME) == too_much("too many searches, wait 1 second", 1)
    assert budgets.search(11, OFFICE) is None
    assert budgets.search(11, LOOPBACK) is None
