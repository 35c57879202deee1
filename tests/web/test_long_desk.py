"""The inbox with a thousand open conversations: the first are shown, all are counted, others are loaded when needed."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, post, request
from tests.support.server import ServerProcess
from tests.web.pages import Pages
from tests.web.talking import Timeline, ask_beside

MANY = 1000
OPERATORS = ("olga", "oscar")


@pytest.fixture
def _conversations(chat: ServerProcess, pages: Pages) -> None:
    for name in OPERATORS:
        post(f"{chat.url}/api/v1/auth/register", {"name": name, "password": PASSWORD})
        command(chat, "user", "role", name, "operator")
    ask_beside(chat, MANY)
    call(
        pages, "POST", "/rooms/1/messages", {"key": "1", "text": "hello"}
    )  # the server publishes what is before it


def call(pages: Pages, method: str, path: str, body: object = None) -> Any:
    """Call the native protocol as the other operator."""
    headers = {"Authorization": f"Bearer {pages.person('oscar')['access']}"}
    answer = request(method, f"{pages.url}/api/v1{path}", body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()


def last_ones(pages: Pages, count: int) -> list[int]:
    """Return the conversations that have waited shortest."""
    rooms, after = list[int](), ""
    while after is not None:
        page = call(pages, "GET", f"/support?state=open&limit=100&after={after}")
        rooms += [room["id"] for room in page["rooms"]]
        after = page.get("next")
    return rooms[-count:]


def loaded(page: Page) -> int:
    return int(page.get_by_role("option").first.get_attribute("aria-setsize") or 0)


@in_campaign
@pytest.mark.usefixtures("_conversations")
def test_the_first_are_shown_all_are_counted_and_others_come(pages: Pages) -> None:
    olga = pages.at("olga", "/inbox")
    numbers, first = olga.locator(".inbox-number"), olga.get_by_role("option").first
    expect(numbers).to_have_text([str(MANY)] * 2)
    expect(olga.get_by_role("link", name="Inbox")).to_contain_text(str(MANY))
    assert loaded(olga) == 50
    closed, by_link, by_id, claimed = last_ones(pages, 4)

    # One that is not loaded is closed elsewhere, one comes because it changes.
    call(pages, "PATCH", f"/support/{closed}", {"state": "closed"})
    expect(numbers).to_have_text([str(MANY - 1)] * 2)
    call(pages, "PATCH", f"/support/{claimed}", {"assignee": pages.person("oscar")["me"]["id"]})
    expect(first).to_have_attribute("aria-setsize", "51")
    expect(numbers).to_have_text([str(MANY - 1)] * 2)

    # A link opens one that is not loaded, and it is live.
    olga.goto(f"{pages.url}/inbox/{by_id}")
    expect(olga.locator(".message-text", has_text="Where is my order")).to_be_visible()
    Timeline(olga).say("it comes today")
    expect(numbers).to_have_text([str(MANY - 2), "1", str(MANY - 1)])
    olga.goto(f"{pages.url}/room/{by_link}/1")
    expect(olga).to_have_url(f"{pages.url}/inbox/{by_link}?at=1")
    expect(olga.locator(".message-text", has_text="Where is my order")).to_be_visible()

    # At the end of the list the next ones are loaded; who searches gets all.
    olga.goto(f"{pages.url}/inbox")
    expect(numbers).to_have_text([str(MANY - 2), "1", str(MANY - 1)])
    before = loaded(olga)
    olga.locator(".conversations").evaluate("(list) => list.scrollTo(0, list.scrollHeight)")
    expect(first).not_to_have_attribute("aria-setsize", str(before))
    olga.get_by_label("Search by name or text").fill("Visitor 771")
    expect(olga.locator(".conversation-name")).to_have_text(["Visitor 771"])
    olga.get_by_label("Search by name or text").fill("")
    expect(numbers).to_have_text([str(MANY - 2), "1", str(MANY - 1)])
