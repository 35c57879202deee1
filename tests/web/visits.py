"""Visitors of the support widget over HTTP, beside the pages of operators."""

from tests.support.people import post, request
from tests.web.pages import Pages


class Visit:
    """A visitor's conversation, and what they get of it."""

    def __init__(self, pages: Pages, name: str = "Mona", email: str | None = None) -> None:
        self._api = f"{pages.url}/api/v1"
        about = {"name": name, "page": "https://shop.example/cart", "email": email}
        visitor = post(f"{self._api}/support/visitors", about).json()
        self._headers = {"Authorization": f"Bearer {visitor['access']}"}
        self.room = int(request("PUT", f"{self._api}/support", headers=self._headers).json()["id"])
        self.said = 0

    def say(self, text: str) -> None:
        self.said += 1
        body = {"key": f"said-{self.said}", "text": text}
        path = f"{self._api}/rooms/{self.room}/messages"
        assert post(path, body, headers=self._headers).is_success

    def texts(self) -> list[str]:
        path = f"{self._api}/rooms/{self.room}/messages"
        return [each["text"] for each in request("GET", path, headers=self._headers).json()["messages"]]
