"""The screens of the page: how each is reached, and what it contains.

The tests take them, and the pictures of docs/web.md."""

import math
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

from playwright.sync_api import Page, expect

from chat.backup.state import note_made, note_proven
from tests.support.people import PASSWORD, post, request
from tests.support.pictures import chunk
from tests.support.server import ServerProcess
from tests.web.open_pages import go
from tests.web.pages import Pages
from tests.web.rooms import Room, call
from tests.web.setting_up import printed_code
from tests.web.talking import close_cases_beside, write_beside

ADMIN = "grace"

OLD_LENGTH = 1_000
"""Messages of a room that is longer than a window of the timeline."""


class World(NamedTuple):
    """A server with people who have talked."""

    garden: int
    ben: int
    invitation: str
    reset: str
    conversation: int
    visit: int
    long: int
    old: int
    kitchen: int
    thread: int
    trip: int
    group: int


def _nothing(_page: Page) -> None:
    pass


class Screen(NamedTuple):
    """A screen: `path` may have fields of World; `shows` is a text that is there once it is complete."""

    name: str
    path: str
    shows: str
    is_in: bool = True
    do: Callable[[Page], None] = _nothing


def press(*names: tuple[Literal["button", "menuitem"], str]) -> Callable[[Page], None]:
    """Press one after the other."""

    def do(page: Page) -> None:
        for role, name in names:
            page.get_by_role(role, name=name, exact=True).click()

    return do


def _jump(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("o")


def _open_to_all(page: Page) -> None:
    page.get_by_role("radio", name="Anyone").check()
    page.get_by_role("button", name="Next").click()


def _status(page: Page) -> None:
    page.get_by_role("button", name="Settings and log out").click()
    page.get_by_role("menuitem", name="Set a status").click()


def _forward(page: Page) -> None:
    message = page.locator("article.message", has_text=PLATES).last
    message.focus()
    message.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Forward", exact=True).click()


def _wait_for_pictures(page: Page) -> None:
    for picture in (
        page.get_by_label("lake.png").locator("img"),
        page.get_by_role("img", name=":sunny_boat:"),
    ):
        expect(picture).to_have_js_property("complete", value=True)


def _first_room(page: Page) -> None:
    page.get_by_label("Room name").fill("office")
    page.get_by_role("button", name="Create room").click()


def _first_admin(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill(ADMIN)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Next").click()


SET_UP = (
    Screen("set-up", "/setup#{code}", "Your chat is running", is_in=False),
    Screen("set-up-people", "", "Server name and access", is_in=False, do=_first_admin),
    Screen("set-up-room", "", "Your first room", is_in=False, do=_open_to_all),
    Screen("set-up-invitation", "", "Invite others", is_in=False, do=_first_room),
)
"""The four steps of a set-up, in order."""

PLATES = "The plates are in the left cupboard now."
REMIND = f"Remind me: {PLATES}"

SCREENS = (
    Screen("sign-in", "/", "Welcome to", is_in=False),
    Screen("invitation", "{invitation}", "garden", is_in=False),
    Screen("reset", "{reset}", "Account:", is_in=False),
    Screen("room", "/room/{garden}", "garden"),
    Screen("room-panel", "/room/{garden}?show=room", "Owner"),
    Screen("files", "/room/{trip}?show=files", "tickets.pdf"),
    Screen("person", "/room/{garden}?show=person-{ben}", "Profile"),
    Screen("thread", "/room/{kitchen}?show=thread-{thread}", "Following"),
    Screen("poll", "/room/{trip}", "Where do we stay?", do=_wait_for_pictures),
    Screen("make-poll", "/room/{trip}", "Options", do=press(("button", "Create a poll"))),
    Screen("forward", "/room/{kitchen}", "Forward message", do=_forward),
    Screen("status", "/room/{garden}", "Clear after", do=_status),
    Screen("switcher", "/room/{garden}", "Search messages for", do=_jump),
    Screen(
        "new-room",
        "/",
        "Who can join?",
        do=press(("button", "New"), ("menuitem", "Create a room")),
    ),
    Screen("group", "/room/{group}", "Who brings the boat?"),
    Screen("browse", "/", "sailing", do=press(("button", "New"), ("menuitem", "Browse rooms"))),
    Screen(
        "invite",
        "/room/{garden}?show=room",
        "Copy the link",
        do=press(("button", "Invite by link"), ("button", "Create link")),
    ),
    Screen("search", "/search?q=greenhouse", "after lunch"),
    Screen("mentions", "/search", "can you look at the pump"),
    Screen("saved", "/saved", "The plates are in"),
    Screen("scheduled", "/saved?tab=scheduled", "Who brings the cake?"),
    Screen("reminder", "/saved", "In 20 minutes", do=press(("button", REMIND))),
    Screen("reports", "/reports", "It is in every room"),
    Screen("search-none", "/search?q=zeppelin", "No messages found"),
    Screen("inbox", "/inbox/{conversation}", "She had a new one in March"),
    Screen("inbox-person", "/inbox/{visit}", "First visit", do=press(("button", "Mona"))),
    Screen("profile", "/settings/profile", "Display name"),
    Screen("security", "/settings/security", "This device"),
    Screen("notifications", "/settings/notifications", "Choose in each room"),
    Screen("appearance", "/settings/appearance", "Same as system"),
    Screen("emoji", "/settings/emoji", ":sunny_boat:"),
    Screen("canned-answers", "/settings/canned_answers", "/opening"),
    Screen("desk-report", "/settings/support_report", "By week"),
    Screen("blocks", "/settings/blocks", "You haven't blocked anyone"),
    Screen("invitations", "/settings/invitations", "garden"),
    Screen("bots", "/settings/bots", "at the harbour", do=press(("button", "Manage Weather"))),
    Screen("tokens", "/settings/tokens", "What is this token for?"),
    Screen("keys", "/settings/keys", "Move through the list"),
    Screen("about", "/settings/about", "Who can read messages"),
    Screen("admin-people", "/admin/people", "olga"),
    Screen("admin-add-person", "/admin/people", "First password", do=press(("button", "Add person"))),
    Screen("admin-account", "/admin/people?person={ben}", "Create reset link"),
    Screen("admin-rooms", "/admin/rooms", "sailing"),
    Screen("admin-registration", "/admin/registration", "Invited people"),
    Screen("admin-limits", "/admin/limits", "Messages per second"),
    Screen("admin-bans", "/admin/bans", "203.0.113.0/24"),
    Screen("admin-words", "/admin/words", "cheap watches"),
    Screen("admin-retention", "/admin/retention", "Messages"),
    Screen("admin-widget", "/admin/widget", "Code for your website"),
    Screen("admin-visitors", "/admin/visitors", "Mona"),
    Screen("admin-hooks", "/admin/hooks", "Grafana"),
    Screen("admin-bots", "/admin/bots", "Weather"),
    Screen("admin-teams", "/admin/teams", "Orders"),
    Screen("admin-server", "/admin/server", "Server name"),
    Screen("admin-backups", "/admin/backups", "7 hours ago"),
    Screen("admin-archives", "/admin/archives", "What to export"),
    Screen("admin-audit", "/admin/audit", "What admins did"),
)


LONG = Screen("long words", "/room/{long}?show=room", "About this room")
"""A room whose name, topic and members have long unbreakable words."""


OLD = tuple(
    screen._replace(path=screen.path.replace("{garden}", "{old}"))
    for screen in SCREENS
    if "{garden}" in screen.path
)
"""The screens of a room with a long history."""


def is_set_up(chat: ServerProcess) -> bool:
    return not request("GET", f"{chat.url}/api/v1/setup").json()["needed"]


def set_up_screens(pages: Pages, chat: ServerProcess, **options: Any) -> Iterator[tuple[Screen, Page]]:
    """Go through the steps of the set-up in one page."""
    page = pages.open(SET_UP[0].path.format(code=printed_code(chat)), **options)
    for screen in SET_UP:
        screen.do(page)
        expect(page.get_by_text(screen.shows).first).to_be_visible()
        yield screen, page


def make_world(pages: Pages, chat: ServerProcess) -> World:
    """Make an admin who is an operator, people, rooms with messages, and somebody who waits for an answer."""
    if not is_set_up(chat):
        body = {"code": printed_code(chat), "name": ADMIN, "password": PASSWORD}
        made = post(f"{chat.url}/api/v1/setup", body)
        assert made.status_code == 201, made.text
    call(pages, ADMIN, "PATCH", "/admin/settings", {"registration": None, "server_name": None})
    me = call(pages, ADMIN, "GET", "/me")["id"]
    call(pages, ADMIN, "PATCH", f"/admin/people/{me}", {"operator": True})
    kitchen, thread = _kitchen(pages)
    trip = _trip(pages)
    group = _group(pages)
    garden = Room(pages, ADMIN, "garden", topic="What grows, and who waters it this week")
    for name in ("ben", "olga", "Мария Петрова", "charles-babbage"):
        garden.join(name)
    garden.say("ben", "Good morning! The tomatoes are up.")
    garden.say("ben", "I watered the beds by the wall.")
    garden.say(ADMIN, "Thanks @ben. I do the greenhouse after lunch.")
    bringing = garden.say(
        "olga",
        "I can bring these on Thursday:\n\n- string\n- two bags of *compost*\n- labels",
    )
    garden.pin(ADMIN, bringing)
    garden.say("Мария Петрова", "Я куплю по дороге. Вот [план](https://example.org/plan) и `water.py`")
    garden.say("ben", f"@{ADMIN} can you look at the pump? It makes a sound.")
    sailing = Room(pages, "olga", "sailing", topic="Boats and weather")
    direct = call(pages, "ben", "PUT", f"/direct/{me}")["id"]
    call(
        pages,
        "ben",
        "POST",
        f"/rooms/{direct}/messages",
        {"key": "direct-1", "text": "Are you coming to lunch?"},
    )
    conversation = call(pages, "olga", "PUT", "/support")["id"]
    asked = {"key": "support-1", "text": "The pump is broken. Who can help?"}
    call(pages, "olga", "POST", f"/rooms/{conversation}/messages", asked)
    note = {"text": "She had a new one in March, so the warranty covers it: https://shop.example/orders/311"}
    call(pages, ADMIN, "POST", f"/support/{conversation}/notes", note)
    label = call(pages, ADMIN, "POST", "/support/labels", {"name": "Warranty", "colour": "green"})["id"]
    call(pages, ADMIN, "PUT", f"/support/{conversation}/labels/{label}")
    visit = _visit(pages, chat)
    _desk(pages, chat, visit)
    call(pages, ADMIN, "POST", "/admin/bans", {"network": "203.0.113.0/24", "reason": "Registers by script"})
    _hooks(pages, chat, sailing.id)
    call(pages, ADMIN, "PATCH", "/admin/review-words", {"add": ["cheap watches", "free coins"]})
    ben = int(pages.person("ben")["me"]["id"])
    long = Room(pages, "ben", "a-name-that-is-as-long-as-a-name-of-a-room-can-be-and-one-word", "x" * 500)
    for name in (ADMIN, "n" * 40):
        long.join(name)
    long.pin("ben", long.say(ADMIN, "y" * 500))
    old = Room(pages, ADMIN, "old garden")
    old.join("ben")
    _bot(pages, old.id)
    write_beside(chat, OLD_LENGTH, room=old.id, sender="ben")
    old.say(ADMIN, "Good night")
    for hidden in (long, old):
        call(pages, ADMIN, "PATCH", f"/rooms/{hidden.id}/mine", {"hidden": True})
    made_at = time.time() - 7 * 3600
    note_made(chat.data, chat.data / "backup", made_at, 4.0, 12_345_678)
    note_proven(chat.data, chat.data / "backup", made_at)
    reset = call(pages, ADMIN, "POST", f"/admin/people/{ben}/reset")["url"]
    return World(
        garden.id,
        ben,
        garden.invite(),
        reset,
        conversation,
        visit,
        long.id,
        old.id,
        kitchen,
        thread,
        trip,
        group,
    )


def _kitchen(pages: Pages) -> tuple[int, int]:
    """Make a room with a thread, and save some of its messages; return both."""
    kitchen = Room(pages, ADMIN, "kitchen", topic="Lunch at half past twelve")
    for name in ("ben", "olga"):
        kitchen.join(name)
    asked = kitchen.say(ADMIN, "Who cooks on **Friday**? We are eight, and two do not eat meat.")
    offered = kitchen.say("ben", "I can make the soup", asked)
    plates = kitchen.say("olga", PLATES)
    kitchen.say("olga", "Then I bring the bread. How many loaves?", offered)
    kitchen.say(ADMIN, "Three are enough, thank you!", asked)
    for seq in (asked, offered, plates):
        call(pages, ADMIN, "PUT", f"/me/saved/{kitchen.id}/{seq}")
    for n, text in enumerate(
        ("The soup is on. Come down!", "Who brings the cake? I can fetch it on the way.")
    ):
        at = (int(time.time()) // 3600 + 20 + 4 * n) * 3_600_000
        body = {"key": f"scheduled-{n}", "text": text, "at": at}
        call(pages, ADMIN, "POST", f"/rooms/{kitchen.id}/scheduled", body)
    report = {"reason": "spam", "comment": "It is in every room, and it is about knives."}
    call(pages, "ben", "POST", f"/rooms/{kitchen.id}/messages/{plates}/report", report)
    in_a_day = (int(time.time()) // 3600 + 24) * 3_600_000
    call(pages, ADMIN, "PUT", f"/me/saved/{kitchen.id}/{offered}/reminder", {"at": in_a_day})
    return kitchen.id, asked


POLL = """\N{BAR CHART} Where do we stay?
1\ufe0f\u20e3 At the lake
2\ufe0f\u20e3 In the old mill
3\ufe0f\u20e3 In tents"""
CODE = """The tide, roughly:
```python
def tide(h: float) -> float:
    return 2.4 + cos(h / 2)
```"""


def _trip(pages: Pages) -> int:
    """Make a room with pictures, files, code, a poll and an emoji of the server; return it."""
    trip = Room(pages, ADMIN, "boat trip", topic="The last weekend of August")
    for name in ("ben", "olga"):
        trip.join(name)
    call(pages, "ben", "PUT", "/me/status", {"emoji": "\N{PALM TREE}", "text": "On holiday until Monday"})
    call(pages, ADMIN, "PUT", "/emoji/sunny_boat", drawn(64, 64, _sun))
    trip.say("olga", CODE)
    trip.show("ben", "The place from last year:", {"lake.png": drawn(480, 270, _lake)})
    trip.show("olga", "", {"tickets.pdf": b"%PDF-1.7\n" + bytes(240_000), "what-to-bring.txt": bytes(2_048)})
    asked = trip.say(ADMIN, POLL)
    for name, option in ((ADMIN, 1), ("ben", 1), ("olga", 2)):
        call(pages, name, "PUT", f"/rooms/{trip.id}/messages/{asked}/reactions/{option}\ufe0f\u20e3")
    call(pages, "olga", "PUT", f"/rooms/{trip.id}/messages/{asked}/custom_reactions/sunny_boat")
    folder = call(pages, ADMIN, "POST", "/me/folders", {"name": "Weekends"})["folders"][0]["id"]
    call(pages, ADMIN, "PUT", f"/rooms/{trip.id}/folder", {"folder": folder})
    return trip.id


def _group(pages: Pages) -> int:
    """Have several people talk; return their room."""
    people = [int(pages.person(name)["me"]["id"]) for name in ("ben", "olga")]
    group = int(call(pages, ADMIN, "PUT", "/direct", {"people": people})["id"])
    for n, (name, text) in enumerate(
        (("ben", "Who brings the boat?"), ("olga", "I do, if it fits on the car."))
    ):
        call(pages, name, "POST", f"/rooms/{group}/messages", {"key": f"group-{n}", "text": text})
    return group


def drawn(width: int, height: int, colour: Callable[[int, int], tuple[int, int, int]]) -> bytes:
    """Return a PNG whose pixels have these colours."""
    rows = b"".join(b"\0" + bytes(part for x in range(width) for part in colour(x, y)) for y in range(height))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND")


def _lake(x: int, y: int) -> tuple[int, int, int]:
    """Hills behind a lake."""
    if y < 120 + 26 * math.sin(x / 70) + 14 * math.sin(x / 23):
        return 150 + y // 2, 190 + y // 4, 235
    if y < 190:
        return 60 + y // 4, 110 + y // 4, 70
    return 70, 225 - y // 2, 285 - y // 2


def _sun(x: int, y: int) -> tuple[int, int, int]:
    """The sun above water."""
    if y > 44:
        return 60, 140, 205
    return (250, 185, 40) if math.hypot(x - 32, y - 40) < 24 else (205, 230, 250)


def _desk(pages: Pages, chat: ServerProcess, visit: int) -> None:
    """Have answered some weeks of cases, and keep answers."""
    team = {"name": "Orders", "members": [int(pages.person(ADMIN)["me"]["id"])]}
    call(pages, ADMIN, "POST", "/admin/teams", team)
    close_cases_beside(chat, 60, room=visit, operator=int(pages.person(ADMIN)["me"]["id"]))
    for shortcut, text in (
        ("opening", "Hello {visitor}, we are here from Monday to Friday, 9:00 to 17:00."),
        ("returns", "You can send it back within 30 days: https://shop.example/returns"),
    ):
        call(pages, ADMIN, "POST", "/support/answers", {"shortcut": shortcut, "text": text, "shared": True})


def _visit(pages: Pages, chat: ServerProcess) -> int:
    """A visitor writes from the support widget and an operator answers; return the room."""
    call(pages, ADMIN, "PATCH", "/admin/settings", {"widget_origins": ["https://shop.example"]})
    about = {"name": "Mona", "email": "mona@mail.example", "page": "https://shop.example/cart"}
    visitor = post(f"{chat.url}/api/v1/support/visitors", about).json()
    headers = {"Authorization": f"Bearer {visitor['access']}"}
    room = int(request("PUT", f"{chat.url}/api/v1/support", headers=headers).json()["id"])
    asked = {"key": "visit-1", "text": "Is the blue one in stock?"}
    assert post(f"{chat.url}/api/v1/rooms/{room}/messages", asked, headers=headers).is_success
    call(pages, ADMIN, "POST", f"/rooms/{room}/messages", {"key": "visit-2", "text": "It is, in two sizes."})
    call(pages, ADMIN, "PATCH", "/admin/settings", {"widget_origins": None})
    return room


def _hooks(pages: Pages, chat: ServerProcess, room: int) -> None:
    """Two hooks in a room; one was used, and once in a wrong way."""
    path = call(pages, ADMIN, "POST", f"/rooms/{room}/hooks", {"name": "Grafana"})["path"]
    call(pages, ADMIN, "POST", f"/rooms/{room}/hooks", {"name": "Backup"})
    assert post(f"{chat.url}{path}", {"text": "Gusts of 14 m/s"}).text == "ok"
    assert post(f"{chat.url}{path}", {}).text == "no_text"
    sent = {"url": "https://tools.example/in", "room": 1}
    made = call(pages, ADMIN, "POST", "/outgoing-hooks", sent)["hook"]
    call(pages, ADMIN, "PATCH", f"/outgoing-hooks/{made['id']}", {"on": False})
    poster = call(pages, ADMIN, "POST", "/rooms/1/hooks", {"name": "Networks"})["hook"]["id"]
    bridge = {
        "url": "https://bridge.example:4242",
        "room": 1,
        "bot": poster,
        "gateway": "garden",
        "token": "t",
    }
    call(pages, ADMIN, "POST", "/outgoing-hooks", bridge)


def _bot(pages: Pages, room: int) -> None:
    """A bot in a room, with a token and a command."""
    made = call(pages, ADMIN, "POST", "/bots", {"name": "Weather", "scopes": ["read", "speak"]})["id"]
    call(pages, ADMIN, "PUT", f"/bots/{made}/rooms/{room}")
    call(pages, ADMIN, "POST", f"/bots/{made}/tokens", {"name": "at the harbour", "password": PASSWORD})
    called = {"url": "https://weather.example/", "bot": made, "command": "weather"}
    call(pages, ADMIN, "POST", "/outgoing-hooks", called)


class Screens:
    """Opens screens one after the other: in a page where somebody is logged in, and in one where nobody is."""

    def __init__(self, pages: Pages, world: World, **options: Any) -> None:
        self._pages = pages
        self._world = world
        self._options = options
        self._inside: Page | None = None
        self._outside: Page | None = None
        self._is_at_rest = False

    def open(self, screen: Screen) -> Page:
        """Show a screen, and wait until it is complete."""
        is_known = screen.is_in and self._inside is not None and self._is_at_rest
        page = self._page(is_in=screen.is_in)
        page.set_viewport_size(self._options["viewport"])
        path = screen.path.format_map(self._world._asdict())
        if is_known:
            go(page, path)
        else:  # to load the page takes longer than all that is looked at in it
            page.goto(self._pages.url + path)
        self._is_at_rest = screen.do is _nothing
        if screen.is_in:
            expect(page.locator(".sidebar")).to_have_count(1)
        busy = page.locator("[aria-busy=true]").locator("visible=true")
        if screen.do is not _nothing:
            expect(busy).to_have_count(0)  # a layout shift may swallow a click
            screen.do(page)
        expect(page.get_by_text(screen.shows).locator("visible=true").first).to_be_visible()
        expect(busy).to_have_count(0)
        return page

    def _page(self, *, is_in: bool) -> Page:
        if is_in:
            self._inside = self._inside or self._pages.of(ADMIN, **self._options)
            return self._inside
        self._outside = self._outside or self._pages.open(**self._options)
        return self._outside
