"""An admin exports and imports in the page: the whole way, with the process that does it."""

from pathlib import Path
from zipfile import ZipFile

from playwright.sync_api import expect

from tests.imports.slack_exports import made, message
from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, post
from tests.support.server import ServerProcess
from tests.web.pages import Pages


@in_campaign
def test_an_admin_exports_the_server_and_imports_another_chat(
    pages: Pages, chat: ServerProcess, tmp_path: Path
) -> None:
    post(f"{chat.url}/api/v1/auth/register", {"name": "archivist", "password": PASSWORD})
    command(chat, "user", "role", "archivist", "admin")
    page = pages.at("archivist", "/admin/archives")
    part = page.locator(".transfer").first
    part.get_by_label("Your password").fill(PASSWORD)
    part.get_by_role("button", name="Start export").click()
    expect(part.get_by_text("The export is ready")).to_be_visible(timeout=30_000)
    with page.expect_download() as download:
        part.get_by_role("button", name="Download export").click()
    assert download.value.suggested_filename.startswith("archive-")
    with ZipFile(download.value.path()) as archive:
        assert b'"name":"archivist"' in archive.read("people.jsonl")
    expect(part.locator("p > b")).to_have_text("The whole server")
    part.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(part.get_by_text("The export is ready")).to_have_count(0)
    part.get_by_label("Person", exact=True).check()
    part.get_by_label("Name or number of the person").fill("nobody at all")
    part.get_by_label("Your password").fill(PASSWORD)
    part.get_by_role("button", name="Start export").click()
    expect(part.get_by_text("There is nobody named “nobody at all”.")).to_be_visible()
    part.get_by_label("Name or number of the person").fill("Archivist")
    part.get_by_role("button", name="Start export").click()
    expect(part.get_by_text("The export is ready")).to_be_visible(timeout=30_000)
    expect(part.locator("p > b")).to_have_text("Person: archivist")
    with page.expect_download() as of_person:
        part.get_by_role("button", name="Download export").click()
    assert of_person.value.suggested_filename.startswith("archive-person-")
    part = page.locator(".transfer").last
    part.get_by_label("Where the file is from").select_option("Slack")
    users = [{"id": "U1", "team_id": "T-page", "name": "moved-otto", "profile": {}}]
    pond = {"id": "C1", "name": "moved-brook", "created": 1500000000, "members": ["U1"]}
    days = {"moved-brook/2020-09-13": [message("1600000001.0", "hello"), {"type": "unknown"}]}
    lists = {"users": users, "channels": [pond], "groups": [], "mpims": [], "dms": []}
    part.get_by_label("File", exact=True).set_input_files(made(tmp_path / "export.zip", days, **lists))
    part.get_by_label("Your password").fill(PASSWORD)
    part.get_by_role("button", name="Upload and check").click()
    expect(part.get_by_text("Nothing is imported yet.")).to_be_visible(timeout=30_000)
    expect(part.get_by_role("row", name="Messages 1 0")).to_be_visible()
    expect(part.get_by_role("listitem")).to_contain_text("messages that are not as Slack writes them")
    part.get_by_role("button", name="Start import").click()
    expect(part.get_by_text("The import is complete.")).to_be_visible(timeout=30_000)
    expect(part.get_by_role("row", name="Messages 1 0 1")).to_be_visible()
    part.get_by_role("button", name="Import another file").click()
    expect(part.get_by_label("Where the file is from")).to_be_visible()
