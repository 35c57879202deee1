"""The log-in page: logging in, registering, and their errors."""

import threading
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.campaign import in_campaign
from tests.support.people import PASSWORD, post, request
from tests.support.processes import needs_proc, postgres_under, stopped
from tests.support.server import ServerProcess
from tests.system.relay import Relay, relay_to
from tests.web.connection import register_worker
from tests.web.pages import Pages
from tests.web.setting_up import printed_code


@pytest.fixture(scope="module")
def admin(chat: ServerProcess) -> dict[str, str]:
    """The token of grace, the admin."""
    body = {"code": printed_code(chat), "name": "grace", "password": PASSWORD}
    made = post(f"{chat.url}/api/v1/setup", body)
    assert made.status_code == 201, made.text
    return {"Authorization": f"Bearer {made.json()['access']}"}


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name or email address").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def register(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Create an account").click()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1, name=text)).to_be_visible()


def call(chat: ServerProcess, method: str, path: str, body: object, headers: dict[str, str]) -> Any:
    answer = request(method, f"{chat.url}/api/v1{path}", body, headers=headers)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


@pytest.mark.usefixtures("admin")
def test_new_people_register_by_the_policy(pages: Pages) -> None:
    pages.person("taken")
    page = pages.open("/")
    heading(page, "Welcome to trio-chat")
    page.get_by_role("button", name="Create an account").click()
    heading(page, "Join trio-chat")
    register(page, "Taken")
    expect(page.get_by_text("That name is taken or too similar to another one.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Taken")
    register(page, "ada!!")
    expect(page.get_by_text("A name has 1 to")).to_be_visible()
    register(page, "ada")
    expect(page.get_by_role("link", name="Lobby").first).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="Lobby").first).to_be_visible()


@in_campaign
def test_a_style_that_cannot_be_fetched_is_fetched_again(pages: Pages) -> None:
    page = pages.of("finn")
    page.route("**/page/shell.css", lambda route: route.abort())
    for _ in range(2):  # where it was known who is logged in, it is fetched before the page's modules run
        page.reload()
        again = page.get_by_role("button", name="Try again")
        expect(again).to_be_visible()
    page.unroute("**/page/shell.css")
    again.click()
    expect(page.locator(".shell")).to_have_css("display", "grid")


def test_nobody_registers_where_it_is_closed(
    pages: Pages, chat: ServerProcess, admin: dict[str, str]
) -> None:
    try:
        for policy, got in (
            ("closed", "Registration is closed."),
            ("invite", "To join, open the invit"),
        ):
            call(chat, "PATCH", "/admin/settings", {"registration": policy}, admin)
            page = pages.open("/")
            expect(page.get_by_text(got)).to_be_visible()
            expect(page.get_by_role("button", name="Create an account")).to_have_count(0)
    finally:
        call(chat, "PATCH", "/admin/settings", {"registration": None}, admin)


@pytest.mark.usefixtures("admin")
def test_repeated_wrong_passwords_have_to_wait(pages: Pages) -> None:
    pages.person("guessed")
    page = pages.open("/")
    log_in(page, "guessed", "wrong")
    expect(page.get_by_role("alert")).to_have_text("Wrong name or password.")
    expect(page.get_by_label("Name or email address")).to_have_value("guessed")
    waits = page.get_by_role("alert").filter(has_text="Too many attempts.")
    button = page.get_by_role("button", name="Log in")
    for _ in range(20):
        with page.expect_response("**/auth/login") as answered:
            button.click()
        if answered.value.status == 429:
            break
        expect(button).to_have_text("Log in")
    expect(waits).to_contain_text("Try again in")
    expect(button).to_be_disabled()


def test_a_disabled_account_gets_a_message_of_its_own(
    pages: Pages, chat: ServerProcess, admin: dict[str, str]
) -> None:
    person = pages.person("dora")["me"]["id"]
    page = pages.of("dora")
    expect(page.get_by_role("link", name="Lobby").first).to_be_visible()
    call(chat, "PATCH", f"/admin/people/{person}", {"disabled": True}, admin)
    heading(page, "Welcome to trio-chat")
    log_in(page, "dora")
    expect(page.get_by_role("alert")).to_have_text("This account is disabled. Contact an admin.")


@pytest.mark.usefixtures("admin")
def test_logging_in_again_returns_to_the_same_place(pages: Pages, chat: ServerProcess) -> None:
    ended = pages.person("ended")
    token = {"Authorization": f"Bearer {ended['access']}"}
    room = call(chat, "POST", "/rooms", {"name": "their place"}, token)["id"]
    page = pages.of("ended", f"/room/{room}")
    heading(page, "their place")
    call(chat, "DELETE", "/me/sessions", None, token)
    expect(page.get_by_role("alert")).to_contain_text("You were logged out from another device")
    assert page.url.endswith(f"/room/{room}")
    log_in(page, "ended")
    heading(page, "their place")


def test_an_invitation_serves_old_and_new_people_and_then_nobody(
    pages: Pages, chat: ServerProcess, admin: dict[str, str]
) -> None:
    room = call(chat, "POST", "/rooms", {"name": "pond", "private": True}, admin)["id"]
    invite = call(chat, "POST", "/invites", {"room": room, "uses": 3}, admin)["url"]
    pages.person("old")
    old = pages.open(invite)
    heading(old, "Join pond")
    old.get_by_role("button", name="Log in").click()
    log_in(old, "old")
    heading(old, "pond")
    inside = pages.of("inside", invite)
    inside.get_by_role("button", name="Join as inside").click()
    heading(inside, "pond")
    new = pages.open(invite)
    register(new, "new")
    heading(new, "pond")
    late = pages.open(invite)
    expect(late.get_by_role("alert")).to_contain_text("This invitation is used up, revoked or expired.")
    late.get_by_role("link", name="Go to the start page").click()
    heading(late, "Welcome to trio-chat")


@in_campaign
@needs_proc
@pytest.mark.usefixtures("admin")
def test_a_database_that_is_silent(pages: Pages, chat: ServerProcess) -> None:
    pages.person("patient")
    page = pages.open("/")
    heading(page, "Welcome to trio-chat")
    with stopped(postgres_under(chat.process.pid)):
        log_in(page, "patient")
        expect(page.get_by_text("The server's database is not responding")).to_be_visible()
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="Lobby").first).to_be_visible()


@in_campaign
@pytest.mark.usefixtures("admin")
def test_a_server_that_is_away_comes_back_by_itself(pages: Pages, relay: Relay) -> None:
    page = pages.open("/", url=relay.url, worker=True)
    heading(page, "Welcome to trio-chat")
    register_worker(page)
    with relay.cut():
        page.reload()
        expect(page.get_by_text("The server is not responding").first).to_be_visible()
    heading(page, "Welcome to trio-chat")
    expect(page.get_by_text("The server is not responding")).to_have_count(0)


@in_campaign
@pytest.mark.usefixtures("admin")
def test_a_silent_server_is_not_awaited(pages: Pages, chat: ServerProcess) -> None:
    may_go_on = threading.Event()

    def hold(data: bytes, _host: str) -> bytes:
        if data.startswith(b"GET / "):
            may_go_on.wait()
        return data

    may_go_on.set()
    with relay_to(chat.url, hold) as relay:
        page = pages.open("/", url=relay.url, worker=True)
        heading(page, "Welcome to trio-chat")
        register_worker(page)
        may_go_on.clear()
        try:
            page.reload()
            heading(page, "Welcome to trio-chat")
        finally:
            may_go_on.set()
