"""The inbox in the browser: two operators, and people who write over the support protocol."""

import json
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, PATIENCE, Person, client, post, request
from tests.support.server import ServerProcess
from tests.web.pages import Pages
from tests.web.talking import Timeline

OPERATORS = ("olga", "oscar")


@pytest.fixture(scope="module")
def _accounts(chat: ServerProcess) -> None:
    """The operators' accounts."""
    for name in OPERATORS:
        post(f"{chat.url}/api/v1/auth/register", {"name": name, "password": PASSWORD})
        command(chat, "user", "role", name, "operator")


@pytest.fixture
def operators(pages: Pages, _accounts: None) -> tuple[Page, Page]:
    """Two operators who look at an empty inbox."""
    for room in call(pages, "olga", "GET", "/support?state=open&limit=100")["rooms"]:
        call(pages, "olga", "PATCH", f"/support/{room['id']}", {"state": "closed"})
    olga, oscar = [pages.at(name, "/inbox") for name in OPERATORS]
    for page in (olga, oscar):
        expect(page.get_by_text("Nobody is waiting")).to_be_visible()
    return olga, oscar


def call(
    pages: Pages, name: str, method: str, path: str, body: object = None
) -> dict[str, list[dict[str, object]]]:
    """Call the native protocol as somebody."""
    headers = {"Authorization": f"Bearer {pages.person(name)['access']}"}
    answer = request(method, f"{pages.url}/api/v1{path}", body, headers=headers)
    assert answer.is_success, answer.text
    found: dict[str, list[dict[str, object]]] = answer.json()
    return found


class Asker:
    """Somebody who asks at the support desk and receives the answers."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._told()  # what was said before

    def ask(self, text: str) -> None:
        self._person.send(json.dumps({"method": "message.send", "params": [text], "id": text}))
        assert self._told()["message_text"] == text

    def receives(self) -> str:
        return str(self._told()["message_text"])

    def _told(self) -> dict[str, object]:
        frame = json.loads(self._person.socket.recv(PATIENCE))
        assert frame["error"] is None
        message: dict[str, object] = frame["result"].get("message", {})
        return message


@contextmanager
def asker(pages: Pages, name: str) -> Generator[Asker]:
    token = pages.person(name)["access"]
    with client(pages.url, f"/support?token={token}") as person:
        yield Asker(person)


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("option").filter(has=page.get_by_text(name, exact=True))


def rows(page: Page) -> Locator:
    return page.locator(".conversation-name")


def part(page: Page, name: str) -> None:
    """Choose another part of the inbox, and wait for its list: earlier keys would go to the list before."""
    page.locator(".conversations").evaluate("(list) => list.classList.add('before')")
    page.get_by_role("radio", name=name).check(force=True)
    expect(page.locator(".conversations.before")).to_have_count(0)


def test_the_longest_waiting_is_first_and_answering_claims_it(
    pages: Pages, operators: tuple[Page, Page]
) -> None:
    olga, oscar = operators
    with asker(pages, "ben") as ben, asker(pages, "cyd") as cyd:
        ben.ask("where is my order?")
        cyd.ask("the invoice is wrong")
        ben.ask("hello?")
        for page in operators:
            expect(rows(page)).to_have_text(["ben", "cyd"])
        expect(row(olga, "ben")).to_contain_text("hello?")
        seconds = row(olga, "ben").locator(".waiting")
        before = seconds.inner_text()
        expect(seconds).not_to_have_text(before)

        row(olga, "ben").click()
        expect(olga.locator(".conversation-who h1")).to_have_text("ben")
        expect(olga.locator(".message-text", has_text="where is my order?")).to_be_visible()
        Timeline(olga).say("it comes today")
        assert ben.receives() == "it comes today"
        for page in operators:
            expect(rows(page)).to_have_text(["cyd"])
        part(oscar, "All")
        expect(rows(oscar)).to_have_text(["cyd", "ben"])
        expect(row(oscar, "ben")).to_contain_text("olga")
        part(olga, "Mine")
        expect(rows(olga)).to_have_text(["ben"])
        ben.ask("thank you")
        part(olga, "Waiting")
        expect(rows(olga)).to_have_text(["cyd", "ben"])


@in_campaign
def test_of_two_simultaneous_claims_one_wins_and_the_other_names_the_winner(
    pages: Pages, operators: tuple[Page, Page]
) -> None:
    with asker(pages, "dan") as dan, asker(pages, "eve") as eve:
        dan.ask("first")
        eve.ask("second")
        for page in operators:
            expect(rows(page)).to_have_text(["dan", "eve"])
            page.get_by_role("listbox").focus()
            page.keyboard.press("j")
        operators[0].keyboard.press("c")
        in_russian = {"key": "\N{CYRILLIC SMALL LETTER ES}", "code": "KeyC"}
        operators[1].get_by_role("listbox").dispatch_event("keydown", in_russian)
        expect(row(operators[0], "eve").locator(".conversation-holder")).not_to_have_text("Unassigned")
        found = {
            room["peer"]["name"]: room for room in call(pages, "olga", "GET", "/support?state=open")["rooms"]
        }  # type: ignore[index]
        holder = found["eve"]["support"]["assignee"]["name"]  # type: ignore[index]
        winner, loser = operators if holder == "olga" else operators[::-1]
        expect(row(winner, "eve")).to_contain_text("You")
        expect(loser.get_by_role("alert")).to_have_text(
            f"{holder} has claimed the conversation with eve in the meantime."
        )
        expect(row(loser, "eve")).to_contain_text(holder)
        expect(row(loser, "dan")).to_contain_text("Unassigned")


@in_campaign
def test_a_conversation_is_handed_over_closed_and_opened_again(
    pages: Pages, operators: tuple[Page, Page]
) -> None:
    olga, oscar = operators
    with asker(pages, "fay") as fay:
        fay.ask("can I pay by invoice?")
        row(olga, "fay").click()
        olga.get_by_role("button", name="Claim").click()
        expect(row(oscar, "fay")).to_contain_text("olga")
        olga.get_by_role("button", name="More", exact=True).click()
        olga.get_by_role("menuitem", name="Hand over…").click()
        olga.get_by_role("dialog").get_by_label("Note for them (optional)").fill("She pays late")
        olga.get_by_role("dialog").get_by_role("button", name="oscar").click()
        expect(olga.get_by_text("oscar is answering")).to_be_visible()
        expect(olga.locator(".note-text")).to_have_text("She pays late")
        led = ["olga claimed the conversation", "olga assigned the conversation to oscar"]
        expect(olga.locator(".support-line")).to_contain_text(led)

        part(oscar, "Mine")
        # Now it is in this part, and the list is not made anew.
        expect(row(oscar, "fay")).to_contain_text("You")
        oscar.get_by_role("listbox").focus()
        oscar.keyboard.press("Enter")
        expect(oscar.locator(".conversation-who h1")).to_have_text("fay")
        oscar.keyboard.press("Enter")
        expect(oscar.get_by_role("textbox", name="Message")).to_be_focused()
        oscar.keyboard.type("yes")
        oscar.keyboard.press("Enter")
        assert fay.receives() == "yes"
        oscar.keyboard.press("Escape")
        expect(oscar.get_by_role("listbox")).to_be_focused()
        oscar.keyboard.press("e")
        expect(oscar.get_by_text("This conversation is closed.")).to_be_visible()
        expect(oscar.locator(".past").get_by_text("can I pay by invoice?")).to_be_visible()
        expect(olga.get_by_text("This conversation is closed.")).to_be_visible()
        led.append("oscar closed the conversation")
        expect(oscar.locator(".past .support-line")).to_contain_text(led)
        part(oscar, "Closed")
        expect(row(oscar, "fay")).to_be_visible()

        fay.ask("and by card?")
        expect(row(olga, "fay")).to_contain_text("oscar")
        expect(row(oscar, "fay")).to_be_hidden()
        oscar.get_by_role("button", name="Close", exact=True).click()
        oscar.get_by_role("button", name="Reopen").click()
        Timeline(oscar).say("by card too")
        reopened = [f"{name} reopened the conversation" for name in ("fay", "oscar")]
        expect(oscar.locator(".support-line")).to_contain_text([*led, reopened[0], led[2], reopened[1]])
        assert fay.receives() == "by card too"

        with asker(pages, "hal") as hal:
            hal.ask("is anybody here?")
            part(oscar, "Waiting")
            expect(row(oscar, "hal")).to_be_visible()
            longest = rows(oscar).first.inner_text()
            oscar.get_by_role("button", name="Close", exact=True).click()
            oscar.get_by_role("link", name=f"Next: {longest}").click()
            expect(oscar.locator(".conversation-who h1")).to_have_text(longest)


@in_campaign
def test_operators_see_other_operators_and_a_visitors_details(
    pages: Pages, operators: tuple[Page, Page], chat: ServerProcess
) -> None:
    olga, oscar = operators
    command(chat, "setting", "set", "widget_origins", "https://shop.example")
    about = {"name": "Gus", "email": "gus@mail.example", "page": "https://shop.example/cart?coupon=1"}
    visitor = post(f"{pages.url}/api/v1/support/visitors", about).json()
    headers = {"Authorization": f"Bearer {visitor['access']}"}
    room = request("PUT", f"{pages.url}/api/v1/support", headers=headers).json()["id"]
    body = {"key": "first", "text": "is it in stock?"}
    assert post(f"{pages.url}/api/v1/rooms/{room}/messages", body, headers=headers).is_success

    olga.goto(f"{pages.url}/room/{room}/1")
    expect(olga).to_have_url(f"{pages.url}/inbox/{room}?at=1")
    expect(olga.get_by_role("link", name="gus@mail.example")).to_have_attribute(
        "href", "mailto:gus@mail.example"
    )
    link = olga.get_by_role("link", name="shop.example/cart")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(row(oscar, "Gus")).to_contain_text("olga is viewing")
    row(oscar, "Gus").click()
    expect(olga.locator(".conversation-others")).to_contain_text("oscar is viewing")
    oscar.get_by_role("textbox", name="Message").press_sequentially("it")
    expect(olga.locator(".conversation-others")).to_contain_text("oscar is typing")


@in_campaign
def test_a_visitors_card_shows_them_blocks_them_and_unblocks_them(
    pages: Pages, operators: tuple[Page, Page], chat: ServerProcess
) -> None:
    olga, oscar = operators
    command(chat, "setting", "set", "widget_origins", "https://shop.example")
    about = {"name": "Mona", "email": "mona@mail.example", "page": "https://shop.example/cart"}
    visitor = post(f"{pages.url}/api/v1/support/visitors", about).json()
    headers = {"Authorization": f"Bearer {visitor['access']}"}
    room = request("PUT", f"{pages.url}/api/v1/support", headers=headers).json()["id"]

    def says(text: str) -> int:
        body = {"key": text.replace(" ", "-"), "text": text}
        return post(f"{pages.url}/api/v1/rooms/{room}/messages", body, headers=headers).status_code

    assert says("you fools") == 201
    row(olga, "Mona").click()
    olga.get_by_role("heading", name="Mona", level=1).get_by_role("button").click()
    card = olga.get_by_role("dialog", name="About this person")
    expect(card.get_by_role("heading", name="Mona")).to_be_visible()
    expect(card.get_by_role("link", name="mona@mail.example")).to_be_visible()
    expect(card.get_by_role("link", name="https://shop.example/cart")).to_be_visible()
    expect(card).to_contain_text("First visit")
    card.get_by_role("button", name="Block visitor").click()
    card.get_by_role("button", name="Cancel").click()
    expect(card.get_by_role("button", name="Cancel")).to_have_count(0)
    card.get_by_role("button", name="Block visitor").click()
    expect(card).to_contain_text("They can't write to you any more")
    card.get_by_role("button", name="Block visitor").click()
    expect(card.get_by_text("This visitor is blocked")).to_be_visible()
    olga.keyboard.press("Escape")
    expect(olga.get_by_text("This conversation is closed.")).to_be_visible()
    expect(olga.locator(".past-name")).to_have_text("Mona")
    expect(row(oscar, "Mona")).to_be_hidden()
    assert says("you cowards") == 401

    olga.get_by_role("heading", name="Mona", level=1).get_by_role("button").click()
    card.get_by_role("button", name="Unblock visitor").click()
    expect(card.get_by_role("button", name="Block visitor", exact=True)).to_be_visible()
    assert says("sorry") == 201
    expect(row(oscar, "Mona")).to_contain_text("sorry")
