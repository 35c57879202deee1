"""Days on the page, as they pass while it is open."""

from datetime import UTC, datetime, timedelta, timezone

from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.web.pages import Pages
from tests.web.talking import Speaker


@in_campaign
def test_at_midnight_today_becomes_yesterday(pages: Pages) -> None:
    now = datetime.now(UTC)
    east = 12 - now.hour  # there it is noon: the day of what is said now does not end meanwhile
    ada = Speaker(pages, "ada")
    room = ada.make_room("night")
    ada.say(room, "said by day")
    context = pages.context(timezone_id=f"Etc/GMT{-east:+d}" if east else "Etc/GMT")
    pages.log_in(context, "ada")
    midnight = now.astimezone(timezone(timedelta(hours=east))).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    context.clock.install(time=midnight + timedelta(days=1, minutes=-5))
    page = context.new_page()
    page.goto(f"{pages.url}/room/{room}")
    day = page.locator(".timeline-day")
    expect(day).to_have_text("Today")
    page.clock.fast_forward("05:01")
    expect(day).to_have_text("Yesterday")
