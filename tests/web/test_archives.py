"""An admin exports the server in the page: the whole way, with the process that does it."""

from zipfile import ZipFile

from playwright.sync_api import expect

from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, post
from tests.support.server import ServerProcess
from tests.web.pages import Pages


def test_an_admin_exports_the_server_and_downloads_the_archive(pages: Pages, chat: ServerProcess) -> None:
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
    part.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(part.get_by_text("The export is ready")).to_have_count(0)
