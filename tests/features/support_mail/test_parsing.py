"""Mails as bytes: what is read of good ones, of broken ones, and of those that are built to cost."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.features.support_mail.html_text import text_of_html
from chat.features.support_mail.parsing import IncomingMail, read_mail
from chat.features.support_mail.quotes import split_text
from chat.features.support_mail.taking_in import note_of, text_of_message
from chat.features.support_mail.verdicts import verdict_of
from tests.features.support_mail.mails import multipart, raw


def read(data: bytes) -> IncomingMail:
    mail = read_mail(data, 10, 1000)
    assert mail is not None
    return mail


def test_a_plain_mail() -> None:
    assert read(raw(Subject="Gärten")).subject == "Gärten"
    mail = read(raw("Hëllo\n", Subject="=?utf-8?q?G=C3=A4rten?=", From='"Ada, L." <Ada@Example.com>'))
    assert (mail.sender, mail.subject, mail.text, mail.kind) == (
        "ada@example.com",
        "Gärten",
        "Hëllo\n",
        "person",
    )
    assert (mail.message_id, mail.answers, mail.recipients) == (
        "<one@example.com>",
        (),
        ("help@chat.example",),
    )


def test_the_plain_part_comes_before_html_and_files_are_attachments() -> None:
    mail = read(
        multipart(
            'Content-Type: multipart/alternative; boundary="in"\n\n--in\nContent-Type: text/plain\n\nplain\n'
            "--in\nContent-Type: text/html\n\n<b>html</b>\n--in--",
            'Content-Type: image/png; name="../../etc/a.png"\nContent-Transfer-Encoding: base64\n\naGVsbG8=',
            "Content-Type: text/plain\nContent-Disposition: attachment; filename*=utf-8''%C3%A4.txt\n\nwords",
            f"Content-Type: application/zip; name=big.zip\n\n{'x' * 1001}",
            "Content-Type: message/rfc822\n\nSubject: inner\n\nwords",
        )
    )
    assert mail.text.strip() == "plain"
    assert [(each.name, each.data) for each in mail.files[:2]] == [
        ("../../etc/a.png", b"hello"),  # uploads clean the rest of a name
        ("ä.txt", b"words"),
    ]
    assert mail.files[2].name == "mail-3.eml"
    assert mail.omitted == ("big.zip",)
    assert "(+ big.zip)" in text_of_message(mail, is_first=True)[0]


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("koi8-r", "Привет".encode("koi8-r"), "Привет"),
        ("no-such-set", "ä".encode(), "ä"),
        ("utf-8", b"\xe4", "ä"),  # it lies
        ("rot13", b"abc", "abc"),
        ("zlib", b"abc", "abc"),
        ("utf-8", b"a\x00b\x1b[31m", "ab[31m"),
    ],
)
def test_an_encoding_that_is_unknown_or_a_lie(charset: str, data: bytes, text: str) -> None:
    assert read(raw(data, Content_Type=f"text/plain; charset={charset}")).text == text


def test_html_becomes_text() -> None:
    html = (
        "<head><title>T</title><style>p{}</style></head><body><p>One&nbsp;<b>two</b><br>three</p><ul><li>a<li>b</ul>"
        '<a href="https://x.example/?a=1">here</a> <a href="javascript:alert(1)">there</a><script>bad()</script>'
        "<![if !mso]><i>x</i><![endif]><![<blockquote>old<blockquote>older</blockquote></blockquote>"
    )
    text = text_of_html(html)
    assert "One two\nthree" in text
    assert "- a\n- b" in text
    assert "here <https://x.example/?a=1>" in text
    assert "> old" in text
    assert "> > older" in text
    assert not any(word in text for word in ("bad", "javascript", "p{}", "T\n"))


@pytest.mark.parametrize(
    "html",
    [
        "<" * 40_000,
        "<a " * 20_000,
        "<!--" * 20_000,
        "&#" * 30_000,
        "<blockquote>" * 8_000,
        "<p>" * 30_000,
        "<![" * 30_000,
    ],
)
def test_html_that_is_built_to_cost_takes_linear_time(html: str) -> None:
    begun = time.process_time()
    text_of_html(html)
    assert time.process_time() - begun < 1


def test_the_history_and_the_signature_are_apart() -> None:
    text = "Yes.\n\n-- \nAda\n\nOn Mon, 1 Jan 2026 at 10:00,\nOlga <help@chat.example> wrote:\n> Really?\n>\n> Olga"
    parts = split_text(text)
    assert (parts.new, parts.signature) == ("Yes.", "Ada")
    assert parts.quoted.startswith("On Mon")
    between = "> Really?\n\nYes.\n\n> And that?\n\nNo."
    assert split_text(between).new == between
    assert split_text("> all\n> of it").new == "> all\n> of it"
    outlook = "Fine\n\n-----Original Message-----\nFrom: Olga\nOld words"
    assert split_text(outlook).new == "Fine"


def test_a_message_is_the_new_words_with_the_history_as_a_quote() -> None:
    mail = read(raw("Yes.\n\nOn Monday Olga wrote:\n> Really?"))
    assert text_of_message(mail, is_first=True) == (
        "**The garden**\n\nYes.\n\n> On Monday Olga wrote:\n> > Really?",
        [],
    )
    long = read(raw("word " * 2000))
    text, files = text_of_message(long, is_first=False)
    assert len(text) <= 4000
    assert text.endswith("…")
    assert files[0].data.decode() == long.text


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "person"),
        ({"Auto-Submitted": "no"}, "person"),
        ({"Auto-Submitted": "auto-replied (vacation)"}, "automatic"),
        ({"Return-Path": "<>"}, "automatic"),
        ({"Precedence": "Bulk"}, "bulk"),
        ({"List-Id": "<garden.example.com>"}, "bulk"),
        ({"Content-Type": "multipart/report; report-type=delivery-status; boundary=x"}, "bounce"),
        ({"From": "MAILER-DAEMON@mx.example.com"}, "bounce"),
    ],
)
def test_who_wrote_it(fields: dict[str, str], kind: str) -> None:
    assert read(raw(headers=fields)).kind == kind


def test_a_report_names_the_mail_that_it_returns() -> None:
    mail = read(
        multipart(
            "Content-Type: text/plain\n\nNo such user.",
            "Content-Type: message/rfc822\n\nMessage-ID: <sent@chat.example>\nSubject: Re: x\n\nwords",
            kind="report",
            From="Mailer <mailer-daemon@mx.example>",
        )
    )
    assert "<sent@chat.example>" in mail.reported
    assert note_of(mail) == "✉ The garden\n\nNo such user."


def test_ten_thousand_references_cost_nothing() -> None:
    ids = " ".join(f"<{n}@example.com>" for n in range(10_000))
    begun = time.process_time()
    mail = read(raw(References=f"<first@example.com>\r\n {ids}", In_Reply_To="<last@example.com>"))
    assert time.process_time() - begun < 1
    assert mail.answers[0] == "<last@example.com>"
    assert len(mail.answers) == 1000


def test_a_sender_who_is_many_or_none_is_none() -> None:
    for sender in ("a@b.example, c@d.example", "", "no address", "a@b.example\x00", "<>", "a b@c d"):
        assert read(raw(From=sender)).sender in ("", "a@b.example"), sender


def bombs() -> dict[str, bytes]:
    nested = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(5000)
    )
    embedded = b"From: a@b.example\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 100_000
    return {
        "nested multiparts": b"From: a@b.example\r\n" + nested,
        "embedded messages": embedded,
        "a million parts": b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        + b"--b\r\n\r\n" * 1_000_000,
        "a million headers": b"A: b\r\n" * 1_000_000,
        "an endless header": b"Subject: " + b"x" * 5_000_000,
        "a million lines": b"From: a@b.example\r\n\r\n" + b"\n" * 2_000_000,
        "many addresses": raw(To=", ".join(f"a{n}@b.example" for n in range(10_000))),
        "comments in addresses": raw(From="(" * 8000 + "a@b.example"),
        "words that are encoded": raw(Subject="=?utf-8?q?" * 20_000),
        "parameters": raw(Content_Type="text/plain" + '; a="' * 10_000),
    }


@pytest.mark.parametrize("what", bombs())
def test_a_mail_that_is_built_to_cost_costs_little(what: str) -> None:
    begun = time.process_time()
    read_mail(bombs()[what], 10, 1000)
    assert time.process_time() - begun < 3


@given(st.binary(max_size=2000))
def test_random_bytes_never_raise(data: bytes) -> None:
    for each in (data, raw(data), raw(data, Content_Type="multipart/mixed; boundary=x"), b"From: " + data):
        mail = read_mail(each, 10, 1000)
        if mail is not None:
            text_of_message(mail, is_first=True)
            note_of(mail)
            verdict_of(mail.results, "mx.example", mail.sender)


GOOD = (
    "mx.example.com; spf=pass smtp.mailfrom=ada@example.com; dkim=pass header.d=example.com;"
    " dmarc=pass header.from=example.com"
)


@pytest.mark.parametrize(
    ("results", "server", "verdict"),
    [
        ([GOOD], "mx.example.com", "pass"),
        ([GOOD], "", "none"),
        ([GOOD], "mx.other.example", "none"),
        (["mx.evil.example; dmarc=pass", GOOD], "mx.example.com", "none"),  # something stands above one's own
        ([GOOD.replace("dmarc=pass", "dmarc=fail")], "mx.example.com", "fail"),
        (["mx.example.com (dmarc=pass header.from=example.com); none"], "mx.example.com", "none"),
        (["mx.example.com; dkim=pass header.d=evil.example"], "mx.example.com", "none"),
        (
            ["mx.example.com; spf=softfail smtp.mailfrom=example.com; dkim=pass header.d=example.com"],
            "MX.example.com",
            "pass",
        ),
        (["mx.example.com 1; spf=fail smtp.mailfrom=ada@example.com"], "mx.example.com", "fail"),
        (["mx.example.com; x-dmarc=pass header.from=example.com"], "mx.example.com", "none"),
    ],
)
def test_what_ones_own_mail_server_found_out(results: list[str], server: str, verdict: str) -> None:
    assert verdict_of(results, server, "ada@example.com") == verdict
