"""Handing mails to a real mail server, by TLS and without, and to ones that fail."""

import socket
from collections.abc import Generator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
import trio
import trustme

from chat.domain.mail_server import MailServer, mail_server
from chat.mail import handing_over
from chat.mail.handing_over import MOST, HandedOver, MailDoor, Outcome, try_mail_server
from chat.mail.letter import Letter, message_of
from chat.mail.queue import new_mail
from tests.support.mail_server import MailServerProcess, running_mail_server

LETTER = Letter(
    "Reset your password", ("Hello Ada,", "somebody asked."), ("Reset", "https://chat.example/reset#m")
)


@pytest.fixture(scope="module")
def plain() -> Generator[MailServerProcess]:
    with running_mail_server() as process:
        yield process


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    authority = trustme.CA()
    pem = tmp_path / "cert.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(pem))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return pem


def server_at(process: MailServerProcess, url: str = "smtp://localhost:{}?tls=none") -> MailServer:
    return mail_server(url.format(process.port), "Gärten & Co <chat@chat.example>")


async def hand_over(server: MailServer, to: str) -> HandedOver:
    mail = new_mail(to, LETTER, server.domain)
    with trio.fail_after(60):
        return await MailDoor(server).hand_over(message_of(mail, server), mail.to)


async def test_a_mail_arrives_as_text_and_html_marked_as_automatic(plain: MailServerProcess) -> None:
    handed = await hand_over(server_at(plain), "ada@example.com")
    assert handed.outcome is Outcome.SENT, handed
    arrived = plain.next_mail()
    message = arrived["message"]
    assert (arrived["from"], arrived["to"]) == ("chat@chat.example", ["ada@example.com"])
    assert (message["To"], message["Subject"]) == ("ada@example.com", "Reset your password")
    assert message["From"] == "Gärten & Co <chat@chat.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@chat.example>")
    assert message["Date"]
    text, html = message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()
    assert "https://chat.example/reset#m" in text
    assert '<a href="https://chat.example/reset#m">' in html


@pytest.mark.parametrize(
    ("to", "outcome", "answer"),
    [
        ("later@example.com", Outcome.TRY_AGAIN, "451"),
        ("never@example.com", Outcome.REFUSED, "550"),
        ("spam@example.com", Outcome.REFUSED, "554"),
        ("full@example.com", Outcome.TRY_AGAIN, "452"),
        ("drop@example.com", Outcome.TRY_AGAIN, ""),
    ],
)
async def test_answers_decide_whether_a_mail_is_tried_again(
    plain: MailServerProcess, to: str, outcome: Outcome, answer: str
) -> None:
    handed = await hand_over(server_at(plain), to)
    assert (handed.outcome, handed.answer[: len(answer)]) == (outcome, answer)
    assert handed.answer.isprintable()
    if to[:4] in ("spam", "full", "drop"):
        plain.next_mail()


async def test_a_server_that_does_not_answer_holds_nothing_up(
    plain: MailServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handing_over, "DEADLINE", 0.5)
    door = MailDoor(server_at(plain))
    mail = new_mail("hang@example.com", LETTER, "chat.example")
    handed = await door.hand_over(message_of(mail, door.server), mail.to)
    assert (handed.outcome, "no answer" in handed.answer) == (Outcome.TRY_AGAIN, True)
    plain.next_mail()
    with trio.fail_after(10):  # the thread ends too: its connection was cut
        for n in range(MOST):
            await door._limiter.acquire_on_behalf_of(n)


@pytest.mark.parametrize(
    ("says", "endless", "answer"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", ""),
        (b"", b"220-one more line\r\n", "no answer"),
        (b"220 ready\r\n", b"250-ONE-MORE\r\n", "no answer"),
        (
            b"",
            b"220-" + b"long " * 1600 + b"\r\n",
            "Connection unexpectedly closed: the server's answers are too long",
        ),
        (
            b"220 ready\r\n",
            b"250-" + b"LONG " * 1600 + b"\r\n",
            "Connection unexpectedly closed: the server's",
        ),
        (b"220 ", b"x", ""),
        (b"554 \xff\x00\x1b[2J no\r\n", b"", "554"),
    ],
)
async def test_a_server_that_lies_or_never_ends_is_left_in_time(
    monkeypatch: pytest.MonkeyPatch, says: bytes, endless: bytes, answer: str
) -> None:
    monkeypatch.setattr(handing_over, "DEADLINE", 0.5)

    async def lie(stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await stream.send_all(says)
            while endless:
                await stream.send_all(endless)
                await trio.sleep(0.001)
        await stream.aclose()

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            listeners = await nursery.start(partial(trio.serve_tcp, lie, 0, host="127.0.0.1"))
            port = listeners[0].socket.getsockname()[1]
            door = MailDoor(mail_server(f"smtp://127.0.0.1:{port}?tls=none", "a@chat.example"))
            mail = new_mail("ada@example.com", LETTER, "chat.example")
            handed = await door.hand_over(message_of(mail, door.server), mail.to)
            assert (handed.outcome, handed.answer[: len(answer)]) == (Outcome.TRY_AGAIN, answer)
            assert handed.answer.isprintable()
            for n in range(MOST):  # the threads end too
                await door._limiter.acquire_on_behalf_of(n)
            nursery.cancel_scope.cancel()


async def test_where_nobody_listens_the_mail_is_tried_again() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        handed = await hand_over(
            mail_server(f"smtp://127.0.0.1:{port}?tls=none", "a@chat.example"), "ada@example.com"
        )
    assert handed.outcome is Outcome.TRY_AGAIN


async def test_starttls_is_required_and_the_name_is_checked(
    plain: MailServerProcess, certificate: Path
) -> None:
    handed = await hand_over(server_at(plain, "smtp://localhost:{}"), "ada@example.com")
    assert (handed.outcome, "STARTTLS" in handed.answer) == (Outcome.TRY_AGAIN, True)  # it offers none
    with running_mail_server(certificate) as tls:
        handed = await hand_over(server_at(tls, "smtp://ada:pass%20word@localhost:{}"), "ada@example.com")
        assert handed.outcome is Outcome.SENT, handed
        assert tls.next_mail()["tls"] is True
        handed = await hand_over(server_at(tls, "smtp://ada:wrong@localhost:{}"), "ada@example.com")
        assert (handed.outcome, handed.answer[:3]) == (Outcome.TRY_AGAIN, "535")
        handed = await hand_over(server_at(tls, "smtp://127.0.0.1:{}"), "ada@example.com")
        assert (handed.outcome, "certificate" in handed.answer) == (Outcome.TRY_AGAIN, True)
        assert try_mail_server(server_at(tls, "smtp://ada:wrong@localhost:{}"), print)[:3] == "535"  # type: ignore[index]
        steps: list[str] = []
        assert try_mail_server(server_at(tls, "smtp://ada:pass%20word@localhost:{}"), steps.append) is None
        assert len(steps) == 3


async def test_smtps_begins_with_tls(certificate: Path) -> None:
    with running_mail_server(certificate, "--smtps") as tls:
        assert (
            await hand_over(server_at(tls, "smtps://localhost:{}"), "ada@example.com")
        ).outcome is Outcome.SENT
        tls.next_mail()
        assert (
            await hand_over(server_at(tls, "smtps://127.0.0.1:{}"), "ada@example.com")
        ).outcome is Outcome.TRY_AGAIN
