"""Mail in the browser: an admin tries it, and a link resets a forgotten password."""

import re
from collections.abc import Generator

import pytest
from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.mail_server import MailServerProcess, running_mail_server
from tests.support.people import PASSWORD, post, request
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.web.pages import Pages
from tests.web.rooms import forget_tokens


@pytest.fixture(scope="module")
def mails() -> Generator[MailServerProcess]:
    with running_mail_server() as process:
        yield process


@pytest.fixture(scope="module")
def chat(ports: tuple[int, int], mails: MailServerProcess) -> Generator[ServerProcess]:
    """A server that mails; olga is its admin."""
    forget_tokens()
    settings = {
        "CHAT_MAIL_URL": f"smtp://127.0.0.1:{mails.port}?tls=none",
        "CHAT_MAIL_FROM": "Chat <chat@chat.example>",
        "CHAT_PUBLIC_URL": f"http://127.0.0.1:{ports[0]}",
    }
    with used_data_path() as data, running_server(data, port=ports[0], **settings) as server:
        post(f"{server.url}/api/v1/auth/register", {"name": "olga", "password": PASSWORD})
        command(server, "user", "role", "olga", "admin")
        yield server


@in_campaign
def test_an_admin_sends_a_test_mail_and_sees_what_was_given_up(
    pages: Pages, mails: MailServerProcess
) -> None:
    page = pages.at("olga", "/admin/mail")
    page.get_by_label("Email address").fill("never@example.com")
    page.get_by_role("button", name="Send test mail").click()
    expect(page.get_by_text("did not take the mail: 550 no such mailbox")).to_be_visible()
    page.get_by_label("Email address").fill("olga@example.com")
    page.get_by_role("button", name="Send test mail").click()
    expect(page.get_by_role("status").get_by_text("The mail server took the mail.")).to_be_visible()
    assert mails.next_mail()["to"] == ["olga@example.com"]
    expect(page.get_by_text("No mail is waiting.")).to_be_visible()


@in_campaign
def test_an_admin_invites_a_list_of_addresses_and_sees_what_became_of_each(
    pages: Pages, mails: MailServerProcess
) -> None:
    page = pages.at("olga", "/admin/people")
    page.get_by_role("button", name="Add person").click()
    page.get_by_text("By email").click()
    file = {"name": "new.csv", "mimeType": "text/csv", "buffer": b'name,mail\n"Dan, D.",dan@example.com\n'}
    page.get_by_label("Or a CSV file").set_input_files(file)  # type: ignore[arg-type]
    expect(page.get_by_label("Email addresses")).to_have_value(re.compile("dan@example.com"))
    page.get_by_role("button", name="Send invitations").click()
    expect(page.get_by_text("dan@example.comInvitation sent")).to_be_visible()
    expect(page.get_by_text("name,mailNot an email address")).to_be_visible()
    assert mails.next_mail()["to"] == ["dan@example.com"]


@in_campaign
def test_a_mailed_link_lets_its_person_in_with_a_new_password_or_without_one(
    pages: Pages, chat: ServerProcess, mails: MailServerProcess
) -> None:
    person = {"name": "ada", "password": "first words", "email": "ada@example.com"}
    assert request("POST", f"{pages.url}/api/v1/auth/register", person).is_success
    page = pages.open("/")
    page.get_by_text("Forgot your password?").click()
    page.get_by_label("Email address of your account").fill("ada@example.com")
    page.get_by_role("button", name="Send reset link").click()
    expect(page.get_by_text("If an account has this address, a link is on its way.")).to_be_visible()
    text = mails.next_mail()["message"].get_body(("plain",)).get_content()
    assert "the password of the account ada on" in text
    link = re.search(r"^http\S+", text, re.MULTILINE)
    assert link is not None
    page.goto(link[0])
    expect(page.get_by_text("Account: ada")).to_be_visible()
    page.get_by_label("New password").fill("second words")
    page.get_by_role("button", name="Set password and log in").click()
    expect(page.get_by_role("navigation", name="Rooms")).to_be_visible()
    expect(page).not_to_have_url(re.compile("#"))
    page.goto("about:blank")
    page.goto(link[0])
    expect(page.get_by_text("This link is used up")).to_be_visible()  # before a password is typed for nothing
    expect(page.get_by_label("New password")).not_to_be_attached()

    command(chat, "setting", "set", "login_links", "on")
    try:
        page.context.clear_cookies()
        page.goto("about:blank")
        page.goto(pages.url)
        page.get_by_text("Forgot your password?").click()
        page.get_by_label("Email address of your account").fill("ada@example.com")
        page.get_by_role("button", name="Send log-in link").click()
        expect(page.get_by_text("If an account has this address, a link is on its way.")).to_be_visible()
        text = mails.next_mail()["message"].get_body(("plain",)).get_content()
        link = re.search(r"^http\S+", text, re.MULTILINE)
        assert link is not None
        page.goto(link[0])
        expect(page.get_by_text("Account: ada")).to_be_visible()
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("navigation", name="Rooms")).to_be_visible()
        expect(page).not_to_have_url(re.compile("#"))
    finally:
        command(chat, "setting", "unset", "login_links")


@in_campaign
def test_an_address_is_confirmed_by_a_click_on_the_page_of_a_mailed_link(
    pages: Pages, mails: MailServerProcess
) -> None:
    person = {"name": "cleo", "password": PASSWORD, "email": "cleo@example.com"}
    assert request("POST", f"{pages.url}/api/v1/auth/register", person).is_success
    page = pages.at("cleo", "/settings/profile")
    page.get_by_role("button", name="Send confirmation link").click()
    expect(page.get_by_text("A link is on its way to cleo@example.com.")).to_be_visible()
    text = mails.next_mail()["message"].get_body(("plain",)).get_content()
    link = re.search(r"^http\S+", text, re.MULTILINE)
    assert link is not None
    opened = pages.open(link[0].removeprefix(pages.url))
    opened.get_by_label("Name or email address").fill("cleo")  # the link alone is not enough
    opened.get_by_label("Password", exact=True).fill(PASSWORD)
    opened.get_by_role("button", name="Log in").click()
    expect(opened.get_by_role("button", name="Confirm address")).to_be_visible()
    page.reload()
    expect(
        page.get_by_role("button", name="Send confirmation link")
    ).to_be_visible()  # opening it is not enough
    opened.get_by_role("button", name="Confirm address").click()
    expect(opened.get_by_text("Your address is confirmed.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("This address is confirmed.")).to_be_visible()
    page.goto(f"{pages.url}/settings/notifications")
    choice = page.get_by_label("Email about unread messages")
    expect(choice).to_have_value("900")
    choice.select_option(label="After an hour")
    expect(choice).to_be_enabled()
    page.reload()
    expect(choice).to_have_value("3600")


@in_campaign
def test_a_visitor_has_a_closed_conversation_mailed(
    pages: Pages, chat: ServerProcess, mails: MailServerProcess
) -> None:
    api = f"{chat.url}/api/v1"
    lena = post(f"{api}/auth/register", {"name": "lena", "password": PASSWORD}).json()["access"]
    command(chat, "user", "role", "lena", "operator")
    command(chat, "setting", "set", "widget_origins", "https://shop.example")
    headers = {"Authorization": f"Bearer {lena}"}
    panel = pages.empty()
    panel.goto(f"{chat.url}/widget")
    panel.get_by_label("Your message").fill("is it blue?")
    panel.get_by_role("button", name="Send").click()
    expect(panel.locator("time")).to_have_count(1)
    (room,) = (each["id"] for each in request("GET", f"{api}/support", headers=headers).json()["rooms"])
    said = {"key": "k", "text": "it is"}
    assert request("POST", f"{api}/rooms/{room}/messages", said, headers=headers).is_success
    page = pages.at("lena", f"/inbox/{room}")
    assert request("PATCH", f"{api}/support/{room}", {"state": "closed"}, headers=headers).is_success
    panel.get_by_role("button", name="Email me this conversation").click()
    panel.get_by_label("Email address").fill("mona@example.com")
    panel.get_by_role("button", name="Send email").click()
    expect(panel.get_by_text("The conversation is on its way to mona@example.com.")).to_be_visible()
    sent = mails.next_mail()
    assert sent["to"] == ["mona@example.com"]
    assert "is it blue?" in str(sent)
    page.get_by_role("heading", level=1).get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Email this conversation").click()
    dialog.get_by_label("Email address").fill("other@example.com")
    dialog.get_by_role("button", name="Send email").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Try again in")
