"""Token Talker and Instant Messenger, used by public clients of the real process.

Here is what the transcripts of `tests/conformance` do not say: what takes many frames, an own secret or a look into the
database, a dialect at `/` of either listener, and texts and names that are hard to get right.
"""

import base64
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import httpx
import jwt
import pytest
from websockets.exceptions import InvalidStatus

from tests.support.people import PASSWORD, Line, Person, client, post, register, request
from tests.support.saved import delete_person, saved_lines
from tests.support.server import ServerProcess, running_server, used_data_path

SECRET = "a secret of the tests that is long enough"
NOT_AUTHORISED = "not authorised: send auth <token> first"


class Way(NamedTuple):
    """A way in, and what its frames call the speaker."""

    messenger_listener: bool
    path: str
    key: str


TALKER, MESSENGER = Way(False, "/talker", "name"), Way(False, "/messenger", "username")
WAYS = {
    "talker at /": Way(False, "/", "name"),
    "talker at / of messenger's listener": Way(True, "/", "name"),
    "messenger at /": Way(False, "/", "username"),
    "messenger at / of its listener": Way(True, "/", "username"),
}


class House:
    """The server with its two listeners, and the people that it knows."""

    def __init__(self, server: ServerProcess) -> None:
        assert server.process.stdout is not None
        self.server = server
        self.url = server.url
        self.messenger_url = server.process.stdout.readline().removeprefix("listening on ").strip()
        self.tokens = {name: register(self.url, name) for name in ("ada", "ben", "cem")}

    def enter(self, way: Way, name: str = "") -> AbstractContextManager[Person]:
        url = self.messenger_url if way.messenger_listener else self.url
        return client(url, path=way.path, key=way.key, name=name)


@pytest.fixture(scope="module")
def house() -> Generator[House]:
    with (
        used_data_path() as data,
        running_server(data, "--listen", "127.0.0.1:0=messenger", CHAT_SECRET=SECRET) as server,
    ):
        yield House(server)


each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
each_dialect = pytest.mark.parametrize("way", [TALKER, MESSENGER], ids=["talker", "messenger"])

# --- tokens ---


def test_a_token_has_the_claims_and_the_length_that_every_dialect_needs(house: House) -> None:
    name = "ж" * 64
    token = register(house.url, name)
    claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    assert claims.keys() == {"sub", "name", "UID", "iat", "exp", "jti"}
    assert claims["sub"] == str(claims["UID"])
    assert len(token) < 255
    with house.enter(TALKER, name) as person:
        person.log_in(token)


@pytest.mark.parametrize(("taken", "again"), [("Straße", "STRASSE"), ("ids", "IDS")])
def test_a_name_that_differs_in_case_only_is_taken(house: House, taken: str, again: str) -> None:
    register(house.url, taken)
    answer = post(f"{house.url}/api/reg", {"username": again, "password": PASSWORD})
    assert (answer.status_code, list(answer.json())) == (409, ["error"])


@pytest.mark.parametrize(("path", "key"), [("/", "name"), ("/api/login", "username")])
def test_a_name_that_nobody_can_have_is_refused_as_any_wrong_one(house: House, path: str, key: str) -> None:
    answer = post(house.url + path, {key: "c\0m", "password": PASSWORD})
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid credentials"})
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "key"), [("/", "name"), ("/api/login", "username"), ("/api/reg", "username")]
)
@pytest.mark.parametrize("body", [b'"ada"', b"\xff\xfe", {"NAME": "ada"}], ids=repr)
def test_a_malformed_login_is_a_bad_request(house: House, path: str, key: str, body: object) -> None:
    answer = post(house.url + path, body)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


@pytest.mark.parametrize(
    ("path", "key"), [("/", "name"), ("/api/login", "username"), ("/api/reg", "username")]
)
@pytest.mark.parametrize("wrong", [None, True, {"ada": 1}], ids=repr)
def test_a_name_or_password_of_another_type_is_a_bad_request(
    house: House, path: str, key: str, wrong: object
) -> None:
    for body in ({key: wrong, "password": PASSWORD}, {key: "ada", "password": wrong}):
        answer = post(house.url + path, body)
        assert (answer.status_code, list(answer.json())) == (400, ["error"]), body


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("DELETE", "/", "GET"), ("POST", "/healthz", "GET")],
)
def test_another_method_is_refused_with_those_that_are_allowed(
    house: House, method: str, path: str, allowed: str
) -> None:
    answer = request(method, house.url + path, {})
    assert (answer.status_code, list(answer.json())) == (405, ["error"])
    assert allowed in answer.headers["allow"]


def test_a_login_by_name_takes_json_by_its_own_word_and_at_most_64_kib(house: House) -> None:
    body = {"username": "ada", "password": PASSWORD}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for status, answer in (
        (415, post(f"{house.url}/api/login", body, headers=form)),
        (413, post(f"{house.url}/api/login", {**body, "password": "x" * 65_536})),
    ):
        assert (answer.status_code, list(answer.json())) == (status, ["error"])


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/nothing", "/api/reg/more", "/web/../secret", "/web/nothing.js"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_route_is_not_found(house: House, method: str, path: str) -> None:
    answer = request(method, house.url + path, {})
    if (method, path) == ("POST", "/web/nothing.js"):
        assert answer.status_code == 405
    else:
        assert (answer.status_code, list(answer.json())) == (404, ["error"])


def test_after_five_wrong_tries_a_name_has_to_wait_and_others_do_not(house: House) -> None:
    guessed = "guessed"
    register(house.url, guessed)

    def log_in(name: str, password: str) -> httpx.Response:
        return post(f"{house.url}/api/login", {"username": name, "password": password})

    for spelling in (guessed, guessed.upper(), guessed, guessed, guessed):
        assert log_in(spelling, "wrong").status_code == 401
    for password in ("wrong", PASSWORD):
        answer = log_in(guessed, password)
        assert (answer.status_code, list(answer.json())) == (429, ["error"])
        assert 1 <= int(answer.headers["retry-after"]) <= 12
    assert log_in("ada", PASSWORD).status_code == 200


# --- who is speaking ---


@each_way
def test_a_whole_conversation(house: House, way: Way) -> None:
    with house.enter(way, "ada") as ada, house.enter(way, "ben") as ben:
        for person in (ada, ben):
            person.log_in(house.tokens[person.name])
        ada.say("hello, world")
        assert ben.hear() == ("ada", "hello, world")
        ben.say("  good day  ")
        assert ada.hear() == ("ben", "good day")
        for person in (ada, ben):
            person.say("history 2")
            assert person.hear_all(2) == [("ada", "hello, world"), ("ben", "good day")]


@each_way
def test_a_silent_client_receives_in_the_dialect_of_its_listener(house: House, way: Way) -> None:
    with house.enter(way) as silent, house.enter(TALKER, "ada") as ada:
        silent.key = "username" if way.messenger_listener else "name"
        ada.log_in(house.tokens["ada"])
        ada.say("can you hear me?")
        assert silent.hear() == ("ada", "can you hear me?")


def signed(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    now = int(time.time())
    whole = {"sub": "1", "name": "ada", "UID": 1, "iat": now, "exp": now + 60, "jti": "0.x"}
    whole = {name: value for name, value in (whole | claims).items() if value is not None}
    return jwt.encode(whole, secret, algorithm=algorithm, headers={"typ": None})


def altered(token: str) -> str:
    head, claims, signature = token.split(".")
    claims = base64.urlsafe_b64encode(
        base64.urlsafe_b64decode(claims + "==").replace(b'"sub":"1"', b'"sub":"2"')
    ).decode()
    return f"{head}.{claims.rstrip('=')}.{signature}"


BAD_TOKENS: dict[str, Callable[[House], str]] = {
    "not ascii": lambda house: "пароль.пароль.пароль",
    "expired": lambda house: signed(exp=int(time.time()) - 1),
    "without expiry": lambda house: signed(exp=None),
    "without a person": lambda house: signed(sub=None),
    "for a person that is no number": lambda house: signed(sub="ada"),
    "for a person beyond all numbers": lambda house: signed(sub="9" * 30),
    "signed with another secret": lambda house: signed("another secret that is long enough, too"),
    "signed with another algorithm": lambda house: signed(SECRET * 2, "HS512"),
    "altered": lambda house: altered(house.tokens["ada"]),
    "cut short": lambda house: house.tokens["ada"][:-4],
    "twice": lambda house: f"{house.tokens['ada']}{house.tokens['ada']}",
    "overlong": lambda house: house.tokens["ada"] + "A" * 60_000,
    "for nobody": lambda house: signed(sub="999999"),
}


def test_a_token_that_is_signed_as_the_server_does_is_taken(house: House) -> None:
    claims = jwt.decode(house.tokens["ada"], SECRET, algorithms=["HS256"])
    with house.enter(TALKER, "ada") as ada:
        ada.log_in(signed(sub=claims["sub"], UID=claims["UID"]))


def assert_leaves_unauthorised(house: House, way: Way, token: str, name: str = "ada") -> None:
    with (
        house.enter(way, name) as person,
        house.enter(TALKER, "ben") as ben,
        house.enter(MESSENGER) as anybody,
    ):
        ben.log_in(house.tokens["ben"])
        person.say(f"auth {token}")
        assert person.is_told() == "the token is not valid"
        for text in ("let me speak", "history 1"):
            person.say(text)
            assert person.is_told() == NOT_AUTHORISED
        ben.say("nobody else spoke")
        assert person.hear() == anybody.hear() == ("ben", "nobody else spoke")


@pytest.mark.parametrize("bad", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_a_bad_token_leaves_the_client_unauthorised(house: House, bad: Callable[[House], str]) -> None:
    assert_leaves_unauthorised(house, TALKER, bad(house))


def test_a_revoked_token_is_invalid_and_a_new_one_valid(house: House) -> None:
    name = "revoked"
    old = register(house.url, name)
    command = [sys.executable, "-m", "chat", "user", "revoke", name.upper(), "--data", str(house.server.data)]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    for way in (TALKER, MESSENGER):
        assert_leaves_unauthorised(house, way, old, name)
    answer = post(f"{house.url}/api/login", {"username": name, "password": PASSWORD})
    with house.enter(MESSENGER, name) as person:
        person.log_in(answer.json()["token"])


@each_dialect
def test_the_token_of_a_deleted_person_is_bad(house: House, way: Way) -> None:
    name = f"deleted-{way.key}"
    token = register(house.url, name)
    with house.enter(way, name) as person:
        person.log_in(token)
    delete_person(house.server.address, name)
    assert_leaves_unauthorised(house, way, token, name)


@each_dialect
@pytest.mark.parametrize("claimed", ["nobody", "ada ", "аda"])
def test_a_frame_that_claims_another_name_is_refused(house: House, way: Way, claimed: str) -> None:
    with house.enter(way, "ada") as ada, house.enter(TALKER, "ben") as ben:
        ada.log_in(house.tokens["ada"])
        ada.say("it was not me", name=claimed)
        assert ada.is_told() == "that is not your name"
        ada.say("it was me", name="ADA")
        assert ben.hear() == ("ada", "it was me")
    assert saved_lines(house.server.address)[-1] == ("ada", "it was me")


# --- who hears ---


@each_way
def test_a_message_reaches_every_socket_except_its_senders(house: House, way: Way) -> None:
    with (
        house.enter(way, "ada") as ada,
        house.enter(way, "ada") as ada_s_phone,
        house.enter(TALKER, "ben") as ben,
        house.enter(TALKER) as anonymous_talker,
        house.enter(MESSENGER) as anonymous_messenger,
        house.enter(WAYS["messenger at / of its listener"]) as anonymous_elsewhere,
    ):
        for person in (ada, ada_s_phone, ben):
            person.log_in(house.tokens[person.name])
        ada.say("to all")
        for listener in (ada_s_phone, ben, anonymous_talker, anonymous_messenger, anonymous_elsewhere):
            assert listener.hear() == ("ada", "to all")
        ben.say("ada hears this next")
        assert ada.hear() == ("ben", "ada hears this next")


def test_pipelined_messages_reach_all_others_in_order(house: House) -> None:
    with (
        house.enter(TALKER, "ada") as ada,
        house.enter(MESSENGER, "ben") as ben,
        house.enter(MESSENGER) as anybody,
    ):
        ada.log_in(house.tokens["ada"])
        ben.log_in(house.tokens["ben"])
        for number in range(300):
            ada.say(f"a{number}")
            ben.say(f"b{number}")
        assert ada.hear_all(300) == [("ben", f"b{number}") for number in range(300)]
        assert ben.hear_all(300) == [("ada", f"a{number}") for number in range(300)]
        assert anybody.hear_all(600) == saved_lines(house.server.address)[-600:]


@each_dialect
@pytest.mark.parametrize(
    "text",
    [
        'quo"te \\ and\nnew line',
        "𝓗𝔢𝔩𝔩𝔬 שלום 👩‍👩‍👧",
        "<b>&amp;</b>",
        "語" * 4000,
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_a_text_comes_through_as_it_is(house: House, way: Way, text: str) -> None:
    with house.enter(way, "ada") as ada, house.enter(MESSENGER, "ben") as ben:
        ada.log_in(house.tokens["ada"])
        ada.say(text)
        assert ben.hear() == ("ada", text)
    assert saved_lines(house.server.address)[-1] == ("ada", text)


@each_dialect
def test_a_text_of_nothing_but_space_is_refused(house: House, way: Way) -> None:
    with house.enter(way, "ada") as ada, house.enter(MESSENGER, "ben") as ben:
        ada.log_in(house.tokens["ada"])
        ada.say("\u2003\n\t")
        assert ada.is_told() == "the message is empty"
        ada.say("after it")
        assert ben.hear() == ("ada", "after it")


# --- history ---


@pytest.fixture(scope="module")
def past(house: House) -> list[Line]:
    """260 lines, which the history's pages do not divide."""
    with house.enter(TALKER, "ada") as ada, house.enter(MESSENGER) as anybody:
        ada.log_in(house.tokens["ada"])
        for number in range(260):
            ada.say(f"past {number}")
        return anybody.hear_all(260)


@each_dialect
@pytest.mark.parametrize("count", ["1", "99", "100", "101", "250", "260", "0250", "1000"])
def test_history_has_the_last_messages_oldest_first(
    house: House, past: list[Line], way: Way, count: str
) -> None:
    saved = saved_lines(house.server.address)
    with house.enter(way, "ben") as ben:
        ben.log_in(house.tokens["ben"])
        ben.say(f"history {count}")
        expected = saved[-int(count) :]
        assert ben.hear_all(len(expected)) == expected
        ben.say("auth no-more-comes")
        assert ben.is_told() == "the token is not valid; you are still authorised as ben"


@each_dialect
@pytest.mark.parametrize(
    "count",
    ["9" * 5000, "1e2", "٣", "+1"],
    ids=lambda count: ascii(count)[:12],
)
def test_a_bad_number_is_refused_with_the_range(house: House, way: Way, count: str) -> None:
    with house.enter(way, "ben") as ben:
        ben.log_in(house.tokens["ben"])
        ben.say(f"history {count}")
        got = ben.is_told()
        assert "1 to 1000" in got


def test_history_queries_run_at_once_and_each_is_whole_and_in_order(house: House, past: list[Line]) -> None:
    queries = 8
    saved = saved_lines(house.server.address)[-250:]
    places = {line: place for place, line in enumerate(saved)}
    got: Counter[int] = Counter()
    with house.enter(TALKER, "ben") as ben:
        ben.log_in(house.tokens["ben"])
        for _ in range(queries):
            ben.say("history 250")
        for line in ben.hear_all(queries * 250):
            place = places[line]
            got[place] += 1
            # The answers may be mixed, but each of them tells a line only after the one before it.
            assert place == 0 or got[place] <= got[place - 1]
    assert set(got.values()) == {queries}


def test_a_client_that_reads_history_still_gets_new_messages(house: House, past: list[Line]) -> None:
    with house.enter(TALKER, "ben") as ben, house.enter(MESSENGER, "ada") as ada:
        for person in (ada, ben):
            person.log_in(house.tokens[person.name])
        for _ in range(8):
            ben.say("history 250")
        ada.say("meanwhile")
        received = ben.hear_all(8 * 250 + 1)
        assert ("ada", "meanwhile") in received
        assert set(received) <= set(saved_lines(house.server.address)[-251:])


def test_too_many_history_queries_at_once_are_refused_and_not_queued(house: House, past: list[Line]) -> None:
    too_many = Line("server", "too many history queries at once, wait for the answers")
    (last,) = saved_lines(house.server.address)[-1:]
    with house.enter(TALKER, "ben") as ben:
        ben.log_in(house.tokens["ben"])
        for _ in range(60):
            ben.say("history 1")
        got = Counter(ben.hear_all(60))
    assert set(got) <= {last, too_many}
    assert got[last] >= 16


# --- the way in ---


@pytest.mark.parametrize("path", ["/api/reg", "/healthz", "//"])
def test_a_socket_on_a_path_that_speaks_nothing_is_not_found(house: House, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused, client(house.url, path=path):
        pass
    assert refused.value.response.status_code == 404


@pytest.mark.parametrize("path", ["/", "/talker", "/messenger"])
@pytest.mark.parametrize("origin", ["null", "http://127.0.0.1:1", "http://localhost"])
def test_a_page_from_elsewhere_may_not_open_a_socket(house: House, path: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, client(house.url, path=path, origin=origin):
        pass
    assert refused.value.response.status_code == 403


def test_a_page_of_our_own_may_open_a_socket(house: House) -> None:
    with client(house.url, origin=house.url, name="ada") as ada:
        ada.log_in(house.tokens["ada"])


def test_the_page_is_served_beside_the_sockets(house: House) -> None:
    page = request("GET", house.url)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
