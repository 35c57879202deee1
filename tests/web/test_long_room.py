"""A room of 10,000 messages: any place opens at once, few messages are rendered, and the place stays to the pixel."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.support.campaign import in_campaign
from tests.support.server import ServerProcess
from tests.system.relay import Relay
from tests.web.open_pages import go
from tests.web.pages import Pages
from tests.web.rest import Rest
from tests.web.talking import Speaker, Timeline, write_beside

LENGTH = 10_000
MOST_DRAWN = 200

_SCROLL = """async (list, { step, until }) => {
    // One step, then two frames: what is drawn anew must not move what was in sight.
    const frame = () => new Promise(requestAnimationFrame);
    const bottom = (row) => row.getBoundingClientRect().bottom;
    let [most, moved, frames] = [0, 0, 0];
    const isThere = () => [...list.querySelectorAll("[data-seq]")].some((row) => Number(row.dataset.seq) === until);
    while (!isThere() && frames < 4000) {
        const middle = list.getBoundingClientRect().top + list.clientHeight / 2;
        const row = [...list.querySelectorAll("[data-seq]")].find((each) => bottom(each) >= middle);
        const [before, scrolled] = [row && bottom(row), list.scrollTop];
        list.scrollTop += step;
        const went = list.scrollTop - scrolled;
        await frame();
        await frame();
        if (row?.isConnected) moved = Math.max(moved, Math.abs(bottom(row) - before + went));
        most = Math.max(most, list.querySelectorAll("[data-seq]").length);
        frames += 2;
    }
    return { most, moved, frames };
}"""

_TOP = "(row) => row.getBoundingClientRect().top"


@pytest.fixture
def ada(pages: Pages) -> Speaker:
    return Speaker(pages, "ada")


@pytest.fixture(scope="module")
def room(browser: Browser, chat: ServerProcess) -> int:
    """Made in the database; the last message is sent through the server, which learns of the others by it."""
    with Pages(browser, chat.url) as pages:
        ada = Speaker(pages, "ada")
        room = ada.make_room("long", Speaker(pages, "ben"))
        before = ada.call("GET", f"/rooms/{room}")["seq"]
        write_beside(chat, LENGTH - before - 1, room=room, sender="ada")
        assert ada.say(room, "the end") == LENGTH
    return room


def opened(pages: Pages, room: int, place: str = "") -> tuple[Timeline, Locator]:
    timeline = Timeline(pages.at("ada", f"/room/{room}{place}"))
    return timeline, timeline.page.locator(".timeline")


def test_scrolling_draws_few_messages_and_moves_nothing_that_is_in_sight(
    whole_pages: Pages, room: int
) -> None:
    timeline, view = opened(whole_pages, room)
    expect(timeline.message("the end")).to_be_in_viewport()
    for step, until in ((-400, LENGTH - 1_000), (400, LENGTH)):
        seen: dict[str, Any] = view.evaluate(_SCROLL, {"step": step, "until": until})
        assert seen["most"] <= MOST_DRAWN
        assert seen["moved"] < 1
        assert seen["frames"] < 4000
    expect(timeline.message("the end")).to_be_visible()


def test_a_room_opens_at_its_new_messages(pages: Pages, room: int) -> None:
    ben = Speaker(pages, "ben")
    ben.call("PUT", f"/rooms/{room}/read", {"seq": 300, "back": True})
    timeline = Timeline(pages.of("ben", f"/room/{room}"))
    expect(timeline.page.locator(".timeline-new + li")).to_contain_text("beside 300")
    expect(timeline.page.locator(".timeline-new")).to_be_in_viewport()
    timeline.page.get_by_role("button", name="Jump to the latest message").click()
    expect(timeline.message("the end")).to_be_in_viewport()
    timeline.page.get_by_role("button", name="Jump to the first new message").click()
    expect(timeline.page.locator(".timeline-new")).to_be_in_viewport()


@in_campaign
def test_any_place_opens_at_once_and_stays_while_others_write(
    pages: Pages, ada: Speaker, room: int, chat: ServerProcess
) -> None:
    ben = Speaker(pages, "ben")
    timeline, view = opened(pages, room, "/5000")
    expect(timeline.row(5000)).to_be_in_viewport()
    expect(timeline.page.locator(".message.is-marked")).to_contain_text("beside 4999")
    assert timeline.page.locator("li[data-seq]").count() <= MOST_DRAWN

    rest = Rest(timeline.page)
    for seq in (5000, LENGTH - 30):
        if seq != 5000:
            go(timeline.page, f"/room/{room}/{seq}")
            expect(timeline.row(seq)).to_be_in_viewport()
        assert rest.comes() is None
        before = timeline.row(seq).evaluate(_TOP)
        last = ada.call("GET", f"/rooms/{room}")["seq"]
        write_beside(chat, 99, room=room, sender="ben")
        assert ben.say(room, f"after {seq}") == last + 100
        expect(timeline.page.locator(".room.is-unread, .pill.is-new").first).to_be_visible()
        expect(timeline.page.locator(".pill.is-new")).to_contain_text("new messages")
        assert rest.comes() is None
        assert abs(timeline.row(seq).evaluate(_TOP) - before) < 1

    timeline.page.get_by_role("button", name="Jump to the latest message").click()
    expect(timeline.message(f"after {LENGTH - 30}")).to_be_in_viewport()
    expect(timeline.page.locator(".pill.is-new, .pill.is-round")).to_have_count(0)
    assert rest.comes() is None
    assert view.evaluate("(list) => list.scrollHeight - list.scrollTop - list.clientHeight") < 1


@in_campaign
def test_a_long_absence_shows_that_the_history_was_reloaded(
    pages: Pages, ada: Speaker, room: int, chat: ServerProcess, relay: Relay
) -> None:
    ben = Speaker(pages, "ben")
    ada.say(room, "see you later")
    timeline = Timeline(pages.of("ada", f"/room/{room}", url=relay.url))
    expect(timeline.message("see you later")).to_be_visible()
    with relay.cut():
        write_beside(chat, 1_500, room=room, sender="ben")
        ben.say(room, "meanwhile")
    expect(timeline.page.locator(".timeline-reset")).to_contain_text("You were away for a long time")
    expect(timeline.message("meanwhile")).to_be_in_viewport()
    expect(timeline.message("beside 1500")).to_be_visible()
    expect(timeline.message("see you later")).to_have_count(0)
    timeline.page.locator(".timeline-reset").get_by_role("button", name="Close").click()
    expect(timeline.page.locator(".timeline-reset")).to_have_count(0)


@in_campaign
def test_a_thousand_messages_at_once_arrive_in_order_and_the_draft_stays(
    pages: Pages, ada: Speaker, chat: ServerProcess
) -> None:
    ben = Speaker(pages, "ben")
    room = ada.make_room("busy", ben)
    ben.say(room, "before the burst")
    timeline = Timeline(pages.at("ada", f"/room/{room}"))
    expect(timeline.message("before the burst")).to_be_visible()
    timeline.write("I write on")
    write_beside(chat, 999, room=room, sender="ben")
    last = ben.say(room, "after the burst")
    expect(timeline.message("after the burst")).to_be_in_viewport()
    expect(timeline.page.get_by_role("log")).to_contain_text("new messages in busy")
    rows: list[int] = timeline.page.locator("li[data-seq]").evaluate_all(
        "(rows) => rows.map(({ dataset }) => Number(dataset.seq))"
    )
    assert rows == [*range(rows[0], last + 1)]
    assert MOST_DRAWN / 4 < len(rows) <= MOST_DRAWN
    expect(timeline.field).to_have_value("I write on")
