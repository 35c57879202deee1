"""Drafts on two devices of one person: typed on one, gone on in the other, and sent."""

from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.web.open_pages import go
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline


@in_campaign
def test_a_draft_follows_one_to_another_device_and_ends_when_sent(pages: Pages) -> None:
    ada, ben = Speaker(pages, "ada"), Speaker(pages, "ben")
    room = ada.make_room("garden", ben)
    seq = ben.say(room, "shall we meet?")
    other = ada.make_room("kitchen")
    laptop = Timeline(pages.of("ada", f"/room/{room}"))
    phone = Timeline(pages.of("ada", f"/room/{other}"))
    laptop.write("on Mon")
    expect(laptop.field).to_have_value("on Mon")
    phone.write("typed here")

    # Its draft came while the room was not shown.
    phone.page.get_by_role("link", name="garden").click()
    expect(phone.field).to_have_value("on Mon")
    phone.field.press("End")
    phone.page.keyboard.type("day")
    expect(laptop.field).to_have_value("on Monday", timeout=30_000)  # once nothing is typed there

    phone.field.press("Enter")
    expect(laptop.message("on Monday")).to_be_visible()
    expect(laptop.field).to_have_value("")
    assert [each["text"] for each in ada.call("GET", "/me/drafts")["drafts"] if "text" in each] == [
        "typed here"
    ]

    laptop.page.goto(f"{pages.url}/room/{room}?show=thread-{seq}")
    thread = laptop.page.get_by_label("Reply in this thread")
    thread.fill("in the thread")
    later = pages.of("ada", f"/room/{room}?show=thread-{seq}")
    expect(later.get_by_label("Reply in this thread")).to_have_value("in the thread")

    go(later, "/saved?tab=drafts")
    drafts = later.get_by_role("list", name="Drafts")
    expect(drafts.get_by_role("listitem")).to_have_count(2)
    expect(drafts.get_by_role("listitem").first).to_contain_text("in the thread")
    drafts.get_by_role("button", name="Delete draft: typed here").click()
    expect(drafts.get_by_role("listitem")).to_have_count(1)
    phone.page.get_by_role("link", name="kitchen").click()
    expect(phone.field).to_have_value("")
    drafts.get_by_role("link", name="garden").click()
    expect(later.get_by_label("Reply in this thread")).to_have_value("in the thread")
