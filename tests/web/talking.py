"""People who send over HTTP, and a room on a screen."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.support import saved
from tests.support.people import request
from tests.support.server import ServerProcess
from tests.web.pages import Pages

_KEYS = count(1)


class Speaker:
    """Somebody over HTTP, beside their page."""

    def __init__(self, pages: Pages, name: str) -> None:
        session = pages.person(name)
        self.id: int = session["me"]["id"]
        self.name = name
        self._url = f"{pages.url}/api/v1"
        self.access: str = session["access"]

    def call(self, method: str, path: str, body: object = None) -> Any:
        answer = request(method, self._url + path, body, headers={"Authorization": f"Bearer {self.access}"})
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def make_room(self, name: str, *others: "Speaker", **fields: object) -> int:
        """Make a room with others in it, and return its id."""
        room: int = self.call("POST", "/rooms", {"name": name, **fields})["id"]
        for other in others:
            self.call("PUT", f"/rooms/{room}/members/{other.id}", {})
        return room

    def say(self, room: int, text: str) -> int:
        """Send a message, and return its seq."""
        body = {"key": f"{room}-{self.name}-{next(_KEYS)}", "text": text}
        seq: int = self.call("POST", f"/rooms/{room}/messages", body)["seq"]
        return seq


class Timeline:
    """A room on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.field = page.locator(".composer textarea")
        self.messages = page.locator("article.message")

    def write(self, text: str) -> None:
        """Put a text into the field at once, as pasting does: to press one key after another takes long."""
        self.field.click()
        self.page.keyboard.insert_text(text)

    def say(self, text: str) -> None:
        """Write and send; returns when no message is pending."""
        self.write(text)
        self.page.keyboard.press("Enter")
        expect(self.message(text)).to_be_visible()
        expect(self.page.locator(".message.is-waiting")).to_have_count(0)

    def message(self, text: str) -> Locator:
        return self.messages.filter(has=self.page.get_by_text(text, exact=True)).last

    def row(self, seq: int) -> Locator:
        return self.page.locator(f"li[data-seq='{seq}']")

    def act(self, text: str, what: str) -> None:
        """Choose from the menu of a message."""
        self.act_on(self.message(text), what)

    def act_on(self, message: Locator, what: str) -> None:
        """Choose from the menu of a message; an edit has begun then."""
        message.hover()
        message.get_by_role("button", name="More").click()
        self.page.get_by_role("menuitem", name=what, exact=True).click()
        if what == "Edit":
            expect(
                self.page.locator(".composer-bar")
            ).to_be_visible()  # and the cursor stands behind the text


_MAKE_ROOMS = """
WITH made AS (
    INSERT INTO rooms (kind, name, name_key)
    SELECT 'room', name, name FROM (SELECT $2 || ' ' || n AS name FROM generate_series(1, $1) AS n) AS named
    RETURNING id
)
INSERT INTO memberships (room_id, user_id) SELECT made.id, users.id FROM made, users WHERE users.name = $3"""


def make_rooms_beside(server: ServerProcess, count: int, name: str, *, member: str) -> list[int]:
    """Make rooms in the database, `name 1` and so on, add a member, and return their ids."""
    find = "SELECT id FROM rooms WHERE name LIKE $1 || ' %' ORDER BY id"
    with ThreadPoolExecutor(1) as thread:
        thread.submit(saved.execute_sql, server.address, _MAKE_ROOMS, count, name, member).result()
        rows = thread.submit(saved.fetch_sql, server.address, find, name).result()
    return [row["id"] for row in rows]


def write_beside(server: ServerProcess, count: int, **about: Any) -> None:
    """Write messages into the database; in a thread, because Playwright's loop runs in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(partial(saved.write_beside, server.address, count, **about)).result()


_FILL_ROOM = """
WITH made AS (
    INSERT INTO users (name, name_key, password_hash)
    SELECT $3 || n, $3 || n, 'x' FROM generate_series(1, $1) AS n RETURNING id
)
INSERT INTO memberships (room_id, user_id) SELECT $2::bigint, id FROM made"""


def fill_room_beside(server: ServerProcess, count: int, *, room: int, name: str) -> None:
    """Add people to a room in the database, `name1` and so on, who never log in."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(saved.execute_sql, server.address, _FILL_ROOM, count, room, name).result()


_CLOSE_CASES = """
INSERT INTO support_cases (room_id, last_seq, opened_at, answered_at, operator_id, closed_at)
SELECT $2, 1000 + n, at, at + make_interval(mins => 2 + n * 7 % 23), $3, at + make_interval(hours => 1 + n % 5)
FROM (
    SELECT n, now() - make_interval(days => n * n % 51 + 1, hours => n % 7) AS at
    FROM generate_series(1, $1::int) AS n
) AS opened"""


def close_cases_beside(server: ServerProcess, count: int, *, room: int, operator: int) -> None:
    """Write closed cases of the last seven weeks into the database, which the operator has answered."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(saved.execute_sql, server.address, _CLOSE_CASES, count, room, operator).result()


_ASK_BESIDE = """
WITH log AS (UPDATE lanes SET last_id = last_id + $1 RETURNING last_id - $1 AS base),
visitor AS (
    INSERT INTO users (name, name_key, display_name, password_hash, is_visitor)
    SELECT 'visitor-' || n, 'visitor-' || n, 'Visitor ' || n, '', true FROM generate_series(1, $1) AS n
    RETURNING id, substr(name, 9)::bigint AS n
), room AS (
    INSERT INTO rooms (kind, creator_id, last_seq, last_pos, last_sender_id, spoken_after_id)
    SELECT 'support', id, 1, 1, id, base + n - 1 FROM visitor, log RETURNING id, creator_id, last_sender_id AS of
)
INSERT INTO messages (id, room_id, seq, pos, sender_id, kind, text, created_at)
SELECT base + n, room.id, 1, 1, visitor.id, 'message', 'Where is my order ' || n || '?', now() + n * interval '1 ms'
FROM room JOIN visitor ON visitor.id = room.of, log"""


def ask_beside(server: ServerProcess, count: int) -> None:
    """Let new visitors ask something at the support desk, beside the server: `Visitor 1` has waited longest."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(saved.execute_sql, server.address, _ASK_BESIDE, count).result()
