"""Teams in the page: made in the administration, chosen by the site, given in turn, and handed over to."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, post
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.web.pages import Pages
from tests.web.rooms import forget_tokens
from tests.web.site import other_site
from tests.web.test_widget import pressed, say


@pytest.fixture(scope="module")
def chat(ports: tuple[int, int]) -> Generator[ServerProcess]:
    """A server with a widget; lena and leo are operators, eve is an admin."""
    forget_tokens()
    with used_data_path() as data, running_server(data, port=ports[0], CHAT_WIDGET_ORIGINS="*") as server:
        for name in ("lena", "leo", "eve"):
            post(f"{server.url}/api/v1/auth/register", {"name": name, "password": PASSWORD})
            command(server, "user", "role", name, "admin" if name == "eve" else "operator")
        yield server


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("option").filter(has=page.get_by_text(name, exact=True))


@in_campaign
def test_a_site_chooses_a_team_whose_operators_answer_in_turn(pages: Pages, chat: ServerProcess) -> None:
    eve = pages.at("eve", "/admin/teams")
    expect(eve.get_by_text("There are no teams yet.")).to_be_visible()
    for name, operator, in_turn in (("Sales", "lena", True), ("Care", "leo", False)):
        eve.get_by_role("button", name="New team").click()
        eve.get_by_label("Name of the team").fill(name)
        eve.get_by_role("checkbox", name=operator).check()
        eve.get_by_role("checkbox", name="in turn").set_checked(in_turn)
        eve.get_by_role("button", name="Add team").click()
        expect(eve.get_by_role("listitem").filter(has_text=name)).to_contain_text("1 operator")
    expect(eve.get_by_role("listitem").filter(has_text="Sales")).to_contain_text("1 operator · in turn")
    eve.get_by_role("button", name="Edit Care").click()
    eve.get_by_label("Name of the team").fill("sales")
    eve.get_by_role("button", name="Save").click()
    expect(eve.get_by_text("There is a team with that name.")).to_be_visible()
    eve.get_by_label("Name of the team").fill("Care desk")
    eve.get_by_role("button", name="Save").click()
    expect(eve.get_by_text("Care desk")).to_be_visible()

    lena, leo = pages.at("lena", "/inbox"), pages.at("leo", "/inbox")
    with other_site() as shop:
        script = f'<script async data-team="sales" src="{chat.url}/widget.js"></script>'
        shop.pages["/"] = ({}, f"<!doctype html><link rel=icon href=data:>{script}")
        visitor = pages.empty()
        visitor.goto(shop.url)
        panel = pressed(visitor)
        panel.get_by_placeholder("Your name").fill("Rita")
        say(panel, "is it blue?")
        expect(row(lena, "Rita")).to_contain_text("You")
        expect(row(lena, "Rita").locator(".team-mark")).to_have_text("Sales")
        expect(panel.get_by_text("Answered by lena")).to_be_visible()
    row(lena, "Rita").click()
    lena.get_by_role("button", name="More").click()
    lena.get_by_role("menuitem", name="Hand over").click()
    dialog = lena.get_by_role("dialog")
    dialog.get_by_label("Note").fill("a question about care")
    dialog.get_by_role("button", name="Care desk").click()
    expect(row(leo, "Rita").locator(".team-mark")).to_have_text("Care desk")
    expect(row(leo, "Rita")).to_contain_text("Unassigned")
    leo.get_by_label("Filter by team").select_option("Sales")
    expect(leo.get_by_text("No conversations here belong to this team.")).to_be_visible()
    leo.get_by_label("Filter by team").select_option("Care desk")
    row(leo, "Rita").click()
    expect(leo.get_by_text("a question about care")).to_be_visible()

    eve.get_by_role("button", name="Edit Care desk").click()
    eve.get_by_role("button", name="Delete team").click()
    eve.get_by_role("dialog").get_by_role("button", name="Delete team").click()
    expect(row(leo, "Rita").locator(".team-mark")).to_have_count(0)


@in_campaign
def test_admins_find_and_block_visitors(pages: Pages, chat: ServerProcess) -> None:
    for name in ("Anna", "Bea"):
        about = {"name": name, "email": f"{name}@example.com"}
        assert post(f"{chat.url}/api/v1/support/visitors", about).is_success
    eve = pages.at("eve", "/admin/visitors")
    people = eve.get_by_role("main").get_by_role("listitem")
    expect(people.filter(has_text="Bea@example.com")).to_be_visible()
    eve.get_by_label("Search by name or email").fill("anna@")
    expect(people.filter(has_text="Bea@example.com")).to_have_count(0)
    anna = people.filter(has_text="Anna@example.com")
    anna.get_by_role("button", name="Block visitor").click()
    eve.get_by_role("dialog").get_by_role("button", name="Block visitor").click()
    expect(anna.get_by_text("Blocked")).to_be_visible()
    anna.get_by_role("button", name="Unblock").click()
    eve.get_by_role("dialog").get_by_role("button", name="Unblock").click()
    expect(anna.get_by_text("Blocked")).to_have_count(0)
