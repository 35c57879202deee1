"""Narrow pages, on which a panel covers the room."""

import pytest
from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.support.people import eventually
from tests.support.server import ServerProcess
from tests.web.pages import Pages
from tests.web.rest import Rest
from tests.web.talking import Speaker, Timeline, write_beside

LENGTH = 1_000
NARROW = ({"width": 390, "height": 844}, {"width": 700, "height": 800})


@pytest.fixture
def ada(pages: Pages) -> Speaker:
    return Speaker(pages, "ada")


def long_room(ada: Speaker, chat: ServerProcess, name: str, *others: Speaker) -> int:
    room = ada.make_room(name, *others)
    before = ada.call("GET", f"/rooms/{room}")["seq"]
    write_beside(chat, LENGTH - before - 1, room=room, sender="ada")
    assert ada.say(room, "the end") == LENGTH
    return room


@pytest.mark.parametrize(
    "size", [NARROW[0], pytest.param(NARROW[1], marks=in_campaign)], ids=lambda size: str(size["width"])
)
def test_the_panel_of_a_long_room_rests_and_leads_back_to_the_place_one_came_from(
    pages: Pages, ada: Speaker, chat: ServerProcess, size: dict[str, int]
) -> None:
    room = long_room(ada, chat, f"panel {size['width']}")
    timeline = Timeline(pages.of("ada", f"/room/{room}/500?show=room", viewport=size))
    page = timeline.page
    expect(page.get_by_role("heading", name="About this room")).to_be_visible()
    assert Rest(page).comes() is None
    drawn = page.locator(".timeline li[data-seq]")
    assert drawn.count() <= 101, "what is not seen loads nothing"

    page.get_by_role("complementary").get_by_role("link", name="Close").click()
    expect(timeline.row(500)).to_be_in_viewport()
    before = timeline.row(500).bounding_box()
    page.get_by_role("link", name="About this room").click()
    expect(page.get_by_role("heading", name="About this room")).to_be_visible()
    assert Rest(page).comes() is None
    page.go_back()
    expect(timeline.row(500)).to_be_in_viewport()
    assert timeline.row(500).bounding_box() == before
    assert Rest(page).comes() is None


def test_messages_covered_by_a_panel_are_not_marked_read(pages: Pages, ada: Speaker) -> None:
    ben = Speaker(pages, "ben")
    room = ada.make_room("unseen", ben)
    seen = ada.say(room, "seen")
    context = pages.context(viewport=NARROW[0])
    context.clock.install()
    pages.log_in(context, "ben")
    timeline = Timeline(context.new_page())
    page = timeline.page
    page.goto(f"{pages.url}/room/{room}")
    expect(timeline.message("seen")).to_be_in_viewport()
    page.clock.fast_forward(2_000)
    eventually(lambda: ben.call("GET", f"/rooms/{room}")["read"] == seen, "it is read")

    page.get_by_role("link", name="About this room").click()
    expect(page.get_by_role("heading", name="About this room")).to_be_visible()
    said = ada.say(room, "said meanwhile")
    expect(timeline.message("said meanwhile")).to_have_count(1)
    for _ in range(3):
        page.clock.fast_forward(2_000)
    assert Rest(page).comes() is None
    assert ben.call("GET", f"/rooms/{room}")["read"] == seen
    page.get_by_role("complementary").get_by_role("link", name="Close").click()
    expect(timeline.message("said meanwhile")).to_be_in_viewport()
    page.clock.fast_forward(2_000)
    eventually(lambda: ben.call("GET", f"/rooms/{room}")["read"] == said, "it is read")


@in_campaign
def test_more_joins_than_are_drawn_otherwise_make_one_row_and_the_page_rests(
    pages: Pages, ada: Speaker, chat: ServerProcess
) -> None:
    """They are lower than what is rendered beyond the visible part, on either side."""
    room = ada.make_room("newcomers")
    ada.say(room, "before all of them")
    write_beside(chat, 600, room=room, sender="ada", kind="join")
    ada.say(room, "after all of them")
    page = pages.of("ada", f"/room/{room}/300")
    expect(page.get_by_text("before all of them").last).to_be_in_viewport()
    expect(page.get_by_text("after all of them").last).to_be_in_viewport()
    assert Rest(page).comes() is None


@in_campaign
def test_a_very_high_screen_is_filled_and_comes_to_rest(
    pages: Pages, ada: Speaker, chat: ServerProcess
) -> None:
    room = long_room(ada, chat, "tower")
    page = pages.of("ada", f"/room/{room}/500", viewport={"width": 1280, "height": 3_000})
    expect(page.locator("li[data-seq='500']")).to_be_in_viewport()
    assert Rest(page).comes() is None
    page.set_viewport_size({"width": 1280, "height": 300})
    assert Rest(page).comes() is None
    page.set_viewport_size({"width": 1280, "height": 3_000})
    assert Rest(page).comes() is None
    expect(page.locator("li[data-seq='500']")).to_be_in_viewport()
