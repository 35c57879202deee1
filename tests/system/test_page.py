"""The page at `/`, in a real browser."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    Route,
    expect,
    sync_playwright,
)

from tests.support import command_line
from tests.support.people import PASSWORD, Person, eventually, member, post, register, request
from tests.support.processes import needs_proc, postgres_under, stopped
from tests.support.saved import execute_sql
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.system.relay import Relay, relay_to, without_port

CHROMIUM = shutil.which("chromium")

if CHROMIUM is None:
    pytest.skip("no Chromium: apt-get install chromium", allow_module_level=True)

PATIENCE = 30_000
"""Milliseconds for something to be seen; far more than it takes, also on a busy machine."""

LOBBY = 1


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    """One browser. Until it ends no other test may use asyncio in this thread: Playwright's loop runs there."""
    expect.set_options(timeout=PATIENCE)
    # The loops of trio-asyncio, which it makes the default, can't be nested.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "new_event_loop", asyncio.SelectorEventLoop)
        playwright = sync_playwright().start()
    try:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
    finally:
        playwright.stop()


@pytest.fixture(scope="module")
def chat() -> Generator[ServerProcess]:
    """A server whose database may be stopped."""
    with (
        used_data_path() as data,
        running_server(data, CHAT_COMMIT_TIMEOUT="3", CHAT_QUERY_TIMEOUT="3") as server,
    ):
        yield server


@pytest.fixture
def context(browser: Browser) -> Generator[BrowserContext]:
    """The storage of one person's browser, with no tab open."""
    context = browser.new_context(locale="en-GB", timezone_id="Asia/Kathmandu")
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def relayed(chat: ServerProcess) -> Generator[Relay]:
    """The way to the server, which may be cut."""
    with relay_to(chat.url) as relayed:
        yield relayed


def open_page(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    return page


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(status(page)).to_have_text(f"You are {name}.")


def visit(context: BrowserContext, url: str, name: str) -> Page:
    """A tab in which a new person is logged in."""
    register(url, name)
    page = open_page(context, url)
    log_in(page, name)
    return page


def status(page: Page) -> Locator:
    return page.locator("#status")


def say(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_label("Message", exact=True).press("Enter")


def saved(page: Page, text: str | None = None) -> Locator:
    return _lines(page, "#lines", text)


def unsent(page: Page, text: str | None = None) -> Locator:
    return _lines(page, "#unsent", text)


def _lines(page: Page, list_: str, text: str | None) -> Locator:
    every = page.locator(f"{list_} > li")
    return every if text is None else every.filter(has=page.get_by_text(text, exact=True))


def texts_in_the_room(url: str, token: str) -> list[str]:
    """All that was ever said, the oldest first."""
    texts: list[str] = []
    last = 0
    while page := request(
        "GET", f"{url}/messages/{LOBBY}?LastID={last}", headers={"Authorization": token}
    ).json():
        texts += [message["Text"] for message in page]
        last = page[-1]["ID"] - 1
        if last == 0:
            break
    return texts[::-1]


def say_all(person: Person, texts: list[str]) -> None:
    """Say them, and wait until they are saved."""
    for text in texts:
        person.say(text)
    person.say("history 1")
    person.hear_until(lambda line: line.text == texts[-1])


def test_whoever_opens_it_can_read(chat: ServerProcess, context: BrowserContext) -> None:
    page = open_page(context, chat.url)
    expect(status(page)).to_have_text("You can read. Log in to write.")
    with member(chat.url, "reader_ada") as ada:
        ada.say("to whom it may concern")
        expect(saved(page, "to whom it may concern")).to_contain_text("reader_ada")


def test_an_invite_in_the_address_registers_who_was_invited(context: BrowserContext) -> None:
    settings = {"CHAT_REGISTRATION": "invite", "CHAT_LOBBY": "members"}
    with used_data_path() as data, running_server(data, **settings) as club:
        code = command_line.chat(club, "user", "invite").strip()
        page = open_page(context, f"{club.url}/?invite={code}")
        expect(status(page)).to_have_text("Log in to read and write.")
        page.get_by_label("Name").fill("invited_ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Register").click()
        expect(status(page)).to_have_text("You are invited_ada.")
        page.close()


def test_where_registration_is_closed_no_button_promises_it(context: BrowserContext) -> None:
    with used_data_path() as data, running_server(data, CHAT_REGISTRATION="closed") as closed:
        page = open_page(context, closed.url)
        expect(page.get_by_role("button", name="Log in")).to_be_visible()
        expect(page.get_by_role("button", name="Register")).to_be_hidden()
        expect(page.get_by_label("Invite, to register")).to_be_hidden()
        page.close()


def test_a_refused_socket_says_why_and_what_to_do(chat: ServerProcess, context: BrowserContext) -> None:
    with relay_to(chat.url, without_port) as proxy:
        page = open_page(context, proxy.url)
        expect(status(page)).to_contain_text("Not connected: this origin is not allowed")
        expect(status(page)).to_contain_text("--trusted-proxy")


def test_author_and_time_are_there_after_a_reload(chat: ServerProcess, context: BrowserContext) -> None:
    page = visit(context, chat.url, "ada")
    before = datetime.now(UTC)
    say(page, "what is said")
    seen = []
    for _ in range(2):
        line = saved(page, "what is said")
        expect(line.locator("b")).to_have_text("ada")
        time = line.locator("time")
        iso = time.get_attribute("datetime")
        assert iso is not None
        said = datetime.fromisoformat(iso)
        assert before - timedelta(seconds=1) <= said <= datetime.now(UTC)
        local = said + timedelta(hours=5, minutes=45)  # Kathmandu's
        expect(time).to_have_text(f"{local:%H:%M}")
        seen.append(iso)
        page.reload()
    assert seen[0] == seen[1]


def test_days_have_their_date_above_them(chat: ServerProcess, context: BrowserContext) -> None:
    page = visit(context, chat.url, "day_ada")
    say(page, "long ago")
    expect(saved(page, "long ago")).to_have_count(1)
    with ThreadPoolExecutor(1) as thread:  # here Playwright's loop runs
        move = "UPDATE messages SET created_at = '2024-02-29 12:00Z' WHERE text = 'long ago'"
        assert thread.submit(execute_sql, chat.address, move).result() == "UPDATE 1"
    say(page, "today")
    expect(saved(page, "today")).to_have_count(1)
    page.reload()
    expect(saved(page, "long ago").locator(".day")).to_have_text("Thursday, 29 February 2024")
    expect(saved(page, "today").locator(".day")).to_have_count(1)
    say(page, "later today")
    expect(saved(page, "later today")).to_have_count(1)
    expect(saved(page, "later today").locator(".day")).to_have_count(0)


def test_line_breaks_and_markup_stay_as_typed(chat: ServerProcess, context: BrowserContext) -> None:
    page = visit(context, chat.url, "typing_ada")
    box = page.get_by_label("Message", exact=True)
    box.fill("<b id=evil>one</b>")
    box.press("Shift+Enter")
    box.type("  two")
    box.press("Enter")
    for _ in range(2):
        line = saved(page).filter(has_text="evil").locator(".text")
        assert line.text_content() == "<b id=evil>one</b>\n  two"
        assert (
            line.inner_text() == "<b id=evil>one</b>\n  two"
        )  # as laid out: the break and the blanks are seen
        expect(page.locator("#evil")).to_have_count(0)
        page.reload()


def test_enter_that_ends_a_composition_sends_nothing(chat: ServerProcess, context: BrowserContext) -> None:
    page = visit(context, chat.url, "composing_ada")
    box = page.get_by_label("Message", exact=True)
    box.fill("にほん")
    box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True, "cancelable": True})
    expect(box).to_have_value("にほん")
    box.press("Enter")
    expect(saved(page, "にほん")).to_have_count(1)


@needs_proc
def test_a_line_is_sending_until_the_database_has_it(chat: ServerProcess, context: BrowserContext) -> None:
    page = visit(context, chat.url, "patient_ada")
    with stopped(postgres_under(chat.process.pid)):
        say(page, "is it saved?")
        expect(unsent(page, "is it saved?").locator(".state")).to_have_text("sending…")
        expect(saved(page, "is it saved?")).to_have_count(0)
    _arrives_once(page, "is it saved?")


@needs_proc
def test_what_is_typed_while_the_database_is_away_is_not_lost(
    chat: ServerProcess, context: BrowserContext
) -> None:
    page = visit(context, chat.url, "stubborn_ada")
    with stopped(postgres_under(chat.process.pid)):
        say(page, "under way")
        say(page, "behind it")
        expect(status(page)).to_contain_text("Not connected")
        expect(unsent(page, "under way").locator(".state")).to_contain_text("not sent: ")
        expect(unsent(page, "behind it").locator(".state")).to_have_text("sending…")
        expect(saved(page, "under way")).to_have_count(0)
    _arrives_once(page, "under way")
    _arrives_once(page, "behind it")


def _arrives_once(page: Page, text: str) -> None:
    """It is there, if need be because the person sends it again: whether a commit ended is PostgreSQL's affair."""
    expect(status(page)).to_contain_text("You are")
    again = unsent(page, text).get_by_role("button", name="Send again")
    expect(saved(page, text).or_(again).first).to_be_visible()
    if again.is_visible():
        again.click()
    expect(saved(page, text)).to_have_count(1)
    expect(unsent(page, text)).to_have_count(0)


def test_a_refused_line_says_why_and_goes_back_into_the_box(
    chat: ServerProcess, context: BrowserContext
) -> None:
    page = visit(context, chat.url, "refused_ada")
    say(page, "a\0b")
    line = unsent(page)
    expect(line.get_by_role("alert")).to_contain_text(
        "not sent: the message has characters that can't be kept"
    )
    page.get_by_label("Message", exact=True).fill("before")
    line.get_by_role("button", name="Edit").click()
    expect(line).to_have_count(0)
    expect(page.get_by_label("Message", exact=True)).to_have_value("before\na\0b")


def test_a_text_that_is_too_long_stays_in_the_box(chat: ServerProcess, context: BrowserContext) -> None:
    page = visit(context, chat.url, "long_ada")
    say(page, "x" * 4001)
    expect(page.locator("#wrong")).to_have_text("A message has at most 4000 characters.")
    expect(page.get_by_label("Message", exact=True)).to_have_value("x" * 4001)
    say(page, "🙂" * 4000)
    expect(saved(page, "🙂" * 4000)).to_have_count(1)


def test_a_line_whose_acknowledgement_was_lost_is_not_doubled(
    relayed: Relay, context: BrowserContext
) -> None:
    page = visit(context, relayed.url, "doubtful_ada")
    token = register(relayed.url, "doubtful_ben")
    relayed.swallow(answers=True)
    say(page, "heard by ben")
    eventually(lambda: "heard by ben" in texts_in_the_room(relayed.url, token), "it is saved")
    expect(unsent(page, "heard by ben").locator(".state")).to_have_text("sending…")
    with relayed.cut():
        expect(unsent(page, "heard by ben").locator(".state")).to_contain_text("looking whether")
    expect(saved(page, "heard by ben")).to_have_count(1)
    expect(unsent(page)).to_have_count(0)
    assert texts_in_the_room(relayed.url, token).count("heard by ben") == 1


def test_a_line_that_was_lost_is_sent_again_only_by_the_person(
    relayed: Relay, context: BrowserContext
) -> None:
    page = visit(context, relayed.url, "lost_ada")
    relayed.swallow(requests=True)
    say(page, "into the void")
    expect(unsent(page, "into the void").locator(".state")).to_have_text("sending…")
    with relayed.cut():
        say(page, "while it is cut")
        expect(unsent(page, "while it is cut").locator(".state")).to_have_text("sending…")
    expect(saved(page, "while it is cut")).to_have_count(1)
    expect(unsent(page, "into the void").get_by_role("alert")).to_contain_text("the connection was lost")
    expect(saved(page, "into the void")).to_have_count(0)
    unsent(page, "into the void").get_by_role("button", name="Send again").click()
    expect(saved(page, "into the void")).to_have_count(1)
    expect(unsent(page)).to_have_count(0)


def test_what_is_not_sent_survives_a_reload(relayed: Relay, context: BrowserContext) -> None:
    page = visit(context, relayed.url, "reloading_ada")
    say(page, "first")  # a line of the same text that is saved does not stand for one that is not
    expect(saved(page, "first")).to_have_count(1)
    relayed.swallow(requests=True)
    say(page, "first")
    say(page, "second")
    expect(unsent(page)).to_have_count(2)
    page.get_by_label("Message", exact=True).fill("half a sent")
    page.reload()
    expect(status(page)).to_have_text("You are reloading_ada.")
    expect(page.get_by_label("Message", exact=True)).to_have_value("half a sent")
    for text, count in (("first", 2), ("second", 1)):
        expect(unsent(page, text).get_by_role("alert")).to_contain_text("not sent: ")
        unsent(page, text).get_by_role("button", name="Send again").click()
        expect(saved(page, text)).to_have_count(count)
    page.reload()
    expect(saved(page, "second")).to_have_count(1)
    expect(unsent(page)).to_have_count(0)


def test_what_was_said_while_the_connection_was_lost_is_there_afterwards(
    relayed: Relay, chat: ServerProcess, context: BrowserContext
) -> None:
    page = visit(context, relayed.url, "away_ada")
    with member(chat.url, "away_ben") as ben:
        say_all(ben, ["before"])
        expect(saved(page, "before")).to_have_count(1)
        missed = [f"missed {n}" for n in range(230)]  # more than two pages of history
        with relayed.cut():
            expect(status(page)).to_contain_text("Not connected")
            say_all(ben, missed)
        expect(saved(page, missed[-1])).to_have_count(1)
        say_all(ben, ["after"])
        expect(saved(page, "after")).to_have_count(1)
    assert page.locator("#lines .text").all_text_contents()[-232:] == ["before", *missed, "after"]


def test_history_scrolls_back_to_the_beginning(chat: ServerProcess, context: BrowserContext) -> None:
    token = register(chat.url, "scrolling_ada")
    with member(chat.url, "scrolling_ben") as ben:
        say_all(ben, [f"line {n}" for n in range(520)])  # more than the page keeps while its end is looked at
        page = open_page(context, chat.url)
        log_in(page, "scrolling_ada")
        expect(saved(page, "line 519")).to_be_in_viewport()
        expect(saved(page)).to_have_count(100)
        beginning = page.get_by_text("This is the beginning.")
        top = saved(page).first.locator(".text")
        for n in range((len(texts_in_the_room(chat.url, token)) - 1) // 100):
            expect(beginning).to_be_hidden()
            text = top.inner_text()
            before = page.locator("#view").evaluate(_SCROLL_TO_TOP)
            expect(top).not_to_have_text(text)
            after = saved(page, text).last.locator(".text").evaluate("it => it.getBoundingClientRect().top")
            assert abs(after - before) < 2, "what was looked at has moved"
            ben.say(f"meanwhile {n}")
            expect(saved(page, f"meanwhile {n}")).to_have_count(1)
        page.locator("#view").evaluate(_SCROLL_TO_TOP)
        expect(beginning).to_be_visible()
        assert page.locator("#lines .text").all_text_contents() == texts_in_the_room(chat.url, token)
        page.locator("#view").evaluate("view => { view.scrollTop = view.scrollHeight; }")
        ben.say("at the end")
        expect(saved(page, "at the end")).to_be_in_viewport()
        expect(saved(page)).to_have_count(500)
        expect(beginning).to_be_hidden()
        # The oldest line goes while the page before it is on its way.
        held: list[Route] = []
        page.route("**/messages/*", lambda route: held.append(route))
        page.locator("#view").evaluate(_SCROLL_TO_TOP)
        expect(page.locator("#older")).to_be_disabled()
        page.locator("#view").evaluate("view => { view.scrollTop = view.scrollHeight; }")
        ben.say("one more")
        expect(saved(page, "one more")).to_be_in_viewport()
        page.locator("#view").evaluate("view => { view.scrollTop = 1000; }")
        held[0].continue_()
        expect(page.locator("#older")).to_be_enabled()
        page.unroute("**/messages/*")
        shown = page.locator("#lines .text").all_text_contents()
        assert shown == texts_in_the_room(chat.url, token)[-len(shown) :]


@needs_proc
def test_older_lines_that_could_not_be_loaded_can_be_asked_for_again(
    chat: ServerProcess, context: BrowserContext
) -> None:
    with member(chat.url, "older_ben") as ben:
        say_all(ben, [f"older {n}" for n in range(150)])
    page = visit(context, chat.url, "older_ada")
    expect(saved(page)).to_have_count(100)
    button = page.locator("#older")
    with stopped(postgres_under(chat.process.pid)):
        page.locator("#view").evaluate(_SCROLL_TO_TOP)
        expect(button).to_contain_text("Try again: older lines could not be loaded")
        expect(saved(page)).to_have_count(100)
    button.click()
    expect(saved(page, "older 0")).to_have_count(1)
    expect(button).to_have_text("Older lines")


_SCROLL_TO_TOP = """view => {
    view.scrollTop = 0;
    return view.querySelector("#lines .text").getBoundingClientRect().top;
}"""
"""Returns where the oldest line's text is then, in pixels."""


def test_a_second_tab_is_logged_in_and_out_with_the_first(
    chat: ServerProcess, context: BrowserContext
) -> None:
    first = open_page(context, chat.url)
    second = open_page(context, chat.url)
    expect(status(second)).to_have_text("You can read. Log in to write.")
    register(chat.url, "tabbed_ada")
    log_in(first, "tabbed_ada")
    expect(status(second)).to_have_text("You are tabbed_ada.")
    third = open_page(context, chat.url)
    expect(status(third)).to_have_text("You are tabbed_ada.")
    say(second, "from the second")
    for page in (first, second, third):
        expect(saved(page, "from the second")).to_have_count(1)
    third.get_by_role("button", name="Log out").click()
    for page in (first, second, third):
        expect(status(page)).to_have_text("You can read. Log in to write.")
        expect(page.get_by_label("Message", exact=True)).to_be_hidden()
        expect(saved(page, "from the second")).to_have_count(0)


def test_a_token_that_is_no_good_any_more_asks_to_log_in_again(
    chat: ServerProcess, context: BrowserContext
) -> None:
    page = visit(context, chat.url, "revoked_ada")
    say(page, "still here")
    expect(saved(page, "still here")).to_have_count(1)
    page.evaluate("name => localStorage.setItem(name, localStorage.getItem(name) + 'x')", "trio-chat-token")
    page.reload()
    expect(page.locator("#trouble")).to_have_text("Please log in again.")
    expect(status(page)).to_have_text("You can read. Log in to write.")
    assert page.evaluate("localStorage.length") == 0
    log_in(page, "revoked_ada")
    expect(saved(page, "still here")).to_have_count(1)


def test_a_page_whose_login_was_ended_asks_to_log_in_again(
    chat: ServerProcess, context: BrowserContext
) -> None:
    page = visit(context, chat.url, "ended_ada")
    page.get_by_label("Message", exact=True).fill("not yet said")
    token = page.evaluate("localStorage.getItem('trio-chat-token')")
    change = {"old": PASSWORD, "new": "another world"}
    answer = post(f"{chat.url}/api/v1/me/password", change, headers={"Authorization": token})
    assert answer.status_code == 200, answer.text
    expect(page.locator("#trouble")).to_contain_text(
        "Please log in again. (The server said: your logins were ended"
    )
    expect(status(page)).to_have_text("You can read. Log in to write.")
    assert page.evaluate("localStorage.length") == 0
    log_in(page, "ended_ada", "another world")
    expect(page.get_by_label("Message", exact=True)).to_have_value("not yet said")


def test_what_deleted_people_said_stays(chat: ServerProcess, context: BrowserContext) -> None:
    page = visit(context, chat.url, "staying_ada")
    with member(chat.url, "leaving_ben") as ben:
        say_all(ben, ["so long"])
    expect(saved(page, "so long")).to_contain_text("leaving_ben")
    command = [sys.executable, "-m", "chat", "user", "delete", "leaving_ben", "--data", str(chat.data)]
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    page.reload()
    expect(saved(page, "so long").locator("b")).to_contain_text("(deleted)")
