"""Ratings in the page: the person of a closed conversation rates it, and operators see it at once."""

from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, post, request
from tests.support.server import ServerProcess
from tests.web.pages import Pages


@in_campaign
def test_a_closed_conversation_is_rated_and_operators_see_it(pages: Pages, chat: ServerProcess) -> None:
    api = f"{chat.url}/api/v1"
    tokens = {
        name: post(f"{api}/auth/register", {"name": name, "password": PASSWORD}).json()["access"]
        for name in ("rhea", "lena")
    }
    command(chat, "user", "role", "lena", "operator")
    rheas, lenas = ({"Authorization": f"Bearer {tokens[name]}"} for name in ("rhea", "lena"))
    room = request("PUT", f"{api}/support", headers=rheas).json()["id"]
    said = {"key": "k", "text": "my rake broke"}
    assert request("POST", f"{api}/rooms/{room}/messages", said, headers=rheas).is_success
    rhea, lena = pages.at("rhea", f"/room/{room}"), pages.at("lena", f"/inbox/{room}")
    expect(rhea.get_by_text("my rake broke", exact=True)).to_be_visible()
    expect(rhea.get_by_text("How was our help?")).to_have_count(0)
    closed = {"state": "closed"}
    assert request("PATCH", f"{api}/support/{room}", closed, headers=lenas).is_success
    rhea.get_by_role("button", name="Good").click()
    expect(lena.get_by_text("rhea rated our help as good")).to_be_visible()
    rhea.get_by_label("Anything to add?").fill("A new one came.\nThanks!")
    rhea.get_by_role("button", name="Send comment").click()
    expect(rhea.get_by_text("Thank you!")).to_be_visible()
    expect(lena.locator(".rating-comment")).to_have_text("A new one came. Thanks!")
    rhea.reload()
    rhea.get_by_role("button", name="Bad").click()
    expect(lena.get_by_text("rhea rated our help as bad")).to_be_visible()
    expect(rhea.get_by_label("Anything to add?")).to_have_value("A new one came.\nThanks!")
