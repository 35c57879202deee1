"""Two-factor authentication in the page: set up, asked for at the log-in, required, turned off."""

import re
import time
from base64 import b32decode
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chat.features.second_factor.codes import STEP, code_at
from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD
from tests.support.server import ServerProcess
from tests.web.pages import Pages

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}


def code_of(secret: bytes, steps: int = 0) -> str:
    """The code of now, or of a later step. That of the next step is good already, and for at least one step more."""
    return code_at(secret, int(time.time()) // STEP + steps)


def set_up(page: Page) -> tuple[bytes, list[str]]:
    """Go through the set-up that the page shows; returns the secret and the recovery codes."""
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Set up").click()
    code = page.get_by_role("img", name="QR code for an authenticator app")
    expect(code).to_be_visible()
    assert code.locator("path").evaluate(
        "each => [getComputedStyle(each).fill, getComputedStyle(each).stroke]"
    ) == [
        "rgb(0, 0, 0)",
        "none",  # a line around each module would hide those beside it
    ]
    secret = b32decode(page.get_by_label("Setup key").input_value())
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("alert")).to_have_text("Wrong code, or it was used before.")
    page.get_by_label("Code", exact=True).fill(code_of(secret))
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("group", name="Your recovery codes")).to_be_visible()
    codes = page.locator(".recovery-codes code").all_inner_texts()
    page.get_by_role("button", name="I saved these codes").click()
    return secret, codes


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name or email address").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


@in_campaign
def test_a_person_sets_it_up_logs_in_with_a_code_and_turns_it_off(pages: Pages) -> None:
    page = pages.of("fay", "/settings/security")
    section = page.locator("section", has=page.get_by_role("heading", name="Two-factor authentication"))
    section.get_by_role("button", name="Set up").click()
    secret, recovery = set_up(page)
    assert len(set(recovery)) == 10
    expect(section.locator(".tag")).to_have_text("On")
    expect(section).to_contain_text("Recovery codes left: 10")

    other = pages.open("/", **PHONE)
    log_in(other, "fay")
    code = other.get_by_label("Code", exact=True)
    expect(code).to_be_focused()
    expect(other.get_by_role("alert")).to_have_count(0)
    code.fill("111111")
    other.get_by_role("button", name="Log in").click()
    expect(other.get_by_role("alert")).to_have_text("Wrong code, or it was used before.")
    code.fill(recovery[0])
    other.get_by_role("button", name="Log in").click()
    expect(other.get_by_role("link", name="lobby")).to_be_visible()

    page.reload()
    expect(section).to_contain_text("Recovery codes left: 9")
    section.get_by_role("button", name="New recovery codes").click()
    section.get_by_label("Your password").fill(PASSWORD)
    section.get_by_label("Code", exact=True).fill(recovery[1])
    section.get_by_role("button", name="New recovery codes").click()
    expect(section.locator(".recovery-codes li")).to_have_count(10)
    section.get_by_role("button", name="I saved these codes").click()
    section.get_by_role("button", name="Turn off").click()
    section.get_by_label("Your password").fill("wrong")
    section.get_by_label("Code", exact=True).fill(code_of(secret, 1))
    section.get_by_role("button", name="Turn off").click()
    expect(section.get_by_role("alert")).to_have_text("Wrong password.")
    section.get_by_label("Your password").fill(PASSWORD)
    section.get_by_role("button", name="Turn off").click()
    expect(section.get_by_role("button", name="Set up")).to_be_visible()


@pytest.mark.parametrize(
    "options", [pytest.param({}, marks=in_campaign, id="wide"), pytest.param(PHONE, id="phone")]
)
def test_somebody_who_must_have_it_is_led_to_it_and_to_nothing_else(
    pages: Pages, chat: ServerProcess, options: dict[str, Any]
) -> None:
    name = f"must{len(options)}"
    page = pages.of(name, "/settings/profile", **options)
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    command(chat, "setting", "set", "second_factor", "operators")
    try:
        command(chat, "user", "role", name, "operator")
        heading = page.get_by_role("heading", level=1, name="Set up two-factor authentication")
        expect(heading).to_be_visible()  # an open page, too
        page.goto(f"{chat.url}/")
        expect(heading).to_be_visible()
        set_up(page)
        expect(page.get_by_role("link", name="lobby")).to_be_visible()
    finally:
        command(chat, "setting", "unset", "second_factor")
        command(chat, "user", "role", name, "member")


@in_campaign
def test_an_admin_requires_it_and_turns_it_off_for_somebody(pages: Pages, chat: ServerProcess) -> None:
    lost = pages.of("gus", "/settings/security")
    lost.get_by_role("button", name="Set up").click()
    set_up(lost)
    pages.person("hal")
    command(chat, "user", "role", "hal", "admin")
    page = pages.of("hal", "/admin/people")
    page.get_by_role("link", name=re.compile("gus")).click()
    page.get_by_role("button", name="Turn off two-factor authentication").click()
    page.get_by_role("dialog").get_by_role("button", name="Turn off two-factor authentication").click()
    expect(page.get_by_role("button", name="Turn off two-factor authentication")).to_have_count(0)
    page.goto(f"{chat.url}/admin/registration")
    try:
        page.locator("input[name=second_factor]").nth(1).click()
        page.get_by_role("dialog").get_by_role("button", name="Admins").click()
        heading = page.get_by_role("heading", level=1, name="Set up two-factor authentication")
        expect(heading).to_be_visible()
    finally:
        command(chat, "setting", "unset", "second_factor")
    page.reload()
    expect(page.locator("input[name=second_factor]").first).to_be_checked()
    expect(heading).to_have_count(0)
    page.goto(f"{chat.url}/admin/audit")
    expect(page.get_by_text("hal turned off two-factor authentication for gus")).to_be_visible()
    command(chat, "user", "role", "hal", "member")
