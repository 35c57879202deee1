"""Passkeys in Chromium, with its virtual authenticator: added, used to log in and in place of a code, removed."""

from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, register
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.web.pages import PATIENCE
from tests.web.ports import free_port

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def chat() -> Generator[ServerProcess]:
    """A server at a name: browsers make no passkeys for numeric addresses."""
    port = free_port()
    with (
        used_data_path() as data,
        running_server(data, port=port, CHAT_PUBLIC_URL=f"http://localhost:{port}") as server,
    ):
        yield server


class Device:
    """A browser with an authenticator."""

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.home = home
        self.page: Page = context.new_page()
        self._devtools: CDPSession = context.new_cdp_session(self.page)
        self._devtools.send("WebAuthn.enable", {"enableUI": False})
        made = self._devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        self._id = made["authenticatorId"]

    def touches(self, is_there: bool) -> None:
        """Whether somebody is there to touch it."""
        self._ask("setAutomaticPresenceSimulation", enabled=is_there)

    def verifies(self, is_right: bool) -> None:
        """Whether the PIN or the finger is the right one."""
        self._ask("setUserVerified", isUserVerified=is_right)

    def lists_nothing(self) -> None:
        """Let the browser offer no list beside the field: what it chooses there logs in before a button is clicked."""
        self.page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = undefined")

    def credentials(self) -> list[dict[str, Any]]:
        """What it keeps."""
        return list(self._ask("getCredentials")["credentials"])

    def _ask(self, what: str, **about: Any) -> dict[str, Any]:
        return dict(self._devtools.send(f"WebAuthn.{what}", {"authenticatorId": self._id, **about}))

    def log_in(self, name: str) -> None:
        self.page.get_by_label("Name or email address").fill(name)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Log in", exact=True).click()

    def log_out(self) -> None:
        """Forget the log-in; the authenticator stays."""
        self.page.context.clear_cookies()
        self.page.goto("about:blank")
        self.page.goto(self.home)

    def is_in(self) -> None:
        expect(self.page.get_by_role("link", name="lobby")).to_be_visible()


@pytest.fixture
def device(browser: Browser, chat: ServerProcess) -> Generator[Device]:
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    yield Device(context, chat.url.replace("127.0.0.1", "localhost"))
    context.close()


@in_campaign
def test_a_passkey_is_added_logs_in_takes_the_place_of_a_code_and_is_removed(
    device: Device, chat: ServerProcess
) -> None:
    register(chat.url, "ada")
    device.lists_nothing()
    page = device.page
    page.goto(f"{device.home}/settings/security")
    device.log_in("ada")
    section = page.locator("section", has=page.get_by_role("heading", name="Passkeys"))
    section.get_by_role("button", name="Add a passkey").click()
    section.get_by_label("Name", exact=True).fill("laptop")
    section.get_by_label("Your password").fill(PASSWORD)
    device.verifies(False)
    section.get_by_role("button", name="Add a passkey").click()
    expect(section.get_by_role("alert")).to_have_text("You cancelled, or it took too long. Try again.")
    device.verifies(True)
    section.get_by_role("button", name="Add a passkey").click()
    codes = section.locator(".recovery-codes code")
    expect(codes).to_have_count(10)
    spare = codes.all_inner_texts()[0]
    section.get_by_role("button", name="I saved these codes").click()
    (kept,) = device.credentials()
    assert (kept["rpId"], kept["isResidentCredential"]) == ("localhost", True)
    section.get_by_role("button", name="Rename laptop").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("phone")
    dialog.get_by_role("button", name="Save").click()
    expect(section.locator(".row-title")).to_have_text("phone")
    factor = page.locator("section", has=page.get_by_role("heading", name="Two-factor authentication"))
    expect(factor).to_contain_text("Recovery codes left: 10")

    # Alone.
    device.touches(False)
    device.log_out()
    expect(page.get_by_role("button", name="Log in with a passkey")).to_be_visible()
    device.touches(True)
    page.get_by_role("button", name="Log in with a passkey").click()
    device.is_in()

    # After the password.
    device.touches(False)
    device.log_out()
    device.log_in("ada")
    expect(page.get_by_label("Code", exact=True)).to_be_visible()
    device.touches(True)
    page.get_by_role("button", name="Use a passkey").click()
    device.is_in()

    page.goto(f"{device.home}/settings/security")
    section.get_by_role("button", name="Remove phone").click()
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_label("Code", exact=True).fill(spare)
    dialog.get_by_role("button", name="Remove").click()
    expect(section.locator(".row-title")).to_have_count(0)
    expect(factor.get_by_role("button", name="Set up")).to_be_visible()
    expect(factor.locator(".tag")).to_have_count(0)


@in_campaign
def test_somebody_who_must_have_a_second_factor_adds_a_passkey(device: Device, chat: ServerProcess) -> None:
    register(chat.url, "must")
    command(chat, "setting", "set", "second_factor", "everybody")
    try:
        device.page.goto(device.home)
        device.log_in("must")
        device.page.get_by_role("button", name="Add a passkey").click()
        passwords = device.page.get_by_label("Your password")
        expect(passwords).to_have_count(2)  # the first is the one of codes
        passwords.last.fill(PASSWORD)
        device.page.get_by_role("button", name="Add a passkey").click()
        device.page.get_by_role("button", name="I saved these codes").click()
        device.is_in()
    finally:
        command(chat, "setting", "unset", "second_factor")


@in_campaign
def test_the_field_for_the_name_offers_the_passkeys_of_the_browser(
    device: Device, chat: ServerProcess
) -> None:
    register(chat.url, "list")
    page = device.page
    page.goto(f"{device.home}/settings/security")
    device.log_in("list")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("button", name="I saved these codes").click()
    expect(page.get_by_text("Recovery codes left: 10")).to_be_visible()
    device.log_out()  # what the person would choose in the list, the virtual authenticator chooses
    device.is_in()
