"""The body of a push: JSON that Declarative Web Push and the page's service worker read. Sync and pure."""

import msgspec

from chat.domain.own_pushes import OwnPush
from chat.features.push.encryption import MOST_PLAIN

_MOST_TEXT = 200
"""Characters of a message's text in a notification, as in those of an open page."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What a notification is about; `room_name` is None in direct rooms and support conversations.

    `more` counts the messages before it, of any room, that quiet hours have held back until now.
    """

    room_id: int
    seq: int
    sender: str
    room_name: str | None
    text: str
    badge: int
    more: int = 0


def body_of(notice: Notice, public_url: str, report: str, *, has_text: bool) -> bytes:
    """Return the JSON of a notification, which fits a push.

    Args:
        notice: what it is about.
        public_url: what links begin with; empty: the service worker resolves the path.
        report: the code with which the browser reports that it showed it, and that it was clicked.
        has_text: whether it has the message's text.
    """
    title = notice.sender if notice.room_name is None else f"{notice.sender} · {notice.room_name}"
    if notice.more:
        title = f"{title} (+{notice.more})"
    text = notice.text[:_MOST_TEXT] if has_text else ""
    # Browsers that show it without the service worker open this address at a click: the page there reports it.
    link = f"{public_url}/room/{notice.room_id}/{notice.seq}#push={report}"
    about = {"navigate": link, "tag": f"room-{notice.room_id}", "app_badge": str(notice.badge)}
    return _fitting(title, text, about, {"room": notice.room_id, "seq": notice.seq})


def trial_body(server_name: str, public_url: str) -> bytes:
    """Return the JSON of the notification that somebody asked for as a test."""
    return _encode(server_name, "", {"navigate": f"{public_url}/", "tag": "test"}, {})


def own_body(push: OwnPush, public_url: str, *, has_text: bool) -> bytes:
    """Return the JSON of a notification that its person has asked for, which fits a push; as of `body_of`."""
    about = {"navigate": f"{public_url}{push.path}", "tag": push.tag}
    return _fitting(push.title, push.text[:_MOST_TEXT] if has_text else "", about, {})


def _fitting(title: str, text: str, about: dict[str, str], place: dict[str, int]) -> bytes:
    while len(encoded := _encode(title, text, about, place)) > MOST_PLAIN:
        if text:
            text = text[: len(text) // 2]
        else:
            title = title[: len(title) // 2]
    return encoded


def _encode(title: str, text: str, about: dict[str, str], place: dict[str, int]) -> bytes:
    return msgspec.json.encode(
        {"web_push": 8030, "notification": {"title": title, "body": text, **about}, **place}
    )
