"""Rooms, people and settings in the browser."""

import re
from functools import partial

from playwright.sync_api import Page, expect

from chat.domain.entities import LOBBY_ID
from tests.support.campaign import in_campaign
from tests.support.people import PASSWORD, eventually, post, request
from tests.support.server import ServerProcess
from tests.system.relay import Relay
from tests.web.connection import stored
from tests.web.open_pages import go
from tests.web.pages import Pages
from tests.web.rooms import Room, call
from tests.web.talking import Speaker, fill_room_beside, make_rooms_beside, write_beside


def test_a_room_is_made_and_somebody_comes_by_its_link(pages: Pages) -> None:
    ada = pages.at("ada")
    make_room(ada, "garden", topic="What grows")
    expect(ada.get_by_role("heading", name="garden", level=1)).to_be_visible()
    expect(ada).to_have_title(re.compile("garden"))
    ada.get_by_role("button", name="Invite by link").click()
    ada.get_by_role("button", name="Create link").click()
    link = ada.get_by_label("Invitation link").input_value()
    assert link.startswith(f"{pages.url}/i/")
    ada.get_by_role("button", name="Close").click()

    ben = pages.at("ben", link.removeprefix(pages.url))
    ben.get_by_role("button", name="Join").click()
    expect(ben.get_by_role("heading", name="garden", level=1)).to_be_visible()
    expect(ada.get_by_role("complementary").get_by_role("link", name="ben")).to_be_visible()

    go(ada, "/settings/invitations")
    expect(ada.locator(".settings-part li")).to_contain_text("garden")
    expect(ada.locator(".settings-part li")).to_contain_text("Valid for 9 people until")
    ada.get_by_role("button", name="Revoke the invitation: garden").click()
    expect(ada.get_by_text("You have no active invitations.")).to_be_visible()
    late = pages.of("cem", link.removeprefix(pages.url))
    expect(late.get_by_text("This invitation is used up, revoked or expired.", exact=False)).to_be_visible()


@in_campaign
def test_an_owner_gives_a_role_bans_and_lets_back_in(pages: Pages) -> None:
    ada, room = pages.at("ada"), Room(pages, "ada", "attic")
    room.join("ben")
    go(ada, f"/room/{room.id}?show=room")
    ben = pages.at("ben", f"/room/{room.id}?show=room")
    expect(ben.get_by_role("complementary").get_by_role("link", name="ben")).to_be_visible()
    ada.get_by_role("complementary").get_by_role("link", name="ben").click()
    ada.get_by_text("Moderator", exact=True).click()
    expect(ada.get_by_role("radio", name="Moderator")).to_be_checked()
    eventually(lambda: room.role_of("ben") == "moderator", "it is saved")
    # Who looks at the list meanwhile sees it too.
    expect(ben.get_by_role("complementary").get_by_role("link", name="ben")).to_contain_text("Moderator")
    expect(ben.get_by_role("heading", name="attic", level=1)).to_be_visible()
    ada.get_by_role("button", name="Ban", exact=True).click()
    ada.get_by_role("dialog").get_by_role("button", name="Ban").click()
    expect(ben.get_by_role("heading", name="You are not in this room")).to_be_visible()
    ben.get_by_role("button", name="Join").click()
    expect(ben.get_by_role("alert")).to_be_visible()  # whoever is banned can't come back

    ada.get_by_role("button", name="Unban").click()
    expect(ada.get_by_role("button", name="Unban")).to_have_count(0)
    ben.get_by_role("button", name="Join").click()
    expect(ben.get_by_role("heading", name="attic", level=1)).to_be_visible()


def test_a_direct_room_that_another_session_made_is_shown_before_anybody_writes(pages: Pages) -> None:
    page, fay = pages.at("ada"), pages.person("fay")["me"]["id"]
    room = call(pages, "ada", "PUT", f"/direct/{fay}")
    go(page, f"/room/{room['id']}")
    expect(page.get_by_role("heading", name="fay", level=1)).to_be_visible()
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()


def test_of_many_members_everybody_can_be_given_a_role(pages: Pages, chat: ServerProcess) -> None:
    room = Room(pages, "ada", "stadium")
    fill_room_beside(chat, 120, room=room.id, name="fan")
    room.join("yvonne")
    yvonne = pages.person("yvonne")["me"]["id"]
    page = pages.at("ada", f"/room/{room.id}?show=person-{yvonne}")
    page.get_by_text("Moderator", exact=True).click()
    expect(page.get_by_role("radio", name="Moderator")).to_be_checked()
    page.get_by_role("button", name="Remove from room").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove from room").click()
    expect(page.get_by_role("heading", name="About this room")).to_be_visible()
    go(page, f"/room/{room.id}?show=person-{yvonne}")
    expect(page.get_by_role("heading", name="yvonne")).to_be_visible()
    expect(page.get_by_role("button", name="Remove from room")).to_have_count(0)


def test_a_room_is_renamed_starred_muted_archived_left_and_deleted(pages: Pages) -> None:
    ada, room = pages.at("ada"), Room(pages, "ada", "cellar")
    go(ada, f"/room/{room.id}?show=room")
    ada.get_by_role("button", name="Edit room").click()
    ada.get_by_label("Name").fill("wine cellar")
    ada.get_by_role("button", name="Save").click()
    expect(ada.get_by_role("heading", name="wine cellar", level=1)).to_be_visible()

    elsewhere = pages.at("ada").get_by_role("region", name="Starred").get_by_role("link", name="wine cellar")
    ada.get_by_role("button", name="Add to Starred").click()
    expect(elsewhere).to_be_visible()
    ada.get_by_role("button", name="Remove from Starred").click()
    expect(elsewhere).to_have_count(0)

    ada.get_by_role("complementary").get_by_text("Nothing", exact=True).click()
    row = ada.get_by_role("navigation", name="Rooms").get_by_role("link", name="wine cellar")
    expect(row).to_contain_text("Muted")

    ada.get_by_role("button", name="Archive", exact=True).click()
    ada.get_by_role("dialog").get_by_role("button", name="Archive").click()
    expect(ada.get_by_role("complementary").get_by_text("This room is archived")).to_be_visible()
    ada.get_by_role("button", name="Unarchive").click()
    expect(ada.get_by_role("button", name="Archive", exact=True)).to_be_visible()

    ada.get_by_role("button", name="Delete room").click()
    ada.get_by_role("dialog").get_by_role("button", name="Delete room").click()
    expect(row).to_have_count(0)


def test_a_public_room_is_browsed_joined_and_left(pages: Pages) -> None:
    Room(pages, "ben", "sailing", topic="Boats and weather")
    ada = pages.at("ada")
    ada.get_by_role("button", name="New", exact=True).click()
    ada.get_by_role("menuitem", name="Browse rooms").click()
    ada.get_by_label("Search by name").fill("sail")
    expect(ada.get_by_role("dialog")).to_contain_text("Boats and weather")
    ada.get_by_role("button", name="Join sailing").click()
    expect(ada.get_by_role("heading", name="sailing", level=1)).to_be_visible()

    ada.get_by_role("link", name="About this room").click()
    ada.get_by_role("button", name="Leave room").click()
    ada.get_by_role("dialog").get_by_role("button", name="Leave room").click()
    expect(ada.get_by_role("link", name="sailing")).to_have_count(0)


@in_campaign
def test_of_many_rooms_those_in_sight_are_drawn_and_the_keyboard_reaches_all(pages: Pages) -> None:
    for number in range(80):
        Room(pages, "many", f"shelf {number}")
    page = pages.of("many")
    rooms = page.locator("a.room")
    expect(rooms.filter(has_text="shelf 79")).to_be_visible()
    assert rooms.count() < 60
    expect(
        page.get_by_role("heading", name="lobby", level=1)
    ).to_be_visible()  # the page has opened its first room
    expect(page.get_by_text("Online", exact=True)).to_be_visible()
    page.evaluate("""() => {  // a slow device, which draws the last rooms later
        const soon = requestAnimationFrame;
        window.requestAnimationFrame = (draw) => setTimeout(() => soon(draw), 200);
    }""")
    rooms.first.press("End")
    expect(rooms.filter(has_text="shelf 0")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(rooms.filter(has_text="shelf 1").last).to_be_focused()
    page.get_by_label("Filter rooms and people").fill("SHELF 42")
    expect(rooms).to_have_count(1)


@in_campaign
def test_of_more_rooms_than_one_sync_takes_each_is_synced(
    pages: Pages, chat: ServerProcess, relay: Relay
) -> None:
    speaker = Speaker(pages, "full")
    rooms = make_rooms_beside(chat, 1_100, "depot", member="full")
    page = pages.of("full", url=relay.url)
    eventually(lambda: len(stored(page, "rooms")) > len(rooms), "all are kept")
    with relay.cut():
        expect(page.get_by_text("The server can't be reached since")).to_be_visible()
        speaker.say(rooms[0], "in the first")
        speaker.say(rooms[-1], "in the last")
    page.evaluate("() => dispatchEvent(new Event('online'))")
    newest = page.locator("a.room").filter(has_text="depot")
    expect(newest.nth(0)).to_contain_text("depot 1100")
    expect(newest.nth(1)).to_contain_text("depot 1")


def test_the_switcher_leads_to_rooms_people_and_actions_by_keyboard(pages: Pages) -> None:
    Room(pages, "ada", "orchard")
    pages.person("Ольга")
    ada = pages.at("ada")
    jump(ada, "orch")
    expect(ada.get_by_role("heading", name="orchard", level=1)).to_be_visible()
    jump(ada, "ольга")
    expect(ada.get_by_role("heading", name="Ольга", level=1)).to_be_visible()
    jump(ada, "settings")
    expect(ada.get_by_role("heading", name="Settings", level=1)).to_be_visible()


def test_search_marks_matches_and_opens_them_in_place(pages: Pages, chat: ServerProcess) -> None:
    room = Room(pages, "ada", "archive")
    room.join("ben")
    room.say("ben", "the pumpkin is bigger than the shed")
    write_beside(chat, 119, room=room.id, sender="ada")
    room.say("ada", "after all of them")
    found = partial(call, pages, "ada", "GET", "/search?q=pumpkin")
    eventually(lambda: bool(found()["hits"]), "the search finds what was just said")
    ada = pages.at("ada", "/search")
    field = ada.get_by_role("searchbox", name="Search messages")
    field.fill('from:ben in:archive "pumpkin is" since:2020-01')
    field.press("Enter")
    hit = ada.get_by_role("listitem").filter(has_text="bigger than the shed")
    expect(hit.locator("mark").first).to_have_text("pumpkin")
    expect(hit.locator("time")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    hit.get_by_role("link").click()
    said = ada.get_by_role("main").get_by_text("the pumpkin is bigger than the shed")
    expect(said).to_be_in_viewport()

    go(ada, "/search?q=zeppelin")
    expect(ada.get_by_role("status")).to_contain_text("zeppelin")
    go(ada, "/search?q=pumpkin+from:nobody-at-all")
    expect(ada.get_by_role("alert")).to_contain_text("nobody-at-all")
    go(ada, "/search?q=pumpkin+before:yesterday")
    expect(ada.get_by_role("alert")).to_contain_text("before:yesterday")


@in_campaign
def test_a_session_is_ended_and_its_page_is_out(pages: Pages) -> None:
    here, there = pages.of("carl", "/settings/security"), pages.of("carl")
    expect(there.get_by_role("navigation", name="Rooms")).to_be_visible()
    here.reload()
    others = here.get_by_role("listitem").get_by_role("button", name="Log out ")
    expect(others.first).to_be_visible()  # the last that was begun, which is the other page's
    count = others.count()
    others.first.click()
    expect(there.get_by_role("button", name="Log in")).to_be_visible()
    expect(others).to_have_count(count - 1)
    here.get_by_role("button", name="Log out all other devices").click()
    here.get_by_role("dialog").get_by_role("button", name="Log out all other devices").click()
    expect(others).to_have_count(0)


def test_a_password_is_changed_and_a_wrong_one_is_refused(pages: Pages) -> None:
    page = pages.of("dora", "/settings/security")
    page.get_by_label("Current password").fill("wrong")
    page.get_by_label("New password").fill("a new one for dora")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("All other devices are logged out")).to_be_visible()
    body = {"login": "dora", "password": "a new one for dora"}
    assert post(f"{pages.url}/api/v1/auth/login", body).status_code == 200
    go(page, "/settings/profile")  # this session goes on
    expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()


@in_campaign
def test_typed_profile_fields_survive_a_change_from_elsewhere(pages: Pages) -> None:
    hugo = Speaker(pages, "hugo")
    page = pages.of("hugo", "/settings/profile")
    page.get_by_label("Email").fill("hugo@example.com")
    hugo.call("PATCH", "/me", {"display": "Victor Hugo"})
    expect(page.get_by_role("navigation", name="Rooms").get_by_text("Victor Hugo")).to_be_visible()
    expect(page.get_by_label("Display name")).to_have_value("Victor Hugo")
    expect(page.get_by_label("Email")).to_have_value("hugo@example.com")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_label("Email")).to_have_value("hugo@example.com")


@in_campaign
def test_a_profile_a_block_a_token_and_a_theme(pages: Pages) -> None:
    emil = pages.person("emil")["me"]["id"]
    page = pages.of("flora", "/settings/profile")
    page.get_by_label("Display name").fill("Flora Botanica")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("navigation", name="Rooms").get_by_text("Flora Botanica")).to_be_visible()

    lobby = page.get_by_role("navigation", name="Rooms").get_by_role("link", name="lobby")
    lobby.click()
    expect(page.get_by_role("heading", name="lobby", level=1)).to_be_visible()
    expect(page.get_by_role("main").get_by_role("textbox")).to_be_visible()
    go(page, f"/room/{LOBBY_ID}?show=person-{emil}")
    page.get_by_role("button", name="Block", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Block").click()
    expect(page.get_by_text("You have blocked this person.")).to_be_visible()
    go(page, "/settings/blocks")
    page.get_by_role("button", name="Unblock emil").click()
    expect(page.get_by_text("You haven't blocked anyone.")).to_be_visible()

    go(page, "/settings/tokens")
    page.get_by_label("What is this token for?").fill("build bot")
    page.get_by_label("Your password").fill("a guess of eve")
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_text("wrong password")).to_be_visible()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Create token").click()
    token = page.get_by_label("Token", exact=True).input_value()
    mine = request("GET", f"{pages.url}/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert mine.json()["name"] == "flora"
    page.get_by_role("button", name="Revoke build bot").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("button", name="Revoke build bot")).to_have_count(0)

    go(page, "/settings/appearance")
    page.get_by_text("Dark", exact=True).click()
    page.reload()
    expect(page.locator("html[data-theme=dark]")).to_have_count(1)


def make_room(page: Page, name: str, topic: str) -> None:
    """Make a room by the menu."""
    page.get_by_role("button", name="New", exact=True).click()
    page.get_by_role("menuitem", name="Create a room").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Topic").fill(topic)
    page.get_by_role("button", name="Create room").click()


def jump(page: Page, words: str) -> None:
    """Go somewhere by Ctrl+K and the first target."""
    expect(page.get_by_role("navigation", name="Rooms")).to_be_visible()
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Jump to")
    field.fill(words)
    first = page.get_by_role("option").first
    expect(first).to_contain_text(words, ignore_case=True)
    expect(first).not_to_contain_text("Search")  # which is all that is offered until people are found
    field.press("Enter")
