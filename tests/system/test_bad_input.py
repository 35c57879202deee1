"""Input that no client should send: each gets a clear answer, and all others continue."""

import itertools
import json
import os
import re
import resource
import select
import socket
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from tests.support.frames import CLOSE, CONTINUATION, PING, PONG, TEXT, client_frame
from tests.support.people import PASSWORD, Person, client, eventually, member, post, register, request
from tests.support.processes import held_connections, needs_proc
from tests.support.raw_client import RawClient, opening
from tests.support.saved import delete_person, saved_lines
from tests.support.server import ServerProcess, running_server, used_data_path

HEAD_TIMEOUT = 2.0
"""Seconds that this server gives a head: those who send half of one are to be gone soon."""

HALF_HEADS = 10_000 if os.environ.get("FULL_TESTS") else 2_000
"""Connections that send half a head at once."""

AT_REST = 3
"""TCP sockets that the server holds between two tests: its listener's and those of two innocents."""


class Innocents:
    """Two who mind their own business: whatever others do, they hear each other."""

    def __init__(self, ada: Person, ben: Person) -> None:
        self.ada = ada
        self.ben = ben
        self._numbers = itertools.count()

    def chat(self) -> None:
        """Each says something, and that is what the other hears next."""
        for speaker, listener in ((self.ada, self.ben), (self.ben, self.ada)):
            text = f"still here {next(self._numbers)}"
            speaker.say(text)
            assert listener.hear() == (speaker.name, text)

    def overhear(self, name: str, text: str) -> None:
        """Both hear this from somebody else next."""
        assert self.ada.hear() == self.ben.hear() == (name, text)


@pytest.fixture(scope="module")
def server() -> Generator[ServerProcess]:
    """A server of these tests' own: what breaks here breaks nothing elsewhere."""
    with used_data_path() as data, running_server(data, CHAT_HEAD_TIMEOUT=str(HEAD_TIMEOUT)) as server:
        yield server


@pytest.fixture(scope="module")
def mallory_s_token(server: ServerProcess) -> str:
    return register(server.url, "mallory")


@pytest.fixture(scope="module")
def pair(server: ServerProcess) -> Generator[Innocents]:
    with (
        member(server.url, "ada") as ada,
        member(server.url, "ben", path="/messenger", key="username") as ben,
    ):
        pair = Innocents(ada, ben)
        pair.chat()
        yield pair


@pytest.fixture(autouse=True)
def innocents(server: ServerProcess, pair: Innocents) -> Generator[Innocents]:
    """They chat between the tests; the server has met no error that it did not expect."""
    logged = server.log.stat().st_size
    yield pair
    pair.chat()
    assert server.process.poll() is None
    lines = server.log.read_bytes()[logged:].splitlines()
    assert [line for line in lines if json.loads(line)["level"] in ("error", "critical")] == []


@pytest.fixture
def mallory(server: ServerProcess, mallory_s_token: str) -> Generator[Person]:
    with member(server.url, "mallory", mallory_s_token) as mallory:
        yield mallory


def assert_goes_on(mallory: Person, innocents: Innocents) -> None:
    """The socket is still open, and what is said on it next is heard and saved."""
    mallory.say("sorry")
    innocents.overhear("mallory", "sorry")
    mallory.say("history 3")
    assert mallory.hear_until(lambda line: line == ("mallory", "sorry"))


def socket_frame(message: str) -> str:
    """A frame with `message` put in as JSON's own escapes."""
    return f'{{"name":"mallory","message":"{message}"}}'


# --- frames that are no lines ---

MALFORMED = {
    "empty": "",
    "blank": "  ",
    "no JSON": "hello",
    "half an object": '{"name":"mallory","mess',
    "two objects": '{"name":"mallory","message":"x"}{}',
    "no quotes": "{name:mallory,message:x}",
    "raw NUL": '{"name":"mallory","message":"a\0b"}',
    "raw newline": '{"name":"mallory","message":"a\nb"}',
    "not a number": '{"name":"mallory","message":NaN}',
    "null": "null",
    "number": "1e999999",
    "text": '"mallory"',
    "array": '["mallory","hi"]',
    "empty object": "{}",
    "no message": '{"name":"mallory"}',
    "no name": '{"message":"hi"}',
    "other keys": '{"username":"mallory","message":"hi"}',
    "keys in capitals": '{"Name":"mallory","Message":"hi"}',
    "message is a number": '{"name":"mallory","message":1}',
    "message is null": '{"name":"mallory","message":null}',
    "message is an object": '{"name":"mallory","message":{"a":1}}',
    "name is a number": '{"name":1,"message":"hi"}',
    "name is an array": '{"name":["mallory"],"message":"hi"}',
    "lone high surrogate in the text": socket_frame("\\ud800"),
    "lone low surrogate in the text": socket_frame("a\\udc00b"),
    "surrogates in the wrong order": socket_frame("\\udc00\\ud800"),
    "lone surrogate in the token": socket_frame("auth \\ud800.\\ud800.\\ud800"),
    "lone surrogate in the name": '{"name":"\\ud800","message":"hi"}',
    "lone surrogate in a key": '{"name":"mallory","message":"hi","\\ud800":1}',
    "brackets": "[" * 65_536,
    "braces": '{"a":' * 13_000,
    "brackets in the message": '{"name":"mallory","message":' + "[" * 60_000,
    "brackets in a key nobody knows": '{"name":"mallory","x":'
    + "[" * 30_000
    + "]" * 30_000
    + ',"message":"hi"}',
}


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_frame_is_answered_and_the_socket_stays_open(
    mallory: Person, innocents: Innocents, sent: str
) -> None:
    mallory.send(sent)
    assert mallory.is_told()
    assert_goes_on(mallory, innocents)


@pytest.mark.parametrize("path", ["/", "/talker", "/messenger"])
@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_first_frame_is_answered_too(server: ServerProcess, path: str, sent: str) -> None:
    with client(server.url, path, key="username" if path == "/messenger" else "name") as anybody:
        if path == "/" and sent == MALFORMED["other keys"]:
            anybody.key = "username"  # a good frame of the messenger, that is
        anybody.send(sent)
        assert anybody.is_told()


@pytest.mark.parametrize("sent", [b"", b"\0", b"\xff" * 100, b'{"name":"mallory","message":"hi"}'], ids=repr)
def test_a_binary_frame_is_answered_and_the_socket_stays_open(
    mallory: Person, innocents: Innocents, sent: bytes
) -> None:
    mallory.send(sent)
    assert mallory.is_told() == "binary frames are not understood, send text"
    assert_goes_on(mallory, innocents)


@pytest.mark.parametrize(
    "escape", ["\\u0000", "a\\u0000b", "\\u0000" * 1000, "auth \\u0000", "history \\u0000"]
)
def test_a_nul_is_refused_and_the_next_message_is_saved(
    mallory: Person, innocents: Innocents, escape: str
) -> None:
    mallory.send(socket_frame(escape))
    assert mallory.is_told()
    assert_goes_on(mallory, innocents)


@pytest.mark.parametrize(
    "name", ["mallory\\u0000", "\\u0000", "mall\\u00adory", "mallory\\u200b", "\\u202emallory"]
)
def test_a_claimed_name_with_characters_that_are_not_seen_is_another_name(
    mallory: Person, innocents: Innocents, name: str
) -> None:
    mallory.send(f'{{"name":"{name}","message":"hi"}}')
    assert mallory.is_told() == "that is not your name"
    assert_goes_on(mallory, innocents)


def test_keys_that_nobody_knows_are_ignored(mallory: Person, innocents: Innocents) -> None:
    mallory.send('{"name":"mallory","message":"hi","admin":true,"__proto__":{},"message_id":[1,{"a":null}]}')
    innocents.overhear("mallory", "hi")


def test_of_a_key_that_is_given_twice_one_counts_for_everybody(mallory: Person, innocents: Innocents) -> None:
    mallory.send('{"name":"ada","name":"mallory","message":"one","message":"two"}')
    innocents.overhear("mallory", "two")


@pytest.mark.parametrize(
    "number", ["-1", "99999999999999999999", "0x10", "1_0", "⑩", "NaN", "1;DROP-TABLE-messages"]
)
def test_a_bad_history_number_is_refused_with_the_range(
    mallory: Person, innocents: Innocents, number: str
) -> None:
    mallory.say(f"history {number}")
    assert "1 to 1000" in mallory.is_told()
    assert_goes_on(mallory, innocents)


def test_a_text_like_sql_is_a_message(mallory: Person, innocents: Innocents) -> None:
    text = "'); DROP TABLE messages; --"
    mallory.say(text)
    innocents.overhear("mallory", text)


def test_a_message_that_cannot_be_saved_fails_alone(server: ServerProcess, innocents: Innocents) -> None:
    """A person deleted while connected sends messages that the database refuses, among valid ones."""
    with ExitStack() as stack:
        ghost = stack.enter_context(member(server.url, "ghost"))
        talkers = [stack.enter_context(member(server.url, name)) for name in ("carl", "dora", "emil")]
        listener = stack.enter_context(client(server.url))
        delete_person(server.address, "ghost")
        for number in range(100):
            for talker in talkers:
                talker.say(f"{talker.name} {number}")
            ghost.say(f"boo {number}")
        got = ghost.hear_until(lambda line: line == ("emil", "emil 99"))
        while sum(line.name == "server" for line in got) < 100:
            got.append(ghost.hear())
        assert {line.text for line in got if line.name == "server"} == {"the message can't be stored"}
        received = listener.hear_all(300)
        for talker in talkers:
            said = [line.text for line in received if line.name == talker.name]
            assert said == [f"{talker.name} {number}" for number in range(100)]
        for line in received:
            innocents.overhear(*line)
        assert received == [line for line in saved_lines(server.address) if line in set(received)]


# --- frames that break the protocol ---


def test_a_frame_of_64_kib_is_read_and_one_byte_more_closes_the_socket(
    mallory: Person, innocents: Innocents
) -> None:
    shell = len(socket_frame(""))
    mallory.send(socket_frame("x" * (65_536 - shell)))
    assert mallory.is_told() == "the message is longer than 4000 characters"
    mallory.send(socket_frame("x" * (65_537 - shell)))
    assert mallory.hear_to_the_end() == []
    assert mallory.closed_with == 1009


@pytest.mark.parametrize("size", [65_537, 200_000, 5_000_000])
def test_a_frame_over_64_kib_closes_the_socket_with_1009(server: ServerProcess, size: int) -> None:
    with RawClient(server.url) as mallory:
        mallory.shake_hands()
        mallory.send_what_is_taken(client_frame(TEXT, b"x") + client_frame(TEXT, bytes(size)))
        assert mallory.read_close() == 1009


@pytest.mark.parametrize("size", [0, 1])
def test_a_message_in_5000_fragments_closes_the_socket_with_1009(server: ServerProcess, size: int) -> None:
    with RawClient(server.url) as mallory:
        mallory.shake_hands()
        fragments = [client_frame(CONTINUATION, b"x" * size, fin=False)] * 4_998
        mallory.send_what_is_taken(
            b"".join(
                [client_frame(TEXT, b"x" * size, fin=False), *fragments, client_frame(CONTINUATION, b"x")]
            )
        )
        assert mallory.read_close() == 1009


def test_fragments_that_are_too_big_together_close_the_socket_with_1009(server: ServerProcess) -> None:
    with RawClient(server.url) as mallory:
        mallory.shake_hands()
        fragment = client_frame(CONTINUATION, b"x" * 1_000, fin=False)
        mallory.send_what_is_taken(client_frame(TEXT, b"x", fin=False) + fragment * 70)
        assert mallory.read_close() == 1009


BREACHES = {
    "unknown data opcode": client_frame(0x3),
    "unknown control opcode": client_frame(0xB),
    "first reserved bit": client_frame(TEXT, b"{}", rsv=4),
    "second reserved bit": client_frame(TEXT, b"{}", rsv=2),
    "third reserved bit": client_frame(PING, rsv=1),
    "not masked": client_frame(TEXT, b"{}", masked=False),
    "ping in fragments": client_frame(PING, b"x", fin=False),
    "close in fragments": client_frame(CLOSE, fin=False),
    "ping over 125 bytes": client_frame(PING, b"x" * 126),
    "nothing to continue": client_frame(CONTINUATION, b"x"),
    "another message in the midst of one": client_frame(TEXT, b"x", fin=False) + client_frame(TEXT, b"x"),
    "close with half a code": client_frame(CLOSE, b"\x03"),
    "close with a code that is never sent": client_frame(CLOSE, (1005).to_bytes(2)),
    "close with a code that is no code": client_frame(CLOSE, (999).to_bytes(2)),
    "length in more bytes than it needs": b"\x81\xfe\x00\x01mask" + bytes((ord("x") ^ ord("m"),)),
}


@pytest.mark.parametrize("breach", BREACHES.values(), ids=BREACHES)
def test_a_breach_of_the_protocol_closes_the_socket_with_1002(server: ServerProcess, breach: bytes) -> None:
    with RawClient(server.url) as mallory:
        mallory.shake_hands()
        mallory.send(breach)
        assert mallory.read_close() == 1002
        mallory.send_what_is_taken(client_frame(PING, b"after our close frame"))
        assert mallory.read_to_the_end() == b""


INVALID_UTF_8 = {
    "a byte that is none": client_frame(TEXT, b'{"name":"\xff"'),
    "a lone surrogate": client_frame(TEXT, b"\xed\xa0\x80"),
    "an overlong form": client_frame(TEXT, b"\xc0\xaf"),
    "half a letter": client_frame(TEXT, b"\xd0"),
    "half a letter at the end of the last fragment": client_frame(TEXT, b"\xd0", fin=False)
    + client_frame(CONTINUATION),
    "in a fragment": client_frame(TEXT, b"x", fin=False) + client_frame(CONTINUATION, b"\xff"),
    "in a close frame's reason": client_frame(CLOSE, b"\x03\xe8\xff"),
}


@pytest.mark.parametrize("sent", INVALID_UTF_8.values(), ids=INVALID_UTF_8)
def test_invalid_utf_8_closes_the_socket_with_1007(server: ServerProcess, sent: bytes) -> None:
    with RawClient(server.url) as mallory:
        mallory.shake_hands()
        mallory.send(sent)
        assert mallory.read_close() == 1007
        assert mallory.read_to_the_end() == b""


def test_a_letter_may_lie_in_two_fragments(
    server: ServerProcess, mallory_s_token: str, innocents: Innocents
) -> None:
    def line(text: str) -> bytes:
        return json.dumps({"name": "mallory", "message": text}, ensure_ascii=False).encode()

    with RawClient(server.url) as mallory:
        mallory.shake_hands()
        mallory.send(client_frame(TEXT, line(f"auth {mallory_s_token}")))
        assert b"authorised as mallory" in mallory.read_frame().payload
        whole = line("жук")
        for byte in whole[:-1]:
            mallory.send(client_frame(TEXT if byte == whole[0] else CONTINUATION, bytes((byte,)), fin=False))
        mallory.send(client_frame(PING, b"between fragments") + client_frame(CONTINUATION, whole[-1:]))
        assert mallory.read_frame() == (PONG, b"between fragments")
        innocents.overhear("mallory", "жук")


@pytest.mark.parametrize(
    "after",
    [client_frame(PING, b"x") * 100, client_frame(TEXT, b"{}"), client_frame(CLOSE), b"\xff" * 10_000],
    ids=["pings", "a text", "another close", "no frame"],  # a frame has another mask in each process
)
def test_frames_after_our_close_frame_are_ignored(server: ServerProcess, after: bytes) -> None:
    goodbye = client_frame(CLOSE, (1000).to_bytes(2) + b"bye")
    for at_once in (True, False):
        with RawClient(server.url) as mallory:
            mallory.shake_hands()
            mallory.send_what_is_taken(goodbye + after if at_once else goodbye)
            assert mallory.read_close() == 1000
            mallory.send_what_is_taken(after)
            assert mallory.read_to_the_end() == b""


def test_a_flood_of_pings_gets_its_pongs(server: ServerProcess) -> None:
    with RawClient(server.url) as mallory:
        mallory.shake_hands()
        for number in range(500):
            mallory.send(client_frame(PING, b"%d" % number))
        for number in range(500):
            assert mallory.read_frame() == (PONG, b"%d" % number)


# --- connections ---

LINE = client_frame(TEXT, b'{"name":"mallory","message":"hi"}')
TALK = opening() + LINE
CALL = b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@needs_proc
@pytest.mark.parametrize("sent", [TALK, CALL], ids=["socket", "http"])
@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
def test_a_connection_may_break_at_any_byte(server: ServerProcess, sent: bytes, reset: bool) -> None:
    for length in range(len(sent) + 1):
        with RawClient(server.url) as mallory:
            mallory.send(sent[:length])
            if reset:
                mallory.reset()
    eventually(lambda: held_connections(server.process.pid) == AT_REST, "all are forgotten")


@needs_proc
@pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
def test_a_socket_may_break_at_any_byte_of_a_frame(
    server: ServerProcess, mallory_s_token: str, reset: bool
) -> None:
    line = json.dumps({"name": "mallory", "message": f"auth {mallory_s_token}"}).encode()
    conversation = (
        client_frame(TEXT, line),
        client_frame(TEXT, b'{"name":"mallory","message":"history 9"}'),
        client_frame(PING),
        client_frame(CLOSE),
    )
    for sent in conversation:
        for length in (*range(min(len(sent), 64)), len(sent) - 1, len(sent)):
            with RawClient(server.url) as mallory:
                mallory.shake_hands()
                mallory.send(sent[:length])
                if reset:
                    mallory.reset()
    eventually(lambda: held_connections(server.process.pid) == AT_REST, "all are forgotten")


@needs_proc
def test_a_client_may_vanish_in_the_midst_of_its_history(server: ServerProcess, mallory_s_token: str) -> None:
    line = json.dumps({"name": "mallory", "message": f"auth {mallory_s_token}"}).encode()
    recall = client_frame(TEXT, b'{"name":"mallory","message":"history 1000"}')
    for pause in range(0, 1_000, 100):
        with RawClient(server.url) as mallory:
            mallory.shake_hands()
            mallory.send(client_frame(TEXT, line) + recall * 1_000)  # each is answered, were it by a refusal
            for _ in range(pause):
                mallory.read_frame()
            mallory.reset()
    eventually(lambda: held_connections(server.process.pid) == AT_REST, "all are forgotten")


@needs_proc
def test_thousands_of_half_heads_hold_nobody_up_and_are_cut(
    server: ServerProcess, innocents: Innocents
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = HALF_HEADS + 500
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    half = opening()[:60]
    with ExitStack() as stack:
        callers = []
        for _ in range(min(HALF_HEADS, most - 500)):
            caller = stack.enter_context(RawClient(server.url)).socket
            caller.sendall(half)
            callers.append(caller)
            if len(callers) % 500 == 0:
                innocents.chat()
        assert request("GET", f"{server.url}/healthz").status_code == 200
        waiting = select.poll()
        for caller in callers:
            caller.setblocking(False)
            waiting.register(caller, select.POLLIN)
        by_number = {caller.fileno(): caller for caller in callers}
        while by_number:
            ended = waiting.poll(1_000 * (HEAD_TIMEOUT + 10))
            assert ended, f"{len(by_number)} half heads were not cut"
            for number, _ in ended:
                waiting.unregister(number)
                assert read_if_any(by_number.pop(number)) == b""
    eventually(lambda: held_connections(server.process.pid) == AT_REST, "all are forgotten")


def read_if_any(caller: socket.socket) -> bytes:
    try:
        return caller.recv(1)
    except ConnectionError:
        return b""


NO_HEADS = {
    "TLS on a plain port": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32), 400),
    "nonsense": (b"\x80\x81\x82\r\n\r\n", 400),
    "one word": (b"HELLO\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: b\r\n\r\n", 400),
    "a header without a name": (b"GET / HTTP/1.1\r\nHost: localhost\r\n: b\r\n\r\n", 400),
    "two lengths": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        400,
    ),
    "a negative length": (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400),
    "a huge length": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1" + b"0" * 5_000 + b"\r\n\r\n",
        400,
    ),
    "a bad chunk": (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nXYZ\r\n", 400),
    "another encoding": (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    "an endless path": (b"GET /" + b"%41" * 5_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    "an endless query": (b"GET /?" + b"a&" * 5_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    "an endless head": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 70_000, 431),
    "too many lines": (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: x\r\n" * 5_000 + b"\r\n", 431),
}


@pytest.mark.parametrize(("sent", "status"), NO_HEADS.values(), ids=NO_HEADS)
def test_a_malformed_request_is_answered_and_closed(server: ServerProcess, sent: bytes, status: int) -> None:
    with RawClient(server.url) as mallory:
        mallory.send_what_is_taken(sent)
        assert mallory.read_head() == status
        mallory.read_to_the_end()


NO_HANDSHAKES = {
    "no key": (re.sub(rb"Sec-WebSocket-Key.*?\r\n", b"", opening()), 400),
    "an older version": (opening().replace(b"Version: 13", b"Version: 8"), 426),
    "no version": (re.sub(rb"Sec-WebSocket-Version.*?\r\n", b"", opening()), 400),
    "another origin": (opening("/talker", "Origin: https://evil.example"), 403),
    "no origin": (opening("/talker", "Origin: null"), 403),
    "two origins": (opening("/talker", "Origin: http://127.0.0.1", "Origin: https://evil.example"), 403),
    "an unknown path": (opening("/nothing"), 404),
    "a path with surrogates": (opening("/%ED%A0%80"), 404),
    "an endless query": (opening("/talker?" + "a=%41&" * 2_000), 414),
    "letters in a header": (opening("/talker", "Sec-WebSocket-Protocol: ключ"), 400),
    "letters in an extension": (opening("/talker", "Sec-WebSocket-Extensions: ключ"), 400),
}


@pytest.mark.parametrize(("sent", "status"), NO_HANDSHAKES.values(), ids=NO_HANDSHAKES)
def test_a_malformed_handshake_is_refused_and_closed(server: ServerProcess, sent: bytes, status: int) -> None:
    with RawClient(server.url) as mallory:
        mallory.send(sent)
        assert mallory.read_head() == status
        # RFC 6455, section 4.4: who speaks another version is told ours.
        assert (b"\r\nsec-websocket-version: 13" in mallory.head.lower()) == (status == 426)
        mallory.send_what_is_taken(LINE)
        mallory.read_to_the_end()


# --- calls ---

ROUTES = [("/", "name"), ("/api/login", "username"), ("/api/reg", "username")]


@pytest.mark.parametrize("path", [path for path, _ in ROUTES])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 200_000, 413),
        (b"[" * 65_536, 400),
        (b'{"a":' * 13_000, 400),
        (b'{"password":"world","name":' + b"[" * 30_000 + b"]" * 30_000 + b"}", 400),
        (b'{"password":"world","name":"x","username":"x","y":' + b"[" * 30_000 + b"]" * 30_000 + b"}", 400),
    ],
    ids=["200,000 brackets", "65,536 brackets", "braces", "in the name", "in a key nobody knows"],
)
def test_nested_brackets_are_a_bad_request(
    server: ServerProcess, path: str, body: bytes, status: int
) -> None:
    answer = post(server.url + path, body)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


@pytest.mark.parametrize("path", [path for path, _ in ROUTES])
def test_a_content_type_without_an_end_is_not_read(server: ServerProcess, path: str) -> None:
    """To read 60 KB of its parameters takes the loop 50 ms."""
    kind = "application/json" + "; a=b" * 10_000
    answer = post(server.url + path, b"{}", headers={"Content-Type": kind})
    assert (answer.status_code, list(answer.json())) == (415, ["error"])


BAD_NAMES = {
    "empty": "",
    "a space": " ",
    "space before": " eve",
    "space behind": "eve ",
    "two spaces": "e  ve",
    "65 letters": "e" * 65,
    "NUL": "e\0ve",
    "newline": "e\nve",
    "tab": "e\tve",
    "escape": "e\x1b[31mve",
    "delete": "e\x7fve",
    "C1 control": "e\x85ve",
    "no-break space": "e\u00a0ve",
    "em space": "e\u2003ve",
    "ideographic space": "e\u3000ve",
    "zero-width space": "e\u200bve",
    "zero-width joiner": "e\u200dve",
    "line separator": "e\u2028ve",
    "right-to-left override": "\u202eeve",
    "byte-order mark": "\ufeffeve",
    "soft hyphen": "e\u00adve",
    "Hangul filler": "\u3164",
    "private use": "e\ue000ve",
    "unassigned": "e\U000e0080ve",
    "variation selector": "e\ufe0eve",
    "grapheme joiner": "e\u034fve",
    "only a mark": "\u0301",
    "lone high surrogate": "e\ud800ve",
    "lone low surrogate": "\udfff",
    "an at sign": "eve@home",
    "a slash": "e/ve",
    "a bracket": "<eve>",
    "reserved": "server",
    "reserved in capitals": "SERVER",
}


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
def test_a_name_that_could_deceive_is_not_registered(server: ServerProcess, name: str) -> None:
    answer = post(f"{server.url}/api/reg", {"username": name, "password": PASSWORD})
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


@pytest.mark.parametrize(("path", "key"), ROUTES[:2])
@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
def test_nobody_logs_in_by_a_name_that_could_deceive(
    server: ServerProcess, path: str, key: str, name: str
) -> None:
    answer = post(server.url + path, {key: name, "password": PASSWORD})
    assert (answer.status_code, list(answer.json())) in ((400, ["error"]), (401, ["error"]))


@pytest.mark.parametrize(("path", "key"), ROUTES)
@pytest.mark.parametrize(
    "password", ["x" * 73, "é" * 37, "x" * 60_000, "wor\ud800ld", "wor\0ld"], ids=lambda p: ascii(p)[:9]
)
def test_a_password_that_bcrypt_would_cut_or_choke_on_is_refused(
    server: ServerProcess, path: str, key: str, password: str
) -> None:
    answer = post(server.url + path, {key: "frank", "password": password})
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert password[:9] not in answer.text


@pytest.mark.parametrize("password", ["x" * 72, "é" * 36])
def test_a_password_of_72_bytes_counts_to_its_last(server: ServerProcess, password: str) -> None:
    name = f"grace{len(password)}"
    register(server.url, name, password)
    other = password[:-1] + "y"
    for sent, status in ((password, 200), (other, 401)):
        assert post(server.url, {"name": name, "password": sent}).status_code == status


def test_a_password_under_five_characters_is_refused(server: ServerProcess) -> None:
    answer = post(f"{server.url}/api/reg", {"username": "henry", "password": "four"})
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "the password is shorter than 5 characters"},
    )
