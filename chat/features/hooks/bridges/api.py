"""The HTTP API of a matterbridge: its requests and its answers. All of it is sync and pure.

Sources: https://github.com/42wim/matterbridge/wiki/API and `bridge/api/api.go` there.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from chat.domain.accounts.bridges import Bridge
from chat.domain.accounts.program_names import MARKS
from chat.domain.entities import Message, MessageKind
from chat.domain.messages.files import text_of as text_with_files
from chat.features.hooks.payloads.values import (
    Content,
    Payload,
    address_of,
    dict_of,
    label_of,
    line_of,
    lines,
    list_of,
    message_text,
    text_of,
)

MOST_FILES = 10
"""Files of one message that are named."""

_ACTION = "/me "
_WANTED = ("", "user_action")
"""Events that are messages; others say that somebody types, joins or leaves."""


class Received(msgspec.Struct, frozen=True):
    """A message from a gateway, as it is posted."""

    gateway: str
    text: str


def api_url(url: str, name: str) -> str:
    """Return the URL of a call of the API at a URL."""
    return f"{url.rstrip('/')}/api/{name}"


def headers_of(bridge_token: str) -> Mapping[str, str]:
    """Return the headers of a call."""
    head = {"Content-Type": "application/json", "Accept": "application/json"}
    return {**head, "Authorization": f"Bearer {bridge_token}"} if bridge_token else head


def is_bridged(message: Message | None) -> bool:
    """Whether a message goes over a bridge: a text of a person. Those of hooks, bridges and bots do not."""
    return (
        message is not None and message.kind is MessageKind.TEXT and not message.sender_name.endswith(MARKS)
    )


def body_of(message: Message, bridge: Bridge) -> bytes:
    """Return the body of the call that posts a message."""
    text, event = text_with_files(message), ""
    if text.startswith(_ACTION):
        text, event = text.removeprefix(_ACTION), "user_action"
    fields = {"text": text, "username": message.sender_name, "userid": str(message.sender_id)}
    return msgspec.json.encode({**fields, "event": event, "gateway": bridge.gateway})


def messages_in(body: bytes) -> list[Received]:
    """Return the messages of an answer; of one that was cut off those that are whole. Raises ValueError: it is none."""
    found = []
    for item in _items(body.decode("utf-8", "replace").lstrip()):
        message = dict_of(item)
        if text_of(message.get("event")) not in _WANTED:
            continue
        text = text_of(message.get("text"))
        if text and message.get("event"):
            text = f"_{text}_"
        if content := lines([text, *_files(message)]):
            label = label_of(message.get("username"))
            gateway = text_of(message.get("gateway"))
            found.append(Received(gateway, message_text(Content(content, label))))
    return found


def _items(text: str) -> Iterator[Any]:
    """Yield the items of a JSON array that may be cut off; `null` has none."""
    if not text.startswith("["):
        if text.rstrip() not in ("", "null"):
            raise ValueError("the answer is no list of messages")
        return
    decoder, place = json.JSONDecoder(), 1
    while True:
        while text[place : place + 1] in (",", " ", "\n", "\r", "\t"):
            place += 1
        if place >= len(text) or text[place] == "]":
            return
        try:
            item, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            return
        yield item


def _files(message: Payload) -> Iterator[str]:
    extra = dict_of(message.get("Extra"))
    for each in list_of(extra.get("file"))[:MOST_FILES]:
        file = dict_of(each)
        name = line_of(file.get("Name")) or "file"
        yield lines([text_of(file.get("Comment")), address_of(file.get("URL")) or f"{name} (file)"])
