"""The whole way in Chromium, over TLS, with a certified provider: logging in, linking, logging out on both sides."""

import re
from base64 import b64encode
from collections.abc import Generator
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.features.oidc.real_provider import RealProvider, running_provider
from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.web.conftest import WHOLE, WITHOUT_WINDOWS, launched
from tests.web.pages import Pages
from tests.web.ports import free_port
from tests.web.spare_contexts import SpareContexts

ACCOUNTS = {
    "ada": {"email": "ada@example.com", "email_verified": True, "groups": ["admins", "others"]},
    "ben": {},
    "link": {},
}
ROOMS = "Rooms"

_FONTS = "https://fonts.googleapis.com/"
"""Another host, which the provider's own pages ask."""


@pytest.fixture(scope="module")
def place() -> tuple[int, int]:
    return free_port(), free_port()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the server's certificate, its key, and who signed it."""
    directory = tmp_path_factory.mktemp("tls")
    signer = trustme.CA()
    issued = signer.issue_cert("localhost", "127.0.0.1")
    issued.private_key_pem.write_to_path(directory / "key.pem")
    for number, blob in enumerate(issued.cert_chain_pems):
        blob.write_to_path(directory / "cert.pem", append=number > 0)
    signer.cert_pem.write_to_path(directory / "signer.pem")
    return directory


@pytest.fixture(scope="module")
def provider(
    place: tuple[int, int], authority: Path, tmp_path_factory: pytest.TempPathFactory
) -> Generator[RealProvider]:
    chat = f"https://localhost:{place[0]}"
    directory = tmp_path_factory.mktemp("provider")
    with running_provider(place[1], chat, directory, ACCOUNTS, authority / "signer.pem") as running:
        yield running


@pytest.fixture(scope="module")
def chat(place: tuple[int, int], provider: RealProvider, authority: Path) -> Generator[ServerProcess]:
    """A server with TLS that lets people log in by the provider."""
    tls = {"CHAT_TLS_CERT": str(authority / "cert.pem"), "CHAT_TLS_KEY": str(authority / "key.pem")}
    with used_data_path() as data, running_server(data, port=place[0], **tls, **provider.settings) as server:
        command(server, "setting", "set", "outbound_hosts", "127.0.0.1")
        yield server


@pytest.fixture(scope="module")
def browser(playwright: Playwright, authority: Path) -> Generator[Browser]:
    """A browser that trusts the server's key: it caches no file of a server whose certificate it only forgives."""
    certificate = x509.load_pem_x509_certificate((authority / "cert.pem").read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    trusted = f"--ignore-certificate-errors-spki-list={b64encode(sha256(key).digest()).decode()}"
    with launched(playwright, WITHOUT_WINDOWS, WHOLE, flags=[trusted]) as browser:
        yield browser


@pytest.fixture(scope="module")
def spare(place: tuple[int, int]) -> Generator[SpareContexts]:
    """The browser that each test finds as if nobody had used it."""
    with SpareContexts(f"https://localhost:{place[0]}") as spare:
        yield spare


@pytest.fixture
def pages(
    browser: Browser, provider: RealProvider, chat: ServerProcess, spare: SpareContexts
) -> Generator[Pages]:
    with Pages(browser, provider.settings["CHAT_PUBLIC_URL"], spare) as pages:
        pages.visits(provider.issuer)
        yield pages
        pages.faults[:] = [each for each in pages.faults if _FONTS not in each]


@pytest.fixture
def page(pages: Pages) -> Page:
    return pages.open("/")


def consent(page: Page, name: str) -> None:
    """Log in at the provider, under any password, and consent."""
    page.wait_for_url("**/interaction/**")
    page.locator("[name=login]").fill(name)
    page.locator("[name=password]").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()


def log_in(page: Page, name: str) -> None:
    page.get_by_role("link", name="Continue with Team ID").click()
    consent(page, name)
    expect(page.get_by_role("navigation", name=ROOMS)).to_be_visible()


def log_out(page: Page) -> None:
    page.get_by_role("button", name=re.compile("Settings and log out")).click()
    page.get_by_role("menuitem", name="Log out").click()
    page.get_by_role("dialog").get_by_role("button", name="Log out").click()


def test_somebody_logs_in_with_a_role_and_out_on_both_sides(page: Page, provider: RealProvider) -> None:
    context = page.context
    page.get_by_role("link", name="Continue with Team ID").click()
    page.wait_for_url("**/interaction/**")
    (cookie,) = [each for each in context.cookies() if "chat_oidc" in each["name"]]
    assert cookie["name"] == "__Host-chat_oidc"
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
    consent(page, "ada")
    expect(page.get_by_role("navigation", name=ROOMS)).to_be_visible()
    assert "code=" not in page.url
    assert not [each for each in context.cookies() if "chat_oidc" in each["name"]]
    page.goto(f"{provider.settings['CHAT_PUBLIC_URL']}/admin")
    expect(page.get_by_role("heading", name="Administration")).to_be_visible()
    page.goto(provider.settings["CHAT_PUBLIC_URL"])
    log_out(page)
    page.wait_for_url(f"{provider.issuer}/session/end**")
    page.get_by_role("button", name="Yes, sign me out").click()
    expect(page.get_by_role("link", name="Continue with Team ID")).to_be_visible()
    page.get_by_role("link", name="Continue with Team ID").click()
    page.wait_for_url("**/interaction/**")  # the provider knows nobody any more
    expect(page.locator("[name=login]")).to_be_visible()


@in_campaign
def test_a_log_out_at_the_provider_ends_the_page(page: Page, provider: RealProvider) -> None:
    log_in(page, "ben")
    other = page.context.new_page()
    other.goto(f"{provider.issuer}/session/end")
    other.get_by_role("button", name="Yes, sign me out").click()
    expect(page.get_by_text("You were logged out")).to_be_visible()


@in_campaign
def test_somebody_with_a_password_links_and_unlinks_their_account(page: Page, provider: RealProvider) -> None:
    home = provider.settings["CHAT_PUBLIC_URL"]
    person = {"name": "link-person", "password": PASSWORD}
    assert httpx.post(f"{home}/api/v1/auth/register", json=person, verify=False).is_success
    page.get_by_label("Name or email address").fill("link-person")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("navigation", name=ROOMS)).to_be_visible()
    page.goto(f"{home}/settings")
    page.get_by_role("link", name="Linked account").click()
    page.goto(f"{home}/oidc?link=1")  # as another site may send somebody
    page.get_by_role("button", name="Link Team ID").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your password").fill("a wrong password")
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Your password").fill(PASSWORD)
    dialog.get_by_role("button", name="Continue").click()
    consent(page, "link")
    expect(page.get_by_text("Your account has been linked with Team ID")).to_be_visible()
    page.get_by_role("button", name="Unlink").click()
    page.get_by_role("dialog").get_by_role("button", name="Unlink").click()
    expect(page.get_by_role("button", name="Link Team ID")).to_be_visible()


@in_campaign
def test_a_stranger_is_refused_clearly_where_registration_is_closed(page: Page, chat: ServerProcess) -> None:
    command(chat, "setting", "set", "registration", "closed")
    try:
        page.get_by_role("link", name="Continue with Team ID").click()
        consent(page, "stranger")
        expect(page.get_by_role("alert")).to_contain_text("registration is closed")
        with page.expect_request("**/auth/oidc/begin"):
            page.get_by_role("link", name="Try again").click()
    finally:
        command(chat, "setting", "unset", "registration")


@in_campaign
def test_an_invitation_admits_somebody_new_by_the_provider(page: Page, chat: ServerProcess) -> None:
    command(chat, "setting", "set", "registration", "invite")
    try:
        home = page.url
        page.goto(command(chat, "user", "invite", "--url", home).split()[0])
        page.get_by_role("link", name="Continue with Team ID").click()
        consent(page, "invited")
        expect(page.get_by_role("navigation", name=ROOMS)).to_be_visible()
    finally:
        command(chat, "setting", "unset", "registration")


@in_campaign
def test_after_a_log_in_the_page_stays_on_its_site(page: Page, provider: RealProvider) -> None:
    home = provider.settings["CHAT_PUBLIC_URL"]
    for path in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        page.goto(
            f"{home}/oidc?{urlencode({'next': path})}"
        )  # from elsewhere: nothing begins without a click
        page.get_by_role("button", name="Continue with Team ID").click()
        if path == "https://evil.example/":
            consent(page, "ben")  # then the provider knows who it is
        expect(page.get_by_role("navigation", name=ROOMS)).to_be_visible()
        assert page.url.startswith(f"{home}/"), path
        page.context.clear_cookies(domain="localhost")


@in_campaign
def test_who_cancels_at_the_provider_comes_back(page: Page) -> None:
    page.get_by_role("link", name="Continue with Team ID").click()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("You cancelled")


@in_campaign
def test_with_passwords_off_the_page_asks_for_none_and_a_command_is_the_way_back(
    page: Page, chat: ServerProcess
) -> None:
    command(chat, "setting", "set", "login", "sso")
    try:
        page.reload()
        expect(page.get_by_role("link", name="Continue with Team ID")).to_be_visible()
        expect(page.get_by_label("Password", exact=True)).to_have_count(0)
    finally:
        command(chat, "setting", "set", "login", "both")
    page.reload()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
