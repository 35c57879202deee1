"""Rooms made over HTTP, and people who act in them."""

from collections.abc import Mapping
from typing import Any

from tests.support.people import request
from tests.web.pages import Pages

_ACCESS: dict[tuple[str, str], str] = {}
"""Tokens of people at servers, because logging in takes longer than any call."""


def forget_tokens() -> None:
    """Forget all tokens, because another server takes the address."""
    _ACCESS.clear()


class Room:
    """A room made over HTTP, and people who act in it."""

    def __init__(self, pages: Pages, owner: str, name: str, topic: str = "") -> None:
        self._pages = pages
        self._said = 0
        self._owner = owner
        self.id: int = self._call(owner, "POST", "/rooms", {"name": name, "topic": topic})["id"]

    def join(self, name: str) -> None:
        self._call(name, "PUT", f"/rooms/{self.id}/members/{self._id(name)}", {})

    def say(self, name: str, text: str, reply: int | None = None) -> int:
        """Send a message, or a reply, and return its seq."""
        self._said += 1
        body: dict[str, Any] = {"key": f"room-{self.id}-{self._said}", "text": text}
        if reply is not None:
            body["reply"] = reply
        return int(self._call(name, "POST", f"/rooms/{self.id}/messages", body)["seq"])

    def show(self, name: str, text: str, files: Mapping[str, bytes]) -> int:
        """Send a message with files, by their names, and return its seq."""
        self._said += 1
        ids = [
            self._call(name, "POST", f"/rooms/{self.id}/files?name={each}", data)["id"]
            for each, data in files.items()
        ]
        body = {"key": f"room-{self.id}-{self._said}", "text": text, "files": ids}
        return int(self._call(name, "POST", f"/rooms/{self.id}/messages", body)["seq"])

    def pin(self, name: str, seq: int) -> None:
        self._call(name, "PUT", f"/rooms/{self.id}/pins/{seq}")

    def invite(self) -> str:
        """Return the path of an invitation."""
        return str(self._call(self._owner, "POST", "/invites", {"room": self.id})["url"])

    def role_of(self, name: str) -> str:
        members = self._call(self._owner, "GET", f"/rooms/{self.id}/members")["members"]
        found: dict[str, Any] = next(each for each in members if each["person"]["name"] == name)
        return str(found.get("role", "member"))

    def _id(self, name: str) -> int:
        return int(self._pages.person(name)["me"]["id"])

    def _call(self, name: str, method: str, path: str, body: object = None) -> dict[str, Any]:
        return call(self._pages, name, method, path, body)


def call(pages: Pages, name: str, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Make a call of the protocol as somebody, who is registered if new."""
    access = _ACCESS.get((pages.url, name)) or pages.person(name)["access"]
    _ACCESS[pages.url, name] = access
    url = f"{pages.url}/api/v1{path}"
    answer = request(method, url, body, headers={"Authorization": f"Bearer {access}"})
    assert answer.is_success, answer.text
    answered: dict[str, Any] = answer.json() if answer.content else {}
    return answered
