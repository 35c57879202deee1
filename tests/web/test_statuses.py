"""Statuses in the page: set from the menu of one's name, seen by others at once, and cleared."""

from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.web.pages import Pages
from tests.web.talking import Speaker


@in_campaign
def test_one_sets_a_status_which_others_see_and_clears_it(pages: Pages) -> None:
    ada, ben = Speaker(pages, "ada"), Speaker(pages, "ben")
    direct = ada.call("PUT", f"/direct/{ben.id}")["id"]
    ada.say(direct, "hello ben")
    bens = pages.at("ben", f"/room/{direct}?show=person-{ada.id}")
    page = pages.at("ada", f"/room/{direct}")

    page.locator("button.self").click()
    page.get_by_role("menuitem", name="Set a status").click()
    dialog = page.get_by_role("dialog", name="Set a status")
    expect(dialog.get_by_label("What’s your status?")).to_be_focused()
    dialog.get_by_role("button", name="Working remotely").click()
    expect(dialog.get_by_label("Clear after")).to_have_value("today")
    dialog.get_by_label("What’s your status?").fill("בבית <b>")
    dialog.get_by_role("button", name="Choose an emoji").click()
    page.get_by_role("dialog", name="Choose an emoji").get_by_role("searchbox").fill("palm tree")
    page.keyboard.press("Enter")
    dialog.get_by_label("Clear after").select_option("1 hour")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(page.locator("button.self")).to_contain_text("בבית <b>")

    beside = bens.locator(".message", has_text="hello ben").locator(".status")
    in_list = bens.get_by_role("navigation", name="Rooms and places").get_by_role("img", name="בבית <b>")
    for shown in (beside, in_list):
        expect(shown).to_have_text("🌴")
        expect(shown).to_have_attribute("title", "בבית <b>")
    profile = bens.locator(".status-text")
    expect(profile).to_contain_text("בבית <b>")
    expect(profile).to_contain_text("Until")
    expect(bens.locator(".place-status")).to_contain_text("בבית <b>")

    page.locator("button.self").click()
    page.get_by_role("menuitem", name="Update your status").click()
    page.get_by_role("button", name="Clear status").click()
    for shown in (beside, in_list, profile, page.locator("button.self .status")):
        expect(shown).to_have_count(0)
