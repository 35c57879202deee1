"""Places that an address, a key or a switch of rooms opens, in unusual states."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.campaign import in_campaign
from tests.support.people import eventually
from tests.support.server import ServerProcess
from tests.system.relay import Relay
from tests.web.connection import stored
from tests.web.open_pages import go
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline, write_beside

_IS_WIDER = "(element) => element.scrollWidth > element.clientWidth"

_ENTER_OF_WORDS = """(field) => field.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true }))"""
"""The key that accepts the suggestion of an input method."""


@pytest.fixture
def ada(pages: Pages) -> Speaker:
    return Speaker(pages, "ada")


@in_campaign
def test_a_message_that_is_not_there_leads_to_the_end_which_is_followed(
    pages: Pages, ada: Speaker, chat: ServerProcess
) -> None:
    ben = Speaker(pages, "ben")
    room = ada.make_room("no such message", ben)
    say_lines(chat, ada, room, 60)
    page = pages.at("ada", f"/room/{room}")
    timeline = Timeline(page)
    expect(timeline.message("line 59")).to_be_in_viewport()
    go(page, f"/room/{room}/99999")
    expect(page).to_have_url(re.compile("99999"))
    for n in range(60, 70):
        ben.say(room, f"line {n}")
    expect(timeline.message("line 69")).to_be_in_viewport()


@in_campaign
def test_a_draft_waits_for_the_end_of_an_edit_also_in_another_room(pages: Pages, ada: Speaker) -> None:
    room = ada.make_room("drafts")
    timeline = Timeline(pages.at("ada", f"/room/{room}"))
    timeline.say("alreday said")
    timeline.write("half a thought")
    timeline.act("alreday said", "Edit")
    expect(timeline.field).to_have_value("alreday said")
    timeline.field.fill("already")
    timeline.page.get_by_role("link", name="lobby").click()
    expect(timeline.page.get_by_role("heading", name="lobby", level=1)).to_be_visible()
    timeline.page.get_by_role("link", name="drafts").click()
    expect(timeline.field).to_have_value("already")
    timeline.field.press("Escape")
    expect(timeline.field).to_have_value("half a thought")


def test_the_enter_that_ends_a_word_of_an_input_method_chooses_nothing(pages: Pages, ada: Speaker) -> None:
    ada.make_room("orchid")
    page = pages.at("ada", "/room/1")
    expect(page.get_by_role("heading", name="lobby", level=1)).to_be_visible()
    page.keyboard.press("Control+k")
    switcher = page.get_by_role("combobox")
    switcher.fill("orchid")
    switcher.evaluate(_ENTER_OF_WORDS)
    expect(switcher).to_be_visible()
    switcher.press("Enter")
    expect(page.get_by_role("heading", name="orchid", level=1)).to_be_visible()
    page.get_by_role("button", name="Emoji").click()
    emoji = page.get_by_role("searchbox", name="Search emoji")
    emoji.fill("rocket")
    expect(page.get_by_role("button", name="rocket")).to_be_visible()
    emoji.evaluate(_ENTER_OF_WORDS)
    expect(emoji).to_be_visible()
    emoji.press("Enter")
    expect(page.locator(".composer textarea")).to_have_value("🚀")


def test_the_switcher_explains_an_empty_result(pages: Pages) -> None:
    pages.person("zoe")
    page: Page = pages.at("ada", "/room/1")
    expect(page.get_by_role("heading", name="lobby", level=1)).to_be_visible()
    page.route("**/api/v1/direct/*", lambda route: route.abort())
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("zoe")
    page.get_by_role("option", name="zoe").filter(has_text="Person").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()


def test_who_goes_elsewhere_as_the_page_opens_stays_there(pages: Pages, ada: Speaker) -> None:
    """The page opens with the lobby; here a link is clicked as soon as it is drawn."""
    room = ada.make_room("orchard")
    page = pages.empty()
    pages.log_in(page.context, "ada")
    page.add_init_script(f"""new MutationObserver((_, observer) => {{
        const link = document.querySelector('.sidebar a[href="/room/{room}"]');
        if (link) {{
            observer.disconnect();
            link.click();
        }}
    }}).observe(document, {{ childList: true, subtree: true }})""")
    page.goto(pages.url)
    expect(page.get_by_role("heading", name="orchard", level=1)).to_be_visible()
    page.evaluate("""async () => {
        const app = document.querySelector("script[type=module]").src;
        const { html, render, useEffect } = (await import(new URL("sign_in.js", app))).vendor$preact;
        await new Promise((resolve) => {
            const Last = () => { useEffect(resolve, []); };  // after all effects that wait
            render(html`<${Last} />`, document.createElement("div"));
        });
    }""")
    expect(page.get_by_role("heading", name="orchard", level=1)).to_be_visible()


def test_a_place_that_leads_elsewhere_as_it_is_first_shown_is_followed(pages: Pages) -> None:
    shown = pages.at("ada", "/room/1").evaluate("""async () => {
        const app = document.querySelector("script[type=module]").src;
        const { vendor$preact, view$shared$router } = await import(new URL("sign_in.js", app));
        const { html, render, useEffect } = vendor$preact;
        const { navigate, useRoute } = view$shared$router;
        const Place = () => { useEffect(() => navigate("/search", { replace: true }), []); };
        const Screen = () => html`<p>${useRoute().screen}</p><${Place} />`;
        const root = document.createElement("div");
        render(html`<${Screen} />`, root);
        for (let frames = 0; root.textContent !== "search" && frames < 300; frames++) {
            await new Promise(requestAnimationFrame);
        }
        const shown = root.textContent;
        render(null, root);
        return shown;
    }""")
    assert shown == "search"


@in_campaign
def test_all_rooms_are_marked_as_read_at_once(pages: Pages, ada: Speaker) -> None:
    ben = Speaker(pages, "ben")
    rooms = [ada.make_room(name, ben) for name in ("north", "south", "east")]
    for room in rooms:
        ben.say(room, "news")
    first, second = pages.at("ada", f"/room/{ada.make_room('west')}"), pages.of("ada", "/settings")
    for page in (first, second):
        for room in rooms:
            expect(page.locator(f"a.room[href='/room/{room}']")).to_have_class("room is-unread")
    first.keyboard.press("Control+k")
    first.get_by_role("combobox").fill("as read")
    first.get_by_role("option", name="Mark all rooms as read").click()
    expect(first.get_by_role("combobox")).to_have_count(0)
    for page in (first, second):
        expect(page.locator("a.room.is-unread")).to_have_count(0)
    first.keyboard.press("Control+k")
    expect(first.get_by_role("option", name="Shortcuts and formatting")).to_be_visible()
    expect(first.get_by_role("option", name="Mark all rooms as read")).to_have_count(0)


def test_an_unknown_invitation_is_shown_as_expired(pages: Pages) -> None:
    page = pages.open("/")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    go(page, "/i/%zz")
    expect(page.get_by_text("This invitation")).to_be_visible()


def test_a_chosen_suggestion_belongs_to_the_current_word(pages: Pages, ada: Speaker) -> None:
    others = [Speaker(pages, name) for name in ("benno", "bobby")]
    room = ada.make_room("names", *others)
    for other in others:
        other.say(room, "here")
    timeline = Timeline(pages.at("ada", f"/room/{room}"))
    timeline.write("@b")
    options = timeline.page.get_by_role("option")
    expect(options).to_have_count(2)
    expect(options.first).to_contain_text("bobby")
    timeline.field.evaluate(
        """(field) => {
            field.setRangeText("e", 2, 2, "end");
            field.dispatchEvent(new InputEvent("input", { bubbles: true }));
            field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
        }"""
    )
    expect(timeline.field).to_have_value("@benno ")


@in_campaign
def test_on_a_phone_no_long_word_makes_a_place_or_a_dialog_wider(pages: Pages, ada: Speaker) -> None:
    room = ada.make_room("W" * 64)
    page = pages.at("ada", "/search?q=" + "z" * 200, viewport={"width": 320, "height": 568})
    expect(page.get_by_role("status").filter(has_text="zzz")).to_be_visible()
    assert page.locator("main").evaluate(_IS_WIDER) is False
    go(page, f"/room/{room}?show=room")
    for name in ("Delete room", "Leave room", "Invite by link"):
        page.get_by_role("button", name=name).click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        assert dialog.evaluate(_IS_WIDER) is False, name
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()


@in_campaign
def test_a_room_opened_offline_is_found_with_the_next_connection(pages: Pages, relay: Relay) -> None:
    page = pages.of("ada", "/room/88888", url=relay.url)
    missing = page.get_by_text("It is private or doesn't exist")
    expect(missing).to_be_visible()
    with relay.cut():
        expect(page.get_by_text("The server can't be reached since")).to_be_visible()
        with page.expect_event("requestfailed", lambda request: "/rooms/99999" in request.url):
            go(page, "/room/99999")
        expect(missing).to_be_hidden()
    expect(missing).to_be_visible()


@in_campaign
def test_data_that_failed_to_load_offline_loads_with_the_next_connection(
    pages: Pages, ada: Speaker, relay: Relay
) -> None:
    room = ada.make_room("far away", Speaker(pages, "ben"))
    page = pages.of("ada", f"/room/{room}?show=room", url=relay.url)
    panel = page.get_by_role("complementary")
    expect(panel.get_by_role("link", name="ben")).to_be_visible()
    panel.get_by_role("link", name="Close").click()
    expect(panel).to_be_hidden()
    with relay.cut():
        expect(page.get_by_text("The server can't be reached since")).to_be_visible()
        page.get_by_role("link", name="About this room").click()
        expect(panel.get_by_role("alert")).to_be_visible()
        expect(panel.get_by_role("link", name="ben")).to_have_count(0)
    expect(panel.get_by_role("link", name="ben")).to_be_visible()
    expect(panel.get_by_role("alert")).to_have_count(0)


def say_lines(chat: ServerProcess, speaker: Speaker, room: int, count: int, first: int = 0) -> int:
    """Say `line 0`, `line 1` … and return the seq of the first; all but the last are written beside the server."""
    write_beside(chat, count - 1, room=room, sender=speaker.name, text="line", first=first)
    return speaker.say(room, f"line {first + count - 1}") - count + 1


@dataclass
class LinkedRoom:
    """A room of ada and ben that ada's browser has stored, opened at a message while offline."""

    timeline: Timeline
    room: int
    waiting: list[Route]  # what ada's page asks for before it has a line

    def hold(self, route: Route) -> None:
        self.waiting.append(route)

    def connect(self) -> None:
        self.waiting[0].continue_()


@pytest.fixture
def linked(pages: Pages, ada: Speaker, chat: ServerProcess) -> Callable[..., LinkedRoom]:
    """Return a function that opens a link to message `to`: `kept_lines` are stored, `more` are not known yet."""

    def open_link(name: str, ben: Speaker, *, kept_lines: int, more: int, to: int) -> LinkedRoom:
        room = ada.make_room(name, ben)
        seq = say_lines(chat, ada, room, kept_lines) + to
        page = pages.of("ada", f"/room/{room}")
        last = f"line {kept_lines - 1}"
        expect(Timeline(page).message(last)).to_be_in_viewport()
        eventually(lambda: last in str(stored(page, "rooms")), "the room is kept")
        again = page.context.new_page()
        page.close()
        if more:
            say_lines(chat, ben, room, more, first=kept_lines)
        opened = LinkedRoom(Timeline(again), room, [])
        again.route("**/api/v1/auth/refresh", opened.hold)
        with again.expect_request("**/api/v1/auth/refresh"):
            again.goto(f"{pages.url}/room/{room}/{seq}")
        expect(opened.timeline.message(last)).to_be_in_viewport()
        return opened

    return open_link


@in_campaign
def test_a_link_to_a_message_newer_than_the_stored_ones_waits_for_it(
    pages: Pages, linked: Callable[..., LinkedRoom]
) -> None:
    opened = linked("newer", Speaker(pages, "ben"), kept_lines=60, more=220, to=160)
    opened.connect()
    expect(opened.timeline.message("line 160")).to_be_in_viewport()
    expect(opened.timeline.message("line 279")).to_have_count(0)


@in_campaign
def test_the_first_sync_keeps_a_linked_message_in_view(
    pages: Pages, linked: Callable[..., LinkedRoom]
) -> None:
    opened = linked("newest of what is kept", Speaker(pages, "ben"), kept_lines=60, more=80, to=59)
    opened.connect()
    expect(opened.timeline.page.locator(".pill.is-new")).to_be_visible()
    expect(opened.timeline.message("line 60")).to_be_attached()
    expect(opened.timeline.message("line 59")).to_be_in_viewport()
    expect(opened.timeline.message("line 139")).not_to_be_in_viewport()


@in_campaign
def test_a_link_to_the_newest_message_is_at_the_end_once_connected(
    pages: Pages, linked: Callable[..., LinkedRoom]
) -> None:
    ben = Speaker(pages, "ben")
    opened = linked("the newest", ben, kept_lines=60, more=0, to=59)
    opened.connect()
    expect(opened.timeline.page.locator(".pill")).to_have_count(0)
    ben.say(opened.room, "what comes then is followed")
    expect(opened.timeline.message("what comes then is followed")).to_be_in_viewport()


def test_the_skip_link_leads_to_the_place(pages: Pages) -> None:
    page = pages.at("ada", "/room/1")
    expect(Timeline(page).field).to_be_visible()
    page.get_by_role("link", name="Skip to the conversation").press("Enter")
    expect(page.locator("#place")).to_be_focused()
