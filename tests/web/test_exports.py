"""Somebody exports their own data in the browser."""

from zipfile import ZipFile

from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.support.people import PASSWORD
from tests.web.pages import Pages


@in_campaign
def test_a_person_exports_and_downloads_their_data(pages: Pages) -> None:
    ada = pages.of("ada", "/settings/export")
    expect(ada.get_by_role("heading", name="Export your data")).to_be_visible()
    for password in ("not it at all", PASSWORD):
        ada.get_by_label("Your password").fill(password)
        ada.get_by_role("button", name="Start export").click()
        if password != PASSWORD:
            expect(ada.get_by_text("Wrong password.")).to_be_visible()
    button = ada.get_by_role("button", name="Download export")
    expect(button).to_be_visible()
    expect(ada.get_by_text("Your export is ready")).to_be_visible()
    with ada.expect_download() as download:
        button.click()
    assert download.value.suggested_filename.startswith("export-")
    with ZipFile(download.value.path()) as archive:
        assert b'"name":"ada' in archive.read("person.jsonl")
    ada.get_by_label("Your password").fill(PASSWORD)
    ada.get_by_role("button", name="Start export").click()
    expect(ada.get_by_text("You already exported your data within the last hour.")).to_be_visible()
