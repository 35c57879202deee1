"""A search is repeated until it is answered, and raises if the server refuses it."""

import pytest
import trio
from trio.testing import MockClock

from chat.client.credentials import Credentials
from chat.client.errors import LoggedOut, Refused
from tests.client.model import Json, ModelRoom
from tests.client.model_server import ModelServer
from tests.client.people import Reach

GARDEN = 1


class Search:
    """Answers searches with the given answers in order, and repeats the last one."""

    def __init__(self, model: ModelServer, *answers: tuple[int, Json]) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)
        model.sessions.answers = self._answer

    def _answer(self, path: str) -> tuple[int, Json] | None:
        if not path.startswith("/api/v1/search?"):
            return None
        self.asked.append(path.partition("?")[2])
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


async def test_search_results_arrive_in_pages(model: ModelServer, garden: ModelRoom, reach: Reach) -> None:
    garden.say(2, "good morning, tea?", "k")
    hit = {"message": garden.message_for(1, garden.seq), "pieces": ["good morning, ", "tea", "?"]}
    search = Search(model, (200, {"hits": [hit], "next": 7}))
    async with reach() as chat:
        found = await chat.search('tea "good morning"', room=GARDEN, sender=2, best_first=True, limit=5)
    assert found.next == 7
    assert found.hits[0].message.text == "good morning, tea?"
    assert found.hits[0].pieces == ("good morning, ", "tea", "?")
    assert search.asked == ["q=tea+%22good+morning%22&limit=5&order=best&room=1&from=2"]


async def test_a_search_waits_until_the_server_can_answer(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    search = Search(
        model,
        (429, {"code": "too_many", "retry_ms": 5000}),
        (503, {"code": "unavailable"}),
        (502, "no JSON of ours"),  # type: ignore[arg-type]
        (200, "no JSON of ours"),  # type: ignore[arg-type]
        (200, {"hits": []}),
    )
    async with reach() as chat:
        before = trio.current_time()
        assert (await chat.search("tea")).hits == ()
        assert 6 < trio.current_time() - before < 10
    assert len(search.asked) == 5


async def test_a_search_is_refused_once_for_all(model: ModelServer, garden: ModelRoom, reach: Reach) -> None:
    Search(model, (400, {"error": "there is no word", "code": "invalid", "field": "q"}))
    async with reach() as chat:
        with pytest.raises(Refused) as refused:
            await chat.search("-")
    assert (refused.value.code, refused.value.field) == ("invalid", "q")


async def test_a_token_that_has_expired_is_renewed_once(
    model: ModelServer, garden: ModelRoom, reach: Reach
) -> None:
    expired = 401, {"error": "too old", "code": "expired"}
    search = Search(model, expired, (200, {"hits": []}))
    async with reach(credentials=Credentials(login=("ada", "secret"))) as chat:
        await chat.search("tea")
        assert len(search.asked) == 2
        Search(model, expired)
        with pytest.raises(Refused):
            await chat.search("tea")
    Search(model, expired)
    async with reach() as chat:
        with pytest.raises(LoggedOut):
            await chat.search("tea")
