"""Somebody starts a server, sets it up in the browser, and invites somebody else: both talk."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.support.campaign import in_campaign
from tests.support.people import PASSWORD, eventually
from tests.support.processes import needs_proc, postgres_under, stopped
from tests.support.server import ServerProcess
from tests.web.pages import Pages
from tests.web.setting_up import printed_code


def fill_account(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(password)


def say(page: Page, text: str) -> None:
    box = page.get_by_role("textbox", name="Message", exact=False)
    box.fill(text)
    box.press("Enter")


def said(page: Page, text: str) -> Locator:
    return page.locator(".message").get_by_text(text, exact=True)


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1, name=text)).to_be_visible()


@pytest.fixture
def code(chat: ServerProcess) -> str:
    return printed_code(chat)


def test_a_code_that_was_not_printed_is_mended_in_its_field(pages: Pages, code: str) -> None:
    page = pages.open("/setup#ABCD-EFGH")
    heading(page, "Your chat is running")
    fill_account(page, "mallory")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_label("Setup code")).to_have_value("ABCD-EFGH")
    expect(page.get_by_text("Wrong setup code.")).to_be_visible()
    page.get_by_label("Setup code").fill(code)
    fill_account(page, "mallory", "x")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("The password is shorter than")).to_be_visible()
    expect(page.get_by_label("Setup code")).to_have_value(code)
    page.evaluate("() => { location.hash = '#JKLM-NOPQ'; }")
    expect(page.get_by_label("Setup code")).to_have_count(0)
    expect(page.get_by_label("Name", exact=True)).to_have_value("mallory")


def test_a_code_that_is_typed_before_the_server_answers_stays(pages: Pages) -> None:
    page = pages.empty()
    asked: list[Route] = []
    page.route("**/api/v1/setup", lambda route: asked.append(route))
    with page.expect_request("**/api/v1/setup"):
        page.goto(f"{pages.url}/setup")
    page.get_by_label("Setup code").fill("ABCD-EFGH")
    with page.expect_response("**/api/v1/setup"):
        asked[0].fulfill(status=503, json={"error": "not yet", "code": "unavailable"})
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Setup code")).to_have_value("ABCD-EFGH")


def test_a_set_up_after_lost_data_starts_again(pages: Pages, code: str) -> None:
    page = pages.open("/")
    page.evaluate("""() => localStorage.setItem("chat.setup", JSON.stringify({ step: 3 }))""")
    page.goto(f"{pages.url}/setup#{code}")
    heading(page, "Your chat is running")


@in_campaign
@needs_proc
def test_a_database_that_is_silent(pages: Pages, chat: ServerProcess, code: str) -> None:
    page = pages.open(f"/setup#{code}")
    heading(page, "Your chat is running")
    fill_account(page, "ada")
    with stopped(postgres_under(chat.process.pid)):
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_text("The database stopped responding.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("ada")


@in_campaign
def test_the_first_ten_minutes(pages: Pages, chat: ServerProcess, code: str) -> None:
    late = pages.open(f"/setup#{code}")
    heading(late, "Your chat is running")
    page = pages.open("/")
    page.get_by_role("link", name="Set up").click()
    heading(page, "Your chat is running")

    ada = pages.open(f"/setup#{code}", worker=True)
    fill_account(ada, "ada", "x")
    ada.get_by_role("button", name="Next").click()
    expect(ada.get_by_text("The password is shorter than")).to_be_visible()
    fill_account(ada, "ada")
    ada.get_by_role("button", name="Next").click()
    heading(ada, "Server name and access")
    assert code not in ada.url
    held: list[Route] = []
    ada.route("**/api/v1/setup", lambda route: held.append(route))
    ada.reload()
    heading(ada, "Server name and access")
    eventually(lambda: ada.evaluate("() => true") and bool(held), "the page asks what holds now")
    expect(ada.get_by_role("radio")).to_have_count(0)  # the answer would take back what is chosen before
    held.pop().continue_()
    ada.unroute("**/api/v1/setup")
    expect(ada.get_by_role("radio", name="Invited people")).to_be_checked()
    expect(ada.get_by_text("Only people with an account can read the lobby.")).to_be_visible()
    ada.get_by_role("radio", name="Anyone").check()
    expect(ada.get_by_text("Strangers can read the lobby without logging in")).to_be_visible()
    ada.get_by_role("radio", name="Invited people").check()
    expect(ada.get_by_text("This address only works on this computer.")).to_be_visible()
    expect(ada.get_by_label("Public address")).to_have_value(chat.url)
    expect(ada.get_by_label("Server name")).to_have_value("trio-chat")
    ada.get_by_label("Server name").fill("Ada's place")
    ada.get_by_role("button", name="Next").click()
    heading(ada, "Your first room")
    ada.get_by_label("Room name").fill("garden")
    ada.get_by_role("button", name="Create room").click()
    heading(ada, "Invite others")
    link = ada.get_by_label("Invitation link").input_value()
    ada.reload()
    expect(ada.get_by_label("Invitation link")).to_have_value(link)
    assert link.startswith(f"{chat.url}/i/")
    expect(ada.get_by_text("This link only works on this computer.")).to_be_visible()
    ada.get_by_role("button", name="Open the chat").click()
    heading(ada, "garden")
    beginning = ada.locator(".timeline-start")
    beginning.get_by_role("button", name="Add a topic").click()
    ada.get_by_label("Topic").fill("What grows")
    ada.get_by_role("button", name="Save").click()
    expect(beginning.get_by_text("What grows")).to_be_visible()
    expect(beginning.get_by_role("button")).to_have_text(
        [re.compile("Invite by link"), re.compile("Add people")]
    )

    # Whoever had the page open meanwhile is too late.
    fill_account(late, "eve")
    late.get_by_role("button", name="Next").click()
    heading(late, "This server is already set up")
    late.get_by_role("link", name="Log in").click()
    heading(late, "Welcome to Ada's place")
    expect(late.get_by_text("To join, open the invitation")).to_be_visible()

    ben = pages.open(link.removeprefix(chat.url), worker=True)
    heading(ben, "Join garden")
    fill_account(ben, "ben")
    ben.get_by_role("button", name="Create an account").click()
    heading(ben, "garden")
    expect(beginning.get_by_role("button")).to_have_count(0)
    say(ben, "hello, I am new here")
    expect(said(ada, "hello, I am new here")).to_be_visible()
    say(ada, "welcome, ben")
    expect(said(ben, "welcome, ben")).to_be_visible()
    ben.reload()
    expect(said(ben, "welcome, ben")).to_have_count(1)
    first = ben.evaluate("() => document.styleSheets[0].href.split('/').at(-1)")
    assert first == "sign_in.css", "the others change what this says"
