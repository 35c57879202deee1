"""TLS on the same port, and how many connections there may be."""

import socket
import ssl
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import trustme

from tests.support.frames import CLOSE
from tests.support.people import PASSWORD, client, eventually, member, post, register, request
from tests.support.processes import held_connections, needs_proc
from tests.support.raw_client import RawClient, opening
from tests.support.saved import saved_lines
from tests.support.server import ServerProcess, running_server, used_data_path


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """What a client that trusts the authority connects with."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="module")
def flags(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """The command line of a server that has a certificate of that authority."""
    directory: Path = tmp_path_factory.mktemp("tls")
    issued = authority.issue_cert("127.0.0.1", "localhost")
    cert, key = directory / "cert.pem", directory / "key.pem"
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(key)
    return "--tls-cert", str(cert), "--tls-key", str(key)


@pytest.fixture(scope="module")
def encrypted(flags: tuple[str, ...]) -> Generator[ServerProcess]:
    with used_data_path() as data, running_server(data, *flags, CHAT_OUTBOX_BYTES="262144") as server:
        yield server


@pytest.fixture(scope="module")
def small() -> Generator[ServerProcess]:
    """A server with few places, behind a proxy that it trusts: us."""
    settings = {
        "CHAT_MAX_CONNECTIONS": "8",
        "CHAT_MAX_CONNECTIONS_PER_ADDRESS": "2",
        "CHAT_TRUSTED_PROXIES": "127.0.0.1",
        "CHAT_HEAD_TIMEOUT": "60",
    }
    with used_data_path() as data, running_server(data, **settings) as server:
        yield server


@pytest.fixture
def crowded(small: ServerProcess) -> ServerProcess:
    """The server with few places, once those who came before have left it."""
    eventually(lambda: held_connections(small.process.pid) == 1, "all have left")
    return small


# --- TLS ---


def test_pages_and_sockets_share_the_encrypted_port(
    encrypted: ServerProcess, trusting: ssl.SSLContext
) -> None:
    assert encrypted.url.startswith("https://")
    assert request("GET", encrypted.url, verify=trusting).status_code == 200
    with (
        member(encrypted.url, "ada", ssl=trusting) as ada,
        client(encrypted.url, "/messenger", key="username", ssl=trusting, origin=encrypted.url) as ben,
    ):
        ada.say("in confidence")
        assert ben.hear() == ("ada", "in confidence")
        ada.say("history 1")
        assert ada.hear() == ("ada", "in confidence")


def test_a_burst_goes_through_whole_and_in_order(encrypted: ServerProcess, trusting: ssl.SSLContext) -> None:
    names = ("cem", "dora", "emil")
    before = len(saved_lines(encrypted.address))
    with ExitStack() as stack:
        talkers = [stack.enter_context(member(encrypted.url, name, ssl=trusting)) for name in names]
        listeners = [stack.enter_context(client(encrypted.url, ssl=trusting)) for _ in range(3)]
        for number in range(200):
            for talker in talkers:
                talker.say(f"{number} {'x' * 500}")
        total = 200 * len(talkers)
        received = [listener.hear_all(total) for listener in listeners]
        saved = saved_lines(encrypted.address)[before:]
        assert len(saved) == total
        assert all(lines == saved for lines in received)
        for talker in talkers:
            assert talker.hear_all(total - 200) == [line for line in saved if line.name != talker.name]
            talker.say("history 1000")
            everything = saved_lines(encrypted.address)[-1000:]
            assert talker.hear_all(len(everything)) == everything


def test_a_client_without_tls_is_not_served_and_harms_nobody(
    encrypted: ServerProcess, trusting: ssl.SSLContext
) -> None:
    for sent in (
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        opening(),
        b"\x16\x03\x01\xff\xff" + bytes(100),
        b"\0" * 5000,
    ):
        with RawClient(encrypted.url) as stray:
            stray.send_what_is_taken(sent)
            stray.socket.shutdown(socket.SHUT_WR)
            assert b"HTTP/1.1 200" not in stray.read_to_the_end()
    for length in (0, 1, 5, 11, 50):
        with RawClient(encrypted.url) as stray:
            stray.send((b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100))[:length])
            stray.reset()
    with pytest.raises(httpx.ConnectError):
        request("GET", encrypted.url, verify=ssl.create_default_context())  # it does not know our authority
    assert request("GET", f"{encrypted.url}/healthz", verify=trusting).status_code == 200
    assert '"level": "error"' not in encrypted.log.read_text()


def test_only_http_1_is_offered_in_it(encrypted: ServerProcess, trusting: ssl.SSLContext) -> None:
    trusting.set_alpn_protocols(["h2", "http/1.1"])
    with RawClient(encrypted.url, tls=trusting) as raw:
        assert isinstance(raw.socket, ssl.SSLSocket)
        assert raw.socket.selected_alpn_protocol() == "http/1.1"
        assert raw.socket.version() in ("TLSv1.2", "TLSv1.3")


def test_a_slow_reader_is_cut_there_too(encrypted: ServerProcess, trusting: ssl.SSLContext) -> None:
    text = "語" * 3_900
    with (
        member(encrypted.url, "finn", ssl=trusting) as finn,
        client(encrypted.url, ssl=trusting) as ben,
        RawClient(encrypted.url, receive_buffer=4096, tls=trusting) as slow,
    ):
        slow.shake_hands()
        for number in range(5_000):
            finn.say(f"{number} {text}")
            assert ben.hear() == ("finn", f"{number} {text}")
            if "too slow" in encrypted.log.read_text():
                break
        for received in range(number + 1):
            found = slow.read_frame()
            if found.opcode == CLOSE:
                break
            assert found.payload.startswith(b'{"name":"finn","message":"%d ' % received)
        assert found.payload.startswith((4008).to_bytes(2))


def test_a_stop_closes_properly_through_tls(encrypted: ServerProcess, trusting: ssl.SSLContext) -> None:
    """The last test with this server."""
    with (
        member(encrypted.url, "gwen", ssl=trusting) as gwen,
        client(encrypted.url, ssl=trusting) as ben,
        RawClient(encrypted.url) as mute,
    ):
        mute.send(b"\x16\x03\x01")  # the first bytes of a handshake that never comes
        gwen.say("and goodbye")
        assert ben.hear() == ("gwen", "and goodbye")
        encrypted.process.terminate()
        assert ben.hear_to_the_end() == gwen.hear_to_the_end() == []
        assert ben.closed_with == gwen.closed_with == 1001
        assert encrypted.process.wait(10) == 0


# --- how many ---


@needs_proc
def test_loopback_clients_are_exempt_up_to_the_total_limit(crowded: ServerProcess) -> None:
    with ExitStack() as stack:
        register(crowded.url, "ada")
        eventually(lambda: held_connections(crowded.process.pid) == 1, "that call is over")
        # Eight come from one address, where two are allowed: it is loopback.
        guests = [stack.enter_context(RawClient(crowded.url)) for _ in range(8)]
        for guest in guests:
            guest.shake_hands()
        refused = request("GET", crowded.url)
        assert refused.status_code == 503
        assert refused.json() == {"error": "the server has too many connections, try again later"}
        assert int(refused.headers["retry-after"]) > 0
        refused_guest = stack.enter_context(RawClient(crowded.url))
        refused_guest.send(opening())
        assert refused_guest.read_head() == 503
        guests[0].socket.close()
        eventually(lambda: is_served(crowded), "a place is free again")


def is_served(server: ServerProcess) -> bool:
    return request("GET", f"{server.url}/healthz").status_code == 200


@needs_proc
def test_a_proxy_speaks_for_many_and_each_of_them_has_its_own_limit(crowded: ServerProcess) -> None:
    def come_from(address: str) -> int:
        guest = stack.enter_context(RawClient(crowded.url))
        guest.send(opening("/talker", f"X-Forwarded-For: {address}"))
        return guest.read_head()

    with ExitStack() as stack:
        assert [come_from("192.0.2.1") for _ in range(3)] == [101, 101, 429]
        assert [come_from("192.0.2.2") for _ in range(3)] == [101, 101, 429]
        assert come_from("127.0.0.1") == 101


@needs_proc
def test_guessing_names_is_throttled_by_address(crowded: ServerProcess) -> None:
    register(crowded.url, "ben")

    def guess(name: str, password: str, address: str) -> httpx.Response:
        return post(crowded.url, {"name": name, "password": password}, headers={"X-Forwarded-For": address})

    for number in range(20):
        assert guess(f"nobody {number}", "guess", "192.0.2.3").status_code == 401
    throttled = guess("ben", PASSWORD, "192.0.2.3")
    assert throttled.status_code == 429
    assert int(throttled.headers["retry-after"]) > 0
    assert guess("ben", PASSWORD, "192.0.2.4").status_code == 200


@needs_proc
def test_ten_register_from_one_address_in_an_hour_in_whichever_dialect(crowded: ServerProcess) -> None:
    def come(path: str, body: dict[str, str], address: str) -> httpx.Response:
        return post(f"{crowded.url}{path}", body, headers={"X-Forwarded-For": address})

    def new(path: str, name: str, address: str) -> httpx.Response:
        body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD, "name": name}
        return come(path, body, address)

    made = [new("/api/reg", f"hal_{n}", "2001:db8::1").status_code for n in range(4)]
    made += [new("/signup", f"ida_{n}", "2001:db8::2").status_code for n in range(4)]
    made += [
        new("/register", "jon_0", "2001:db8::3").status_code,
        new("/api/reg", "hal_0", "2001:db8::4").status_code,
    ]
    assert made == [201] * 9 + [409]
    for path in ("/api/reg", "/signup", "/register"):
        refused = new(path, "kim_0", "2001:db8::5")
        assert refused.status_code == 429
        assert refused.json() == {"error": "too many registrations, wait"}
        assert 0 < int(refused.headers["retry-after"]) <= 360
    assert come("/api/reg", {"username": "hal_0", "password": PASSWORD}, "192.0.2.5").status_code == 409
    assert new("/register", "kim_0", "192.0.2.5").status_code == 201
