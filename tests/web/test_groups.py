"""Group direct messages: several people are chosen, write, and one leaves."""

import re

from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline


@in_campaign
def test_several_people_are_written_to_together_and_one_leaves(pages: Pages) -> None:
    speakers = [Speaker(pages, name) for name in ("gina", "gus", "gwen")]
    gina, gus = pages.of("gina"), pages.at("gus")
    gina.get_by_role("button", name="New", exact=True).click()
    gina.get_by_role("menuitem", name="Message someone").click()
    dialog = gina.get_by_role("dialog")
    for name in ("gus", "gwen"):
        dialog.get_by_label("Search by name").fill(name[:2])
        dialog.get_by_role("button", name=f"Add {name} to a group").click()
    dialog.get_by_role("button", name="Start the group").click()
    expect(gina.get_by_role("heading", name="gus, gwen", level=1)).to_be_visible()
    Timeline(gina).say("tea at four?")

    row = gus.locator("a.room").filter(has_text="gina, gwen")
    expect(row.locator(".badge.is-mention")).to_have_text(re.compile("1"))
    row.click()
    Timeline(gus).say("yes")

    about = gina.get_by_role("link", name=re.compile("About this room"))
    about.click()
    panel = gina.get_by_role("complementary", name="About this room")
    expect(panel.get_by_text("nobody can be added")).to_be_visible()
    expect(panel.get_by_role("button", name="Invite")).to_have_count(0)
    room = int(gus.url.rsplit("/", 1)[1])
    speakers[2].call("DELETE", f"/rooms/{room}/members/{speakers[2].id}")
    expect(gina.get_by_role("heading", name="gus", exact=True, level=1)).to_be_visible()

    panel.get_by_role("button", name="Leave").click()
    gina.get_by_role("dialog").get_by_role("button", name="Leave").click()
    expect(gina.locator("a.room").filter(has_text="gus")).to_have_count(0)
