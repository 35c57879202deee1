"""A session is kept alive, and ends for the program only if a password is needed to continue."""

from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from chat.client.address import Address, parse_url
from chat.client.credentials import Credentials
from chat.client.errors import CannotConnect, LoggedOut, Refused
from chat.client.events import Connected, Disconnected
from chat.client.sessions import log_in, register
from chat.client.wire import Session
from tests.client.model import Json, ModelRoom
from tests.client.model_server import ModelServer, on_loopback
from tests.client.people import Reach, next_event

GARDEN = 1
LOGIN, REFRESH = "/api/v1/auth/login", "/api/v1/auth/refresh"


def login_of_ada(kept: list[Session] | None = None, password: str = "secret") -> Credentials:
    return Credentials(login=("ada", password), on_session=None if kept is None else kept.append)


def refresh_of_ada(model: ModelServer, kept: list[Session]) -> Credentials:
    return Credentials(refresh_token=model.sessions.open(1)["refresh"], on_session=kept.append)


async def test_a_session_is_refreshed_before_it_ends_on_the_same_connection(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    kept: list[Session] = []
    async with reach(credentials=login_of_ada(kept)):
        (socket,) = model.sockets
        await trio.sleep(2000)
        assert model.sockets == [socket]
    assert model.sessions.calls == [LOGIN, REFRESH, REFRESH]
    assert [session.refresh for session in kept] == ["refresh 1", "refresh 2", "refresh 3"]
    hellos = [request["token"] for _, request in model.requests if request["type"] == "hello"]
    assert hellos == ["access 1", "access 2", "access 3"]


async def test_of_many_calls_that_need_a_token_one_refreshes_the_session(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach(credentials=login_of_ada()) as chat:
        chat._connector.connection = None
        chat._connector._credentials.discard(with_session=False)  # as the first of the calls notices
        model.sessions.answers = {"/api/v1/direct/2": (404, {"error": "no", "code": "not_found"})}.get

        async def call() -> None:
            with pytest.raises(Refused):
                await chat.http.direct_room(2)

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(call)
        assert model.sessions.calls.count(REFRESH) == 1


async def test_an_answer_that_is_lost_is_asked_for_again_with_the_same_token(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    kept: list[Session] = []
    failing = [OSError("the line is cut")]

    def answers(path: str) -> None:
        if path == REFRESH and failing:
            raise failing.pop()

    credentials = refresh_of_ada(model, kept)
    model.sessions.answers = answers
    async with reach(credentials=credentials) as chat:
        await chat.send(GARDEN, "hi")
        failing.append(OSError("once more"))
        await trio.sleep(1000)
        assert len(model.sockets) == 1
    assert model.sessions.calls == [REFRESH] * 4
    assert [session.refresh for session in kept] == ["refresh 2", "refresh 3"]


async def test_a_session_that_was_ended_is_begun_again_with_the_password(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach(credentials=login_of_ada()) as chat:
        model.sessions.end_all()
        model.sockets[0].close(4403)
        assert isinstance(await next_event(chat, Disconnected), Disconnected)
        await next_event(chat, Connected)
    assert model.sessions.calls == [LOGIN, LOGIN]


async def test_a_session_that_was_ended_ends_the_block_where_there_is_no_password(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async def live() -> None:
        async with reach(credentials=refresh_of_ada(model, [])):
            model.sessions.end_all()
            model.sockets[0].close(4403)
            await trio.sleep_forever()

    with pytest.raises(LoggedOut):
        await live()


async def test_a_token_that_expired_is_renewed_before_the_next_connection(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach(credentials=login_of_ada()) as chat:
        del model.sessions.tokens["access 1"]
        model.sockets[0].close(4401)
        assert await next_event(chat, Disconnected) == Disconnected("closed with 4401", 0)
        await next_event(chat, Connected)
    assert model.sessions.calls == [LOGIN, REFRESH]


async def test_the_token_is_there_before_the_socket_which_waits_ten_seconds_for_it(
    model: ModelServer, reach: Reach, autojump_clock: MockClock
) -> None:
    sockets: list[int] = []
    model.sessions.answers = lambda _path: sockets.append(model.handshakes)
    async with reach(credentials=login_of_ada()):
        assert sockets == [0]


async def test_a_wrong_password_is_reported_at_once(reach: Reach, autojump_clock: MockClock) -> None:
    with pytest.raises(LoggedOut, match="invalid credentials"):
        async with reach(credentials=login_of_ada(password="wrong")):
            pytest.fail("nobody has that password")


@pytest.mark.parametrize(
    ("status", "body", "wait"),
    [(503, {"error": "no database", "code": "unavailable"}, 0.5), (429, {"retry_ms": 7000}, 7.0)],
)
async def test_a_server_that_gives_no_session_now_is_asked_again(
    model: ModelServer, reach: Reach, autojump_clock: MockClock, status: int, body: Json, wait: float
) -> None:
    answers = [(status, body)]
    model.sessions.answers = lambda _path: answers.pop() if answers else None
    before = trio.current_time()
    async with reach(credentials=login_of_ada()):
        assert wait / 2 <= trio.current_time() - before <= wait
    assert model.sessions.calls == [LOGIN, LOGIN]


async def test_a_server_that_knows_no_sessions_is_not_asked_for_ever(
    model: ModelServer, reach: Reach, autojump_clock: MockClock
) -> None:
    model.sessions.answers = lambda _path: (404, {"error": "not found"})
    with pytest.raises(CannotConnect, match="404 not found"):
        async with reach(credentials=login_of_ada()):
            pytest.fail("there is no such server")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((401, {}), "there is no chat server there: HTTP status 401"),
        ((403, {"error": "it answers to localhost alone"}), "no session: 403 it answers to localhost alone"),
    ],
)
async def test_a_refusal_by_a_proxy_or_of_the_host_name_does_not_end_the_session(
    model: ModelServer, reach: Reach, autojump_clock: MockClock, answer: tuple[int, Json], why: str
) -> None:
    model.sessions.answers = lambda _path: answer
    with pytest.raises(CannotConnect, match=f"^{why}$"):
        async with reach(credentials=refresh_of_ada(model, [])):
            pytest.fail("there is no such server")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((400, {"error": "login: expected at most 256 characters", "code": "invalid"}), "invalid"),
        ((413, {"error": "the body is too big", "code": "too_big"}), "too_big"),
        ((413, {}), "too_big"),  # by a proxy
    ],
)
async def test_a_login_that_nobody_can_have_is_refused(
    model: ModelServer, reach: Reach, autojump_clock: MockClock, answer: tuple[int, Json], code: str
) -> None:
    model.sessions.answers = lambda _path: answer
    with pytest.raises(Refused) as refused:
        async with reach(credentials=login_of_ada()):
            pytest.fail("it is no login")
    assert refused.value.code == code


async def test_a_login_that_is_refused_once_a_session_has_ended_ends_the_block(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async def live() -> None:
        async with reach(credentials=login_of_ada()):
            model.sessions.answers = lambda _path: (400, {"error": "no", "code": "invalid"})
            model.sessions.end_all()
            model.sockets[0].close(4403)
            await trio.sleep_forever()

    with pytest.raises(Refused):
        await live()


@pytest.mark.parametrize("begin", [log_in, register])
@pytest.mark.parametrize("fields", [("\ud800", "secret"), ("ada", "\udc00secret")])
async def test_half_of_a_character_is_no_name_and_no_password(
    model: ModelServer, begin: Callable[..., Awaitable[Session]], fields: tuple[str, str]
) -> None:
    with trio.fail_after(30):
        async with on_loopback(model) as url:
            with pytest.raises(Refused) as refused:
                await begin(parse_url(url), *fields)
    assert refused.value.code == "invalid"
    assert model.sessions.calls == []


async def test_half_of_a_character_in_a_login_is_refused_out_of_the_block(
    model: ModelServer, reach: Reach, autojump_clock: MockClock
) -> None:
    with pytest.raises(Refused) as refused:
        async with reach(credentials=login_of_ada(password="\ud800")):
            pytest.fail("it is no password")
    assert refused.value.code == "invalid"


async def test_where_there_is_no_chat_server_another_name_would_not_help(model: ModelServer) -> None:
    model.sessions.answers = lambda _path: (404, {})
    with trio.fail_after(30):
        async with on_loopback(model) as url:
            with pytest.raises(CannotConnect, match=r"^there is no chat server there: HTTP status 404$"):
                await register(parse_url(url), "grace", "secret")


async def test_an_answer_without_end_is_not_read_for_ever(
    model: ModelServer, reach: Reach, autojump_clock: MockClock
) -> None:
    answers: list[tuple[int, Json]] = [(200, {"access": "x" * 70_000}), (200, {"nothing": "of use"})]
    model.sessions.answers = lambda _path: answers.pop() if answers else None
    async with reach(credentials=login_of_ada()):
        assert model.sessions.calls == [LOGIN] * 3


@pytest.mark.parametrize(("delay", "is_kept"), [(0.5, True), (5.0, False)])
async def test_closing_during_a_refresh_waits_briefly_for_the_answer(
    model: ModelServer, autojump_clock: MockClock, delay: float, *, is_kept: bool
) -> None:
    class Slow(Address):
        __slots__ = ()

        async def open_stream(self) -> trio.abc.Stream:
            await trio.lowlevel.checkpoint()
            ours, theirs = trio.testing.memory_stream_pair()

            async def answer() -> None:
                begun = bytes(await theirs.receive_some())
                await trio.sleep(delay)
                await model.sessions.serve(theirs, begun)

            nursery.start_soon(answer)
            return ours

    kept: list[Session] = []
    credentials = refresh_of_ada(model, kept)
    async with trio.open_nursery() as nursery:
        before = trio.current_time()
        with trio.move_on_after(0.1) as ended:
            await credentials.renew(Slow("model", 1, "model", "", None))
        assert ended.cancelled_caught
        assert trio.current_time() - before <= 1.2
        assert bool(kept) == is_kept
        nursery.cancel_scope.cancel()
    if is_kept:
        assert kept[0].refresh == "refresh 2"


async def test_in_a_banned_network_a_session_waits_and_goes_on_afterwards(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    kept: list[Session] = []
    banned = 403, {"error": "this network is banned", "code": "forbidden", "reason": "address_banned"}
    model.sessions.answers = lambda _path: banned

    async def lift() -> None:
        await trio.sleep(90)
        model.sessions.answers = lambda _path: None

    async with trio.open_nursery() as nursery:
        nursery.start_soon(lift)
        started = trio.current_time()
        async with reach(credentials=refresh_of_ada(model, kept)):
            assert 90 <= trio.current_time() - started <= 130
            assert model.sessions.calls == [REFRESH] * 3
            assert len(kept) == 1
