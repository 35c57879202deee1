"""Folders in the list of rooms: made in a room's panel, in all one's sessions, by mouse and by keyboard."""

from playwright.sync_api import Locator, Page, expect

from tests.support.campaign import in_campaign
from tests.support.people import eventually
from tests.web.connection import stored
from tests.web.pages import Pages
from tests.web.rooms import Room


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


@in_campaign
def test_a_room_is_put_into_a_folder_that_all_sessions_show(pages: Pages) -> None:
    room = Room(pages, "ada", "compost")
    ada = pages.at("ada", f"/room/{room.id}?show=room")
    there = pages.of("ada", "/")
    ada.get_by_role("button", name="Folder", exact=True).click()
    ada.get_by_role("menuitem", name="New folder…").click()
    dialog = ada.get_by_role("dialog", name="New folder")
    dialog.get_by_role("textbox", name="Name").fill("Garden work")
    dialog.get_by_role("button", name="Create folder").click()
    expect(ada.get_by_role("button", name="Folder: Garden work")).to_be_visible()
    for page in (ada, there):
        expect(section(page, "Garden work").get_by_role("link", name="compost")).to_be_visible()
    eventually(lambda: "Garden work" in repr(stored(there, "account")), "the folders are stored")
    there.route("**/me/folders", lambda route: route.abort())  # and they are there before they are read
    there.reload()
    expect(section(there, "Garden work").get_by_role("link", name="compost")).to_be_visible()
    there.unroute("**/me/folders")

    heading = section(ada, "Garden work")
    heading.get_by_role("button", name="Garden work", exact=True).press("Enter")
    expect(heading.get_by_role("link", name="compost")).to_have_count(0)
    heading.get_by_role("button", name="Garden work", exact=True).press("Enter")
    heading.get_by_role("button", name="Actions for Garden work").press("Enter")
    expect(ada.get_by_role("menuitem", name="Rename folder")).to_be_focused()
    ada.keyboard.press("Enter")
    dialog = ada.get_by_role("dialog", name="Rename folder")
    dialog.get_by_role("textbox", name="Name").fill("Soil")
    dialog.get_by_role("button", name="Rename folder").click()
    expect(section(there, "Soil").get_by_role("link", name="compost")).to_be_visible()

    ada.get_by_role("button", name="Folder: Soil").click()
    ada.get_by_role("menuitemradio", name="No folder").click()
    expect(section(there, "Soil").get_by_role("link", name="compost")).to_have_count(0)
    expect(section(there, "Rooms").get_by_role("link", name="compost")).to_be_visible()
    section(ada, "Soil").get_by_role("button", name="Actions for Soil").click()
    ada.get_by_role("menuitem", name="Delete folder").click()
    ada.get_by_role("dialog").get_by_role("button", name="Delete folder").click()
    expect(section(there, "Soil")).to_have_count(0)
