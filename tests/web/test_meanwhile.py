"""Changes by other people or devices meanwhile: nothing unseen is overwritten."""

import pytest
from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.server import ServerProcess
from tests.system.relay import Relay
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline


@pytest.fixture
def ada(pages: Pages) -> Speaker:
    return Speaker(pages, "ada")


@in_campaign
def test_an_edit_begun_offline_does_not_overwrite_a_newer_one(
    pages: Pages, ada: Speaker, relay: Relay
) -> None:
    room = ada.make_room("edits")
    seq = ada.say(room, "we meet at six")
    path = f"/rooms/{room}/messages/{seq}"
    page = pages.of("ada", f"/room/{room}", url=relay.url)
    timeline = Timeline(page)
    timeline.act("we meet at six", "Edit")
    expect(timeline.field).to_have_value("we meet at six")
    with relay.cut():
        expect(page.get_by_text("The server can't be reached since")).to_be_visible()
        timeline.field.fill("we meet at six, bring cake")
        timeline.field.press("Enter")
        expect(page.get_by_role("alert").filter(has_text="is not responding")).to_be_visible()
        ada.call("PATCH", path, {"text": "we meet at **seven**"})
    expect(timeline.message("seven")).to_be_visible()
    timeline.field.press("Enter")
    warning = page.get_by_role("alert").filter(has_text="changed elsewhere: “we meet at seven”")
    expect(warning).to_be_visible()
    expect(timeline.field).to_have_value("we meet at six, bring cake")
    timeline.field.fill("we meet at seven, bring cake")
    timeline.field.press("Enter")
    expect(timeline.message("we meet at seven, bring cake")).to_be_visible()
    expect(timeline.field).to_have_value("")
    texts = [each["text"] for each in ada.call("GET", f"{path}/edits")["edits"]]
    assert texts == ["we meet at six", "we meet at **seven**", "we meet at seven, bring cake"]


_NAME_AND_CHOOSE = """(choice) => {
    const name = choice.form.elements[0];
    name.value = "bulbs";
    name.dispatchEvent(new InputEvent("input"));  // which the page does not see, so it waits to be drawn
    choice.click();
}"""


def test_a_choice_made_while_the_page_waits_to_be_drawn_stays(pages: Pages, ada: Speaker) -> None:
    page = pages.at("ada", f"/room/{ada.make_room('choices')}")
    page.get_by_role("button", name="New", exact=True).click()
    page.get_by_role("menuitem", name="Create a room").click()
    private = page.get_by_role("dialog").get_by_role("radio").last
    private.evaluate(_NAME_AND_CHOOSE)
    expect(page.get_by_role("button", name="Create room")).to_be_enabled()
    expect(private).to_be_checked()


_FILL_IN = """(fields) => {
    for (const [nth, field] of fields.entries()) {
        field.value = `option ${nth}`;
        field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
}"""


def test_fields_that_are_filled_in_at_once_keep_all_of_it(pages: Pages, ada: Speaker) -> None:
    page = pages.at("ada", f"/room/{ada.make_room('filled in')}")
    page.get_by_role("button", name="Create a poll").click()
    options = page.get_by_role("dialog").get_by_role("textbox", name="Option")
    expect(options).to_have_count(3)
    options.evaluate_all(_FILL_IN)
    expect(options).to_have_count(4)
    assert [each.input_value() for each in options.all()] == ["option 0", "option 1", "option 2", ""]


_EDIT_AND_TYPE = """(chosen) => {
    chosen.click();  // and what follows comes before the page is drawn again
    const field = document.querySelector(".composer textarea");
    field.value += ", at six";
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}"""


def test_text_typed_right_after_edit_belongs_to_the_edit(pages: Pages, ada: Speaker) -> None:
    room = ada.make_room("quick edits")
    ada.say(room, "we meet")
    timeline = Timeline(pages.at("ada", f"/room/{room}"))
    timeline.message("we meet").hover()
    timeline.message("we meet").get_by_role("button", name="More").click()
    timeline.page.get_by_role("menuitem", name="Edit", exact=True).evaluate(_EDIT_AND_TYPE)
    expect(timeline.field).to_have_value("we meet, at six")
    timeline.field.press("Enter")
    expect(timeline.message("we meet, at six")).to_contain_text("edited")


_EDIT_AND_LEAVE = """(item) => new Promise((resolve) => {
    const observer = new MutationObserver(() => {
        if (!document.querySelector(".composer-bar")) return;
        observer.disconnect();
        const escape = new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true });
        document.querySelector(".composer textarea").dispatchEvent(escape);
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)));
    });
    observer.observe(document.querySelector(".composer"), { childList: true, subtree: true });
    item.click();
})"""
"""Leaves the edit as soon as it is rendered, before its effects have run."""


def test_an_edit_that_is_left_at_once_does_not_become_the_draft(pages: Pages, ada: Speaker) -> None:
    room = ada.make_room("left at once")
    ada.say(room, "we meet")
    timeline = Timeline(pages.at("ada", f"/room/{room}"))
    timeline.message("we meet").hover()
    timeline.message("we meet").get_by_role("button", name="More").click()
    timeline.page.get_by_role("menuitem", name="Edit", exact=True).evaluate(_EDIT_AND_LEAVE)
    timeline.field.press_sequentially("at six")
    expect(timeline.field).to_have_value("at six")


def test_an_interrupted_edit_keeps_its_original_text(pages: Pages, ada: Speaker) -> None:
    room = ada.make_room("left edits")
    seq = ada.say(room, "first")
    page = pages.at("ada", f"/room/{room}")
    timeline = Timeline(page)
    timeline.act("first", "Edit")
    expect(timeline.field).to_have_value("first")
    timeline.field.fill("mine")
    page.get_by_role("link", name="lobby").click()
    expect(page.get_by_role("heading", name="lobby", level=1)).to_be_visible()
    ada.call("PATCH", f"/rooms/{room}/messages/{seq}", {"text": "from elsewhere"})
    page.get_by_role("link", name="left edits").click()
    expect(timeline.field).to_have_value("mine")
    expect(timeline.message("from elsewhere")).to_be_visible()
    timeline.field.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="from elsewhere")).to_be_visible()
    timeline.field.press("Enter")
    expect(timeline.message("mine")).to_be_visible()


@in_campaign
def test_of_two_admins_none_overwrites_a_setting_that_the_other_changed_unseen(
    pages: Pages, ada: Speaker, chat: ServerProcess
) -> None:
    ben = Speaker(pages, "ben")
    for admin in ("ada", "ben"):
        command(chat, "user", "role", admin, "admin")
    page = pages.at("ada", "/admin/widget")
    origins = page.get_by_label("Allowed websites")
    origins.fill("https://one.example")
    ben.call("PATCH", "/admin/settings", {"widget_origins": ["https://two.example"]})
    page.get_by_role("button", name="Save").click()
    warning = page.get_by_role("alert").filter(has_text="Someone else changed this in the meantime.")
    expect(warning).to_be_visible()
    expect(page.get_by_text("Changed by ben")).to_be_visible()
    expect(origins).to_have_value("https://one.example")
    origins.fill("https://one.example\nhttps://two.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Changed by ada")).to_be_visible()
    expect(warning).to_be_hidden()
    saved = ben.call("GET", "/admin/settings")["widget_origins"]["value"]
    assert saved == ["https://one.example", "https://two.example"]

    page.get_by_role("link", name="Registration").click()
    ben.call("PATCH", "/admin/settings", {"registration": "closed"})
    page.get_by_role("radio", name="Invited people").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Invited people").click()
    expect(warning).to_be_visible()
    who = page.get_by_role("group", name="Who can register")
    expect(who.get_by_role("radio", name="Nobody")).to_be_checked()
    ben.call("PATCH", "/admin/settings", {"registration": None, "widget_origins": None})


@in_campaign
def test_pending_messages_of_a_lost_room_are_shown_in_its_place(
    pages: Pages, ada: Speaker, relay: Relay
) -> None:
    ben = Speaker(pages, "ben")
    room = ben.make_room("soon gone", ada)
    page = pages.of("ada", f"/room/{room}", url=relay.url)
    timeline = Timeline(page)
    expect(timeline.field).to_be_visible()
    with relay.cut():
        expect(page.get_by_text("The server can't be reached since")).to_be_visible()
        timeline.write("it took an hour to write")
        page.keyboard.press("Enter")
        expect(timeline.message("it took an hour to write")).to_be_visible()
        ben.call("DELETE", f"/rooms/{room}")
    # Else the next try comes as late as the cut was long.
    page.evaluate("() => { dispatchEvent(new Event('online')) }")
    expect(page.get_by_text("It is private or doesn't exist")).to_be_visible()
    unsent = page.get_by_role("list", name="Your unsent messages")
    expect(unsent.get_by_role("alert")).to_contain_text("Not sent:")
    unsent.get_by_role("button", name="Delete").click()
    expect(unsent).to_have_count(0)


_DRAWS_LATE = """() => {  // as a slow device, whose server has answered by then
    const soon = requestAnimationFrame;
    window.requestAnimationFrame = (draw) => setTimeout(() => soon(draw), 200);
}"""


def test_a_message_that_is_acknowledged_before_it_is_drawn_is_in_sight(pages: Pages, ada: Speaker) -> None:
    room = ada.make_room("tall")
    for nth in range(8):
        ada.say(room, f"{nth}" + "\nand more" * 12)
    timeline = Timeline(pages.of("ada", f"/room/{room}"))
    expect(timeline.messages).to_have_count(8)
    timeline.page.locator(".timeline").evaluate("(list) => { list.scrollTop = 0; }")
    expect(timeline.page.get_by_role("button", name="Jump to the latest message")).to_be_visible()
    timeline.page.evaluate(_DRAWS_LATE)
    timeline.write("the last one")
    timeline.page.keyboard.press("Enter")
    expect(timeline.message("the last one")).to_be_in_viewport()
