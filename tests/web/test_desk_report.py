"""The report of the desk in the page: figures by week and operator, and the same as CSV."""

from pathlib import Path

from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, post, request
from tests.support.server import ServerProcess
from tests.web.pages import Pages


@in_campaign
def test_operators_see_the_report_and_download_it(pages: Pages, chat: ServerProcess) -> None:
    api = f"{chat.url}/api/v1"
    tokens = {
        name: post(f"{api}/auth/register", {"name": name, "password": PASSWORD}).json()["access"]
        for name in ("rhys", "leah")
    }
    command(chat, "user", "role", "leah", "operator")
    rhys, leah = ({"Authorization": f"Bearer {tokens[name]}"} for name in ("rhys", "leah"))
    room = request("PUT", f"{api}/support", headers=rhys).json()["id"]
    for key, headers in (("a", rhys), ("b", leah)):
        said = {"key": key, "text": "words"}
        assert request("POST", f"{api}/rooms/{room}/messages", said, headers=headers).is_success
    page = pages.at("leah", "/settings/support_report")
    row = page.get_by_role("region", name="By who answered first").get_by_role("row").filter(has_text="leah")
    expect(row.get_by_role("cell").first).to_have_text("1")
    expect(page.locator(".desk-plot rect").first).to_be_attached()
    page.get_by_label("Time").select_option("53")
    expect(page.get_by_role("region", name="By week").get_by_role("row").last).to_contain_text("All")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download CSV").click()
    lines = Path(saved.value.path()).read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("week,operator,cases,")
    assert any(line.startswith(",leah,1,1,0,") for line in lines)
