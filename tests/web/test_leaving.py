"""Somebody deletes their own account in the browser."""

from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.support.people import PASSWORD
from tests.web.pages import Pages


@in_campaign
def test_a_person_deletes_the_account_after_reading_what_stays(pages: Pages) -> None:
    ada = pages.of("ada", "/settings/leaving")
    leave = ada.get_by_role("button", name="Delete account")
    expect(leave).to_be_disabled()
    ada.get_by_role("radio", name="Keep my messages, remove my name").check()
    leave = ada.get_by_role("button", name="Delete account and name")
    ada.get_by_label("Your password").fill("not it at all")
    for password, is_right in (("not it at all", False), (PASSWORD, True)):
        ada.get_by_label("Your password").fill(password)
        leave.click()
        asked = ada.get_by_role("dialog", name="Delete your account permanently?")
        expect(asked).to_contain_text("stay under a name like “deleted-7”")
        asked.get_by_role("button", name="Delete account and name").click()
        if not is_right:
            expect(ada.get_by_text("Wrong password.")).to_be_visible()
    expect(ada.get_by_role("button", name="Log in")).to_be_visible()
