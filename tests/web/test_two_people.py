"""Two people in a room: what one does, the other sees."""

import re
from collections.abc import Generator

import pytest
from playwright.sync_api import Page, expect

from tests.support.campaign import in_campaign
from tests.support.people import eventually
from tests.system.relay import Relay
from tests.web.connection import stored
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline

_EDIT_AND_SELECT = """async (field) => {
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true, cancelable: true }));
    field.select();
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
    return [field.value, field.selectionStart, field.selectionEnd];
}"""
"""Edit the last message, select its text before the page renders, and return the selection after that."""


@pytest.fixture
def ada(pages: Pages) -> Speaker:
    return Speaker(pages, "ada")


@pytest.fixture
def ben(pages: Pages) -> Speaker:
    return Speaker(pages, "ben")


@pytest.fixture
def garden(ada: Speaker, ben: Speaker) -> Generator[int]:
    """A room with ada, who owns it, and ben."""
    room = ada.make_room("garden", ben)
    yield room
    ada.call("DELETE", f"/rooms/{room}")


def opened(pages: Pages, name: str, room: int, *, is_new: bool = False, **options: object) -> Timeline:
    """A room in a page that was used before, unless `is_new`."""
    timeline = Timeline((pages.of if is_new else pages.at)(name, f"/room/{room}", **options))
    expect(timeline.field).to_be_visible()
    return timeline


def test_talking_replying_reacting_editing_and_deleting(pages: Pages, garden: int) -> None:
    adas = opened(pages, "ada", garden)
    bens = opened(pages, "ben", garden)

    adas.write("does the rose")
    expect(bens.page.locator(".timeline-typing")).to_contain_text("ada is typing")
    adas.page.keyboard.type(" *bloom*?")
    adas.page.keyboard.press("Enter")
    question = bens.page.locator("article.message", has_text="does the rose bloom?").first
    expect(question.locator("em")).to_have_text("bloom")
    expect(bens.page.locator(".timeline-typing")).to_have_text("")
    expect(adas.field).to_have_value("")

    question.hover()
    question.get_by_role("button", name="Reply").click()
    expect(bens.field).to_be_focused()
    expect(bens.page.locator(".composer-bar")).to_contain_text("Replying to ada")
    bens.page.keyboard.type("since tuesday, @ad")
    bens.page.get_by_role("option", name="ada").click()
    expect(bens.field).to_have_value("since tuesday, @ada ")
    bens.page.keyboard.press("Enter")
    answer = adas.page.locator("article.message", has_text="since tuesday").last
    expect(answer.locator(".mention.is-mine")).to_have_text("@ada")
    expect(adas.page.get_by_role("log")).to_have_text("ben: since tuesday, @ada")
    answer.locator(".message-quote").click()
    expect(adas.page.locator(".message.is-marked")).to_contain_text("does the rose")
    expect(bens.page.locator(".composer-bar")).to_have_count(0)

    adas.act("since tuesday, @ada", "👍")
    chip = bens.page.locator(".reaction", has_text="👍")
    expect(chip).to_contain_text("👍1")
    chip.click()
    expect(adas.page.locator(".reaction", has_text="👍")).to_contain_text("👍2")
    expect(chip).to_have_attribute("aria-pressed", "true")
    chip.click()
    expect(adas.page.locator(".reaction", has_text="👍")).to_contain_text("👍1")

    bens.say("it has six flours")
    assert bens.field.evaluate(_EDIT_AND_SELECT) == ["it has six flours", 0, 17]
    bens.field.fill("it has six flowers")
    bens.page.keyboard.press("Enter")
    expect(adas.message("it has six flowers")).to_contain_text("edited")
    adas.message("it has six flowers").get_by_role("button", name="edited").click()
    expect(adas.page.locator(".edits .message-text")).to_have_text(
        ["it has six flowers", "it has six flours"]
    )
    adas.page.keyboard.press("Escape")

    bens.act("it has six flowers", "Delete")
    bens.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(adas.page.locator(".message.is-plain")).to_contain_text("Message deleted")
    expect(adas.page.locator(".timeline").get_by_text("it has six")).to_have_count(0)
    expect(adas.page.get_by_role("log")).to_have_text("")


_DRAWS_LATE = """() => {  // a slow device, on which the browser's click comes long before the menu
    const soon = requestAnimationFrame;
    window.requestAnimationFrame = (draw) => setTimeout(() => soon(draw), 300);
}"""


@in_campaign
def test_a_long_press_on_a_message_opens_its_menu(
    ada: Speaker, ben: Speaker, pages: Pages, garden: int
) -> None:
    ada.say(garden, "rest here")
    phone: dict[str, object] = {
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
    }
    bens = opened(pages, "ben", garden, is_new=True, **phone)
    message = bens.message("rest here")
    bens.page.evaluate(_DRAWS_LATE)
    place = message.locator(".message-body").bounding_box()
    assert place is not None
    finger = bens.page.context.new_cdp_session(bens.page)
    at = {"x": place["x"] + 5, "y": place["y"] + 5}
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
    expect(message).to_have_class(re.compile("is-held"))
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    bens.page.get_by_role("menuitem", name="Reply", exact=True).tap()
    expect(bens.page.locator(".composer-bar")).to_contain_text("Replying to ada")
    ada.say(ada.call("PUT", f"/direct/{ben.id}")["id"], "and here?")
    expect(bens.page.get_by_role("link", name="Back to rooms, 1 new for you")).to_have_text("1")


@in_campaign
def test_reading_is_seen_by_the_other_and_on_the_second_device(
    pages: Pages, ada: Speaker, ben: Speaker
) -> None:
    room = ada.call("PUT", f"/direct/{ben.id}")["id"]
    second = pages.of("ben", "/settings")
    row = second.locator(f"a.room[href='/room/{room}']")
    adas = opened(pages, "ada", room, is_new=True)
    adas.say("are you there?")
    expect(row).to_have_class("room is-unread")
    expect(adas.page.locator(".message-read")).to_have_count(0)

    bens = opened(pages, "ben", room)
    expect(bens.page.locator(".timeline-new")).to_be_visible()
    expect(adas.page.locator(".message-read")).to_have_text("Read")
    expect(row).to_have_class("room")

    # Over http, where a page has no clipboard of its own.
    adas.page.evaluate("() => Object.defineProperty(Navigator.prototype, 'clipboard', { get() {} })")
    adas.act("are you there?", "Copy link")
    adas.field.press("Control+v")
    expect(adas.field).to_have_value(re.compile(rf"/room/{room}/\d+$"))
    adas.act("are you there?", "Who has read this")
    expect(adas.page.get_by_role("dialog").get_by_role("listitem")).to_have_text("Bben")
    adas.page.keyboard.press("Escape")

    bens.act("are you there?", "Mark as unread")
    expect(row).to_have_class("room is-unread")
    expect(bens.page.locator(".timeline-new + li")).to_contain_text("are you there?")


def test_a_code_block_is_copied_alone(pages: Pages, ada: Speaker, garden: int) -> None:
    ada.say(garden, "try\n```\nmake run  # *now*\nmake test\n```\nand tell")
    adas = opened(pages, "ada", garden)
    message = adas.message("try")
    expect(message.locator("pre")).to_have_text("make run  # *now*\nmake test")
    copy = message.get_by_role("button", name="Copy code")
    expect(copy).to_have_css("opacity", "0")
    message.locator("pre").hover()
    expect(copy).to_have_css("opacity", "1")
    copy.click()
    expect(adas.page.get_by_text("Copied", exact=True)).to_be_attached()
    adas.field.press("Control+v")
    expect(adas.field).to_have_value("make run  # *now*\nmake test")


@in_campaign
def test_the_keyboard_alone_goes_through_messages_and_back(
    pages: Pages, ada: Speaker, ben: Speaker, garden: int
) -> None:
    ada.say(garden, "first")
    ben.say(garden, "second")
    adas = opened(pages, "ada", garden, is_new=True)
    expect(adas.message("first")).to_be_visible()  # which is loaded after the second, the last of the room
    adas.field.focus()
    adas.page.keyboard.press("Escape")
    for _ in range(6):  # past all that can be pressed between the two
        if not adas.page.evaluate("document.activeElement.matches('article')"):
            adas.page.keyboard.press("Shift+Tab")
    expect(adas.message("second")).to_be_focused()
    adas.page.keyboard.press("ArrowUp")
    expect(adas.message("first")).to_be_focused()
    adas.page.keyboard.press("e")
    expect(adas.field).to_be_focused()
    expect(adas.field).to_have_value("first")
    adas.page.keyboard.press("Escape")
    expect(adas.field).to_have_value("")

    adas.message("second").focus()
    adas.page.keyboard.press("F10")
    expect(adas.page.get_by_role("menuitem", name="Reply", exact=True)).to_be_focused()
    adas.page.keyboard.press("Escape")
    expect(adas.message("second")).to_be_focused()
    adas.page.keyboard.press("+")
    adas.page.get_by_placeholder("Search emoji").fill("rocket")
    expect(adas.page.get_by_role("button", name="rocket", exact=True)).to_be_visible()
    adas.page.keyboard.press("Enter")
    expect(adas.message("second").locator(".reaction").first).to_contain_text("🚀1")
    expect(adas.message("second")).to_be_focused()
    adas.message("second").dispatch_event("keydown", {"key": "к", "code": "KeyR"})  # a Cyrillic keyboard
    expect(adas.field).to_be_focused()
    adas.page.keyboard.type("third :rocke")
    expect(adas.page.get_by_role("option").first).to_contain_text("🚀")
    adas.page.keyboard.press("Tab")
    expect(adas.field).to_have_value("third 🚀 ")
    adas.page.keyboard.press("Enter")
    expect(adas.message("third 🚀")).to_contain_text("second")


def test_a_draft_survives_a_reload_and_a_long_text_is_not_sent(
    pages: Pages, ben: Speaker, garden: int
) -> None:
    ben.say(garden, "answer me")
    adas = opened(pages, "ada", garden)
    adas.act("answer me", "Reply")
    adas.field.fill("x" * 4001)
    expect(adas.page.locator("#composer-hint")).to_have_text("1 character over the limit")
    adas.field.press("Enter")
    expect(adas.field).to_have_value("x" * 4001)
    adas.field.fill("not finished")
    eventually(lambda: "not finished" in str(stored(adas.page, "drafts")), "the draft is kept")
    adas.page.get_by_role("link", name="lobby").click()
    expect(adas.page.get_by_role("heading", name="lobby", level=1)).to_be_visible()
    adas.page.goto(f"{pages.url}/room/{garden}")
    expect(adas.field).to_have_value("not finished")
    expect(adas.page.locator(".composer-bar")).to_contain_text("Replying to ben")
    expect(adas.messages).to_have_count(1)


@in_campaign
def test_archived_blocked_and_refused_are_explained(
    pages: Pages, ada: Speaker, ben: Speaker, garden: int
) -> None:
    ben.say(garden, "buy my seeds")
    ada.call("PUT", f"/me/blocks/{ben.id}")
    adas = opened(pages, "ada", garden, is_new=True)
    folded = adas.page.locator(".message.is-plain")
    expect(folded).to_contain_text("Message from someone you have blocked.")
    expect(adas.page.locator(".timeline").get_by_text("buy my seeds")).to_have_count(0)
    in_list = adas.page.locator(f"a.room[href='/room/{garden}'] .room-last")
    expect(in_list).to_have_text("Message from someone you have blocked.")
    folded.get_by_role("button", name="Show").click()
    expect(adas.message("buy my seeds")).to_be_visible()
    ada.call("DELETE", f"/me/blocks/{ben.id}")

    ada.call("PATCH", f"/rooms/{garden}", {"archived": True})
    expect(adas.page.locator(".composer-note")).to_contain_text("This room is archived")
    adas.message("buy my seeds").hover()
    expect(adas.message("buy my seeds").get_by_role("button", name="More")).to_be_visible()
    expect(adas.message("buy my seeds").get_by_role("button", name="Reply")).to_have_count(0)


@in_campaign
def test_a_refused_message_keeps_its_text_and_can_be_retried(
    pages: Pages, ada: Speaker, garden: int, relay: Relay
) -> None:
    bens = Timeline(pages.of("ben", f"/room/{garden}", url=relay.url))
    expect(bens.field).to_be_visible()
    with relay.cut():
        expect(bens.page.get_by_text("The server can't be reached since")).to_be_visible()
        bens.write("will you let me in?")
        bens.page.keyboard.press("Enter")
        expect(bens.message("will you let me in?")).to_have_class(re.compile("is-waiting"))
        ada.call("PATCH", f"/rooms/{garden}", {"archived": True})
    bens.page.evaluate("() => dispatchEvent(new Event('online'))")
    refused = bens.page.locator(".message.is-refused")
    expect(refused).to_contain_text("will you let me in?")
    expect(refused.get_by_role("alert")).to_contain_text("archived")
    ada.call("PATCH", f"/rooms/{garden}", {"archived": False})
    refused.get_by_role("button", name="Try again").click()
    expect(bens.page.locator(".message.is-waiting")).to_have_count(0)
    expect(bens.message("will you let me in?")).to_be_visible()


def test_an_open_room_that_is_deleted_says_so(pages: Pages, ada: Speaker, ben: Speaker) -> None:
    room = ada.make_room("shed", ben)
    bens = opened(pages, "ben", room)
    bens.write("never sent")
    ada.call("DELETE", f"/rooms/{room}")
    expect(bens.page.get_by_role("heading", name="You are not in this room")).to_be_visible()
    expect(bens.page.locator("a.room", has_text="shed")).to_have_count(0)


@in_campaign
def test_joins_share_one_row(pages: Pages, ada: Speaker, garden: int) -> None:
    room = ada.make_room("meadow")
    for name in ("cem", "dee", "eve"):
        Speaker(pages, name).call("PUT", f"/rooms/{room}/members/{pages.person(name)['me']['id']}", {})
    adas = opened(pages, "ada", room)
    expect(adas.page.locator(".timeline-joins")).to_have_text("cem and 2 others joined")
    page: Page = adas.page
    expect(page.locator(".timeline-start")).to_contain_text("This is the beginning of meadow.")
