"""What tools send becomes a message: bodies of each tool, and those that no tool would send."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from chat.domain.text.rules import TEXT_LENGTH, clean_text
from chat.features.hooks.payloads.reading import Call, delivery_key, read
from chat.features.hooks.payloads.values import LABEL_LENGTH, Unreadable

BODIES = sorted(Path(__file__).with_name("bodies").glob("*.http"))
RECORDED = sorted(Path(__file__).with_name("bodies").glob("recorded/*.http"))
JSON = {"content-type": "application/json"}


def call_of(file: Path) -> Call:
    """Return the call in a file: lines of headers, and behind an empty line the body."""
    head, _, body = file.read_bytes().partition(b"\n\n")
    pairs = (line.split(": ", 1) for line in head.decode().splitlines())
    return Call({name.lower(): value for name, value in pairs}, "", body.removesuffix(b"\n"))


def said(payload: object, *, query: str = "", may_mention: bool = False, **headers: str) -> str:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return read(Call(JSON | headers, query, body), may_mention=may_mention)


@pytest.mark.parametrize("file", BODIES + RECORDED, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_body_of_a_tool_becomes_a_message(file: Path) -> None:
    assert read(call_of(file), may_mention=False) == file.with_suffix(".md").read_text("utf-8").rstrip("\n")


def test_bodies_are_those_of_at_least_ten_tools() -> None:
    assert len({file.stem.split("-")[0] for file in BODIES}) >= 10


@pytest.mark.parametrize(
    ("given", "got"),
    [
        ("*bold* _slanted_ ~struck~", "**bold** _slanted_ ~~struck~~"),
        ("2*3*4 a*b* * no * *no", "2*3*4 a*b* * no * *no"),
        ("`*code*` ```<b> &lt;*x*```", "`*code*` ```<b> <*x*```"),
        ("<https://a.example|a [b] c>", "[a (b) c](https://a.example)"),
        ("<https://a.example> <mailto:a@b.example|mail>", "https://a.example [mail](mailto:a@b.example)"),
        ("<javascript:alert(1)|click> <data:text/html,x|y>", "click y"),
        ("a < b > c << d", "a < b > c << d"),
        ("<!here> <!channel> <!everyone>", "@here @here @here"),
        ("<!subteam^S1|@gardeners> <!date^1392734382^{date}|Feb 18>", "@gardeners Feb 18"),
        ("<@U1|ada> <#C1|garden> <#C2>", "@ada #garden #C2"),
        ("&lt;!here&gt; &amp;lt;", "<!here> &lt;"),
        ("<" * 50 + "x", "<" * 50 + "x"),
    ],
)
def test_mrkdwn_becomes_our_markdown(given: str, got: str) -> None:
    assert said({"text": given}) == got


def test_signs_for_everybody_mention_where_the_hook_may() -> None:
    assert said({"text": "<!channel> help"}, may_mention=True) == "@all help"
    assert said({"content": "@everyone help"}, may_mention=True) == "@all help"


@pytest.mark.parametrize(
    ("body", "got"),
    [
        (b"text=a+b%21", "a b!"),
        (b"version=1.0&title=Backup&message=it+has+ended&type=info", "**Backup**\nit has ended"),
        (b"payload=%7B%22text%22%3A%22%2Aa%2A%22%7D", "**a**"),
        (b'{"text": "JSON by curl -d"}', "JSON by curl -d"),
        (b"x=1 & y", "x=1 & y"),
        (b"&" * 300, "&" * 300),
    ],
)
def test_a_form_has_known_fields_and_else_is_a_text(body: bytes, got: str) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert read(Call(form, "", body), may_mention=False) == got


def test_json_of_no_known_form_has_its_title_and_message() -> None:
    apprise = {
        "version": "1.0",
        "title": "Backup",
        "message": "it has ended",
        "attachments": [],
        "type": "info",
    }
    assert said(apprise) == "**Backup**\nit has ended"
    with pytest.raises(Unreadable, match="several parts"):
        read(Call({"content-type": "multipart/form-data; boundary=x"}, "", b"--x\r\n"), may_mention=False)


def test_text_that_is_no_mrkdwn_stays_as_it_is() -> None:
    assert said({"text": "*a* <b|c>", "mrkdwn": False}) == "*a* <b|c>"


def test_pointers_find_the_message_of_a_fixed_body() -> None:
    payload = {"alert": {"name": "Disk", "lines": ["a", {"x/y~z": "full"}]}, "page": "https://a.example/1"}
    query = "title=/alert/name&text=/alert/lines/1/x~1y~0z&url=/page&username=/alert/name&other=1"
    assert said(payload, query=query) == "‹Disk› **[Disk](https://a.example/1)**\nfull"
    assert said([1, [2]], query="text=/1/0") == "2"
    for wrong in ("text=/alert/lines/9", "text=/alert/lines/x", "text=/nothing", "text="):
        with pytest.raises(Unreadable, match="no text"):
            said(payload, query=wrong)
    with pytest.raises(Unreadable, match="JSON pointer"):
        said(payload, query="text=alert")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "no_text"),
        (b" \n", "no_text"),
        (b"{", "invalid_payload"),
        (b"[1]", "invalid_payload"),
        (b"[" * 200_000, "invalid_payload"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "invalid_payload"),
        (b"null", "invalid_payload"),
        (b'{"text": "\\ud800"}', "invalid_payload"),
        (b'{"text": "\xff"}', "invalid_payload"),
        (b"{}", "no_text"),
        (b'{"text": []}', "no_text"),
        (b'{"text": "  "}', "no_text"),
        (b'{"username": "Ada"}', "no_text"),
        (b'{"blocks": 7, "attachments": {"a": 1}}', "no_text"),
        (
            b'{"blocks": [7, null, [[]], {"type": 3}, {"type": "section", "text": "x", "fields": 1}]}',
            "no_text",
        ),
        (b'{"embeds": [1, {"fields": [{"name": {}}]}], "content": {}}', "no_text"),
    ],
)
def test_what_has_no_message_is_refused_with_a_word(body: bytes, word: str) -> None:
    with pytest.raises(Unreadable) as refused:
        said(body)
    assert refused.value.word == word
    assert refused.value.reason


WRONG: list[Any] = [
    None,
    7,
    -1.5,
    True,
    "",
    "x",
    [],
    [[]],
    [None, {}],
    {},
    {"a": 1},
    {"type": []},
    "\ud7ff" * 3,
]


OWN_FORMS = [
    file for file in RECORDED if file.stem in ("jenkins-failure", "sentry-assigned", "sentry-plugin")
]


@pytest.mark.parametrize("file", BODIES + OWN_FORMS, ids=lambda file: file.stem)
def test_no_field_of_a_wrong_type_ends_a_call(file: Path) -> None:
    """Each field of each body, at any depth, replaced by values of other types."""
    call = call_of(file)
    if not call.body.startswith(b"{"):
        return
    payload = json.loads(call.body)
    for parent, key in places(payload):
        kept = parent[key]
        for wrong in WRONG:
            parent[key] = wrong
            try:
                text = read(call._replace(body=json.dumps(payload).encode()), may_mention=False)
            except Unreadable:
                continue
            assert clean_text(text) == text
        parent[key] = kept


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return each (container, key) of a decoded JSON value."""
    if isinstance(value, dict):
        own: list[tuple[Any, Any]] = [(value, key) for key in value]
    elif isinstance(value, list):
        own = [(value, nth) for nth in range(len(value))]
    else:
        return []
    return own + [place for container, key in own for place in places(container[key])]


def test_a_label_is_one_short_line_that_mentions_nobody() -> None:
    label = "  Ad\x00a\u202e ‹@all›\n\u200b" + "é" * 200
    text = said({"text": "hi", "username": label})
    shown = text.removeprefix("‹").removesuffix("› hi")
    assert shown.startswith("Ada all é")
    assert len(shown) <= LABEL_LENGTH
    assert shown.isprintable()
    assert said({"text": "hi", "username": ["Ada"]}) == "hi"
    assert said({"text": "hi", "username": "\u202e"}) == "hi"


def test_controls_go_and_a_long_text_is_cut() -> None:
    block = {"type": "rich_text", "elements": [{"elements": [{"type": "text", "text": "a\x00\x1bb"}]}]}
    assert said({"blocks": [block]}) == "ab"
    assert said({"text": "a\x00b\x1b[31mc\td\r\ne\u202ef"}) == "ab[31mc\td\nef"
    long = said({"text": "words " * 5000, "username": "Ada"})
    assert len(long) <= TEXT_LENGTH
    assert long.endswith("…")
    assert said({"text": "x", "attachments": [{"text": "y"}] * 300}).endswith("… 290 more")


@pytest.mark.parametrize(
    "text",
    [
        "*" * 400_000,
        "<" * 400_000,
        "*a" * 200_000,
        "<a|" * 150_000,
        "`" * 400_000,
        "~x~ " * 100_000,
        "<>" * 200_000,
    ],
    ids=range(7),
)
def test_no_text_takes_long_to_read(text: str) -> None:
    started = time.process_time()
    read(Call(JSON, "", json.dumps({"text": text}).encode()), may_mention=False)
    assert time.process_time() - started < 2.0


def test_an_event_is_known_by_its_delivery() -> None:
    call = call_of(next(file for file in BODIES if file.stem == "github-push"))
    assert delivery_key(call) == "x-github-delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958"
    assert delivery_key(call._replace(headers={})) is None
    keyed = call._replace(headers={**call.headers, "idempotency-key": "k"})
    assert delivery_key(keyed) == "idempotency-key: k"
    with pytest.raises(Unreadable, match="longer"):
        delivery_key(call._replace(headers={"idempotency-key": "k" * 201}))
