"""A mail's content: nothing of a name becomes a header, a line of its own, or HTML."""

from email import policy
from email.parser import BytesParser

import pytest

from chat.domain.mail_server import mail_server
from chat.mail.letter import Letter, Mail, message_of
from chat.mail.queue import new_mail

SERVER = mail_server("smtps://mail.example", "Chat <chat@chat.example>")
HOSTILE = 'Eve\r\nBcc: all@example.com\r\n\r\n<script>alert("1")</script>\x1b[31m\ud800'


def test_names_are_escaped_and_add_no_header() -> None:
    letter = Letter(
        f"Hello {HOSTILE}", (f"Hello {HOSTILE},",), (HOSTILE, 'https://chat.example/"><b>'), HOSTILE
    )
    message = message_of(new_mail("ada@example.com", letter, SERVER.domain), SERVER)
    raw = message.as_bytes()
    assert message["Bcc"] is None
    assert b"\nBcc:" not in raw
    assert b"\x1b" not in raw
    body = message.get_body(("html",))
    assert body is not None
    html = body.get_content()
    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html
    text = message.get_body(("plain",))
    assert text is not None
    assert "\nBcc:" not in text.get_content()


@pytest.mark.parametrize(
    "to", ["a@b.c\r\nBcc: eve@example.com", "a, b@example.com", "<a@b.c>", "nobody", "a@b@c"]
)
def test_no_address_becomes_two_or_a_header(to: str) -> None:
    with pytest.raises(ValueError, match=r"addr|header|CR"):
        message_of(new_mail(to, Letter("x", ("y",)), SERVER.domain), SERVER)


def test_urls_and_ids_of_any_length_are_written_as_they_are() -> None:
    url = f"<https://{'chat-' * 40}.example/unsubscribe/00000000-0000-0000-0000-000000000000>"
    ids = [f"<{number}@{'mail-' * 20}.example>" for number in range(3)]
    headers = {
        "Message-ID": ids[0],
        "List-Unsubscribe": url,
        "In-Reply-To": ids[1],
        "References": f"{ids[1]} {ids[2]}",
    }
    mail = Mail(
        to="ada@example.com",
        message_id=ids[0],
        subject="x",
        text="x",
        html="x",
        headers=tuple(headers.items())[1:],
    )
    raw = BytesParser(policy=policy.compat32).parsebytes(message_of(mail, SERVER).as_bytes())
    assert {name: raw[name] for name in headers} == headers


def test_two_mails_have_ids_of_their_own() -> None:
    first, second = (new_mail("a@b.example", Letter("x", ("y",)), "chat.example") for _ in range(2))
    assert first.message_id != second.message_id


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("http://mail.example", "a@b.example"),
        ("smtp://", "a@b.example"),
        ("smtp://mail.example/path", "a@b.example"),
        ("smtp://mail.example?tls=maybe", "a@b.example"),
        ("smtp://ada:hunter2@mail.example?tls=none", "a@b.example"),
        ("smtp://ada:hunter2@mail.example:port", "a@b.example"),
        ("smtps://mail.example", ""),
        ("smtps://mail.example", "nobody"),
        ("smtps://mail.example", "Chat\r\nBcc: x <a@b.example>"),
    ],
)
def test_wrong_settings_are_refused_without_quoting_the_password(url: str, sender: str) -> None:
    with pytest.raises(ValueError, match="mail_") as refused:
        mail_server(url, sender)
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(mail_server("smtp://ada:hunter2@mail.example", "a@b.example"))
