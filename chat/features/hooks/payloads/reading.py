"""Finds out which format a call has, and reads its message. All of it is sync and pure.

Headers say that an event comes from a forge. Otherwise the fields of the payload decide; a body that is no JSON is the
text itself.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl

import msgspec

from chat.features.hooks.payloads import alerts, discord, forges, gitlab, pointers, slack, tools
from chat.features.hooks.payloads.values import (
    Content,
    Payload,
    Reader,
    Unreadable,
    bold,
    line_of,
    lines,
    message_text,
    text_of,
)

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 100
"""Fields of a form that are read."""

_FORM_FIELDS = frozenset({"text", "message", "msg", "title", "content"})
"""A form has one of these, besides Slack's `payload`."""

_FORGE_EVENTS = ("x-forgejo-event", "x-gitea-event", "x-gogs-event", "x-github-event")
"""Headers that name an event; Gitea also sends that of GitHub."""

_DELIVERIES = (
    "idempotency-key",
    "x-github-delivery",
    "x-gitea-delivery",
    "x-gogs-delivery",
    "x-gitlab-event-uuid",
)
"""Headers that have one value for each event, however often it is sent."""

LONGEST_KEY = 200
"""Characters of such a value."""


class Call(NamedTuple):
    """A call of a hook. Names of headers are in lower case; `query` is as it was sent."""

    headers: Mapping[str, str]
    query: str
    body: bytes


def delivery_key(call: Call) -> str | None:
    """Return what identifies the event of a call for ever; None: its sender says nothing. Raises Unreadable."""
    for name in _DELIVERIES:
        if value := call.headers.get(name):
            if len(value) > LONGEST_KEY:
                raise Unreadable("invalid_payload", f"{name} is longer than {LONGEST_KEY} characters")
            return f"{name}: {value}"
    return None


def read(call: Call, *, may_mention: bool) -> str:
    """Return the text of the message that a call brings. Raises Unreadable."""
    text = message_text(_content(call, Reader(may_mention)))
    if not text or not text.strip("‹› ") or text.endswith("› "):
        raise Unreadable(
            "no_text", "the payload has no text in a known place: name it, as in ?text=/path/to/it"
        )
    return text


def _content(call: Call, reader: Reader) -> Content:
    wanted = _pointers(call.query)
    payload = _payload(call)
    if isinstance(payload, str) and not wanted:
        return Content(text_of(payload))
    if wanted:
        return pointers.read(wanted, payload)
    if not isinstance(payload, dict):
        raise Unreadable("invalid_payload", "the JSON is no object")
    for name in _FORGE_EVENTS:
        if event := call.headers.get(name):
            return forges.read(line_of(event, 60), payload, reader)
    for is_it, read_it in _FORMATS:
        if is_it(payload, call.headers) and (content := read_it(payload, reader)).text:
            return content
    said = (text_of(payload.get(key)) for key in ("message", "msg", "body", "description", "summary"))
    return Content(lines([bold(line_of(payload.get("title"))), next(filter(None, said), "")]))


def _pointers(query: str) -> dict[str, str]:
    if not query:
        return {}
    return {name: value for name, value in _fields(query) if name in pointers.FIELDS}


def _fields(text: str) -> Sequence[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace")
    except ValueError:
        raise Unreadable("invalid_payload", f"there are more than {_MOST_FIELDS} fields") from None


def _payload(call: Call) -> object:
    """Return the payload: decoded JSON, or a text. Raises Unreadable."""
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = call.body.strip()
    if not body:
        raise Unreadable("no_text", "the body is empty")
    if kind.startswith("multipart/"):
        raise Unreadable(
            "invalid_payload", "a body in several parts is not read: send JSON, a form or a text"
        )
    if kind == _FORM and body[:1] not in b"{[":
        return _form(body.decode("utf-8", "replace"))
    if kind.endswith(("/json", "+json")) or body[:1] == b"{":
        return _decoded(body)
    return body.decode("utf-8", "replace")


def _form(text: str) -> object:
    """Return the fields of a form, or the text: by `curl -d` a plain text has the type of a form too."""
    try:
        fields = dict(_fields(text))
    except Unreadable:
        return text
    if "payload" in fields:
        return _decoded(fields["payload"].encode())
    return text if _FORM_FIELDS.isdisjoint(fields) else fields


def _decoded(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise Unreadable("invalid_payload", "the JSON is nested too deeply") from None
    except (ValueError, UnicodeError) as error:
        raise Unreadable("invalid_payload", f"the body is no JSON: {line_of(str(error))}") from None


_Format = tuple[Callable[[Payload, Mapping[str, str]], bool], Callable[[Payload, Reader], Content]]

_FORMATS: tuple[_Format, ...] = (
    (lambda _payload, headers: "x-gitlab-event" in headers, gitlab.read),
    (lambda _payload, headers: "sentry-hook-resource" in headers, tools.sentry),
    (
        lambda payload, _headers: isinstance(payload.get("alerts"), list) and "receiver" in payload,
        alerts.read,
    ),
    (lambda payload, _headers: "heartbeat" in payload and "monitor" in payload, tools.kuma),
    (lambda payload, _headers: isinstance(payload.get("build"), dict) and "name" in payload, tools.jenkins),
    (lambda payload, _headers: "project_name" in payload and "culprit" in payload, tools.sentry),
    (lambda payload, _headers: "content" in payload or "embeds" in payload, discord.read),
    (lambda payload, _headers: any(key in payload for key in ("text", "blocks", "attachments")), slack.read),
)
"""The first that fits reads it. Those with fields of their own come first."""
