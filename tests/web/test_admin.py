"""Administration in the browser: changes reach open pages within a second and are audited."""

import re
import time

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from chat.backup.state import STATE, note_made, note_problem, note_proven
from chat.domain.entities import LOBBY_ID
from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, eventually, post, request
from tests.support.server import ServerProcess
from tests.web.pages import Pages
from tests.web.rooms import Room, call
from tests.web.talking import Speaker, Timeline, make_rooms_beside

AT_ONCE = 5_000
"""Milliseconds for what takes one second on an idle machine."""


@pytest.fixture(scope="module")
def _admin(chat: ServerProcess) -> None:
    """An admin's account."""
    post(f"{chat.url}/api/v1/auth/register", {"name": "olga", "password": PASSWORD})
    command(chat, "user", "role", "olga", "admin")


@pytest.fixture
def olga(pages: Pages, _admin: None) -> Page:
    """The page of an admin."""
    return pages.at("olga", "/admin")


@in_campaign
def test_the_state_of_backups_is_shown(olga: Page, chat: ServerProcess) -> None:
    (chat.data / STATE).unlink(missing_ok=True)
    olga.get_by_role("link", name="Backups").click()
    part = olga.locator(".settings-part")
    expect(part).to_contain_text("No backups are set up.")
    expect(part.get_by_text("never")).to_have_count(2)
    now = time.time()
    try:
        note_made(chat.data, chat.data / "backup", now - 7 * 3600, 4.0, 12_345_678)
        note_proven(chat.data, chat.data / "backup", now - 7 * 3600)
        note_problem(chat.data, "No space left on device")
        olga.reload()
        expect(part).to_contain_text("7 hours ago")
        expect(part.locator("div").filter(has_text="Last proven restore")).to_contain_text(
            re.compile("minute")
        )
        expect(part.get_by_role("alert")).to_contain_text("No space left on device")
        expect(part).to_contain_text("not scheduled")
    finally:
        (chat.data / STATE).unlink()


def account(page: Page, name: str) -> None:
    """Find somebody's account, and open it."""
    page.get_by_role("link", name="People").click()
    page.get_by_role("searchbox").fill(name)
    page.get_by_role("link", name=name, exact=False).filter(has=page.locator(".avatar")).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def confirm(page: Page, action: str) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=action).click()
    expect(dialog).to_be_hidden()


def log_in_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Log in")


def log_in(page: Page, name: str) -> None:
    page.get_by_label("Name", exact=False).first.fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    log_in_button(page).click()


def test_a_logged_out_or_disabled_person_is_signed_out_within_a_second(pages: Pages, olga: Page) -> None:
    ada = pages.at("ada")
    expect(ada.get_by_role("link", name="lobby")).to_be_visible()
    account(olga, "ada")
    olga.get_by_role("button", name="Log out everywhere").click()
    confirm(olga, "Log out everywhere")
    expect(log_in_button(ada)).to_be_visible(timeout=AT_ONCE)
    log_in(ada, "ada")
    expect(ada.get_by_role("link", name="lobby")).to_be_visible()

    olga.get_by_role("button", name="Disable").click()
    confirm(olga, "Disable")
    expect(log_in_button(ada)).to_be_visible(timeout=AT_ONCE)
    expect(olga.get_by_text("disabled", exact=True)).to_be_visible()
    log_in(ada, "ada")
    expect(ada.locator("form").get_by_role("alert")).to_contain_text("disabled")
    olga.get_by_role("button", name="Enable").click()
    confirm(olga, "Enable")
    expect(olga.get_by_text("disabled", exact=True)).to_be_hidden()
    log_in(ada, "ada")
    expect(ada.get_by_role("link", name="lobby")).to_be_visible()


@in_campaign
def test_roles_names_and_passwords_are_changed_and_each_change_is_asked_about(
    pages: Pages, olga: Page
) -> None:
    ben = pages.of("ben")
    expect(ben.get_by_role("link", name="lobby")).to_be_visible()
    expect(ben.get_by_role("link", name="Inbox")).to_be_hidden()
    account(olga, "ben")
    operator = olga.get_by_role("checkbox", name="operator")
    operator.click()
    olga.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(operator).not_to_be_checked()
    operator.click()
    confirm(olga, "Give role")
    expect(operator).to_be_checked()
    expect(ben.get_by_role("link", name="Inbox")).to_be_visible(timeout=AT_ONCE)

    olga.get_by_label("Login name").fill("bernard")
    olga.get_by_role("button", name="Rename").click()
    confirm(olga, "Rename")
    expect(olga.get_by_role("heading", name="bernard")).to_be_visible()
    olga.get_by_label("New password").fill("another one")
    olga.get_by_role("button", name="Set password").click()
    confirm(olga, "Set password")
    expect(log_in_button(ben)).to_be_visible(timeout=AT_ONCE)

    olga.get_by_role("button", name="Delete with messages").click()
    confirm(olga, "Delete with messages")
    olga.get_by_role("searchbox").fill("bernard")
    expect(olga.get_by_text("No people found.")).to_be_visible()

    account(olga, "olga")
    olga.get_by_role("checkbox", name="admin").click()
    confirm(olga, "Remove role")
    expect(olga.get_by_role("alert")).to_contain_text("This would remove the last admin")
    expect(olga.get_by_role("checkbox", name="admin")).to_be_checked()


@in_campaign
def test_the_lobbys_readers_are_a_setting_and_an_open_lobby_is_labelled(pages: Pages, olga: Page) -> None:
    ben = pages.of("ben", f"/room/{LOBBY_ID}")
    badge = ben.locator(".place-tools").get_by_text("Public", exact=True)
    expect(badge).to_be_visible()
    olga.get_by_role("link", name="Registration").click()
    who = olga.get_by_role("group", name="Who can read the lobby")
    expect(who.get_by_role("radio", name="Anyone, without logging in")).to_be_checked()
    who.get_by_role("radio", name="People with an account").click()
    confirm(olga, "People with an account")
    expect(who.get_by_role("radio", name="People with an account")).to_be_checked()
    expect(badge).to_have_count(0)
    who.get_by_role("button", name=re.compile("Reset to default")).click()
    asked = olga.get_by_role("dialog", name="Change who can read the lobby?")
    expect(asked).to_contain_text("Strangers who can reach this server can read the lobby live")
    asked.get_by_role("button", name="Anyone, without logging in").click()
    expect(badge).to_be_visible()


@in_campaign
def test_invitations_begin_with_the_public_address(pages: Pages, olga: Page) -> None:
    olga.get_by_role("link", name="Server").click()
    address = olga.get_by_label("Public address")
    address.fill("chat example")
    expect(olga.get_by_role("alert")).to_have_text("Enter an address like https://chat.example.")
    address.fill("Chat.example/")
    olga.get_by_role("button", name="Save").click()
    expect(address).to_have_value("https://chat.example")
    olga.get_by_role("link", name="Registration").click()
    olga.get_by_role("button", name="Create link").click()
    expect(olga.get_by_role("textbox", name="Invitation link")).to_have_value(
        re.compile(r"^https://chat\.example/i/")
    )
    olga.get_by_role("link", name="Server").click()
    olga.get_by_role("button", name="Reset to default (none)").click()
    expect(address).to_have_value("")


@in_campaign
def test_settings_apply_at_once_name_their_source_and_are_withdrawn(pages: Pages, olga: Page) -> None:
    olga.get_by_role("link", name="Registration").click()
    who = olga.get_by_role("group", name="Who can register")
    who.get_by_role("radio", name="Nobody").click()
    confirm(olga, "Nobody")
    expect(who.get_by_role("radio", name="Nobody")).to_be_checked()
    expect(olga.get_by_text(re.compile("Changed by olga"))).to_be_visible()
    stranger = pages.open("/")
    expect(log_in_button(stranger)).to_be_visible()
    expect(stranger.get_by_role("button", name="Create an account")).to_be_hidden()
    who.get_by_role("button", name="Reset to default (Anyone)").click()
    asked = olga.get_by_role("dialog", name="Change who can register?")
    expect(asked).to_contain_text("Anyone who can reach this server can create an account.")
    asked.get_by_role("button", name="Cancel").click()
    expect(who.get_by_role("radio", name="Nobody")).to_be_checked()
    who.get_by_role("button", name="Reset to default (Anyone)").click()
    confirm(olga, "Anyone")
    expect(who.get_by_role("radio", name="Anyone")).to_be_checked()

    olga.get_by_role("link", name="Limits").click()
    rate = olga.get_by_label("Messages per second")
    before = rate.input_value()
    rate.fill("many")
    expect(olga.get_by_role("alert")).to_have_text("Enter a number.")
    rate.fill("7.5")
    olga.get_by_role("button", name="Save").click()
    expect(olga.get_by_text(re.compile("Changed by olga"))).to_be_visible()
    olga.reload()
    expect(rate).to_have_value("7.5")
    olga.get_by_role("button", name=re.compile("Reset to default")).click()
    expect(rate).to_have_value(before)

    olga.get_by_role("link", name="Support widget").click()
    origins = olga.get_by_label("Allowed websites")
    origins.fill("shop.example")
    expect(olga.get_by_role("alert")).to_contain_text("“shop.example” is not an origin")
    origins.fill("https://shop.example")
    olga.get_by_role("button", name="Save").click()
    expect(olga.get_by_text(re.compile("Changed by olga"))).to_be_visible()
    olga.get_by_role("button", name="Add hours").click()
    olga.get_by_label("Days", exact=True).select_option(label="Every day")
    olga.get_by_label("Until").fill("00:00")
    zone, holidays = olga.get_by_label("Time zone"), olga.get_by_label("Holidays")
    zone.fill("Atlantis")
    expect(olga.get_by_role("alert")).to_contain_text("There is no such time zone.")
    zone.fill("Europe/Berlin")
    holidays.fill("12-25 2026-02-30")
    expect(olga.get_by_role("alert")).to_contain_text("“2026-02-30” is not a day.")
    holidays.fill("12-25 2026-02-28")
    olga.get_by_role("button", name="Save").click()
    expect(holidays).to_have_value("12-25\n2026-02-28")
    olga.get_by_role("radio", name="Hide the button").click()
    confirm(olga, "Hide the button")
    expect(olga.get_by_role("radio", name="Hide the button")).to_be_checked()
    olga.reload()
    expect(olga.get_by_label("Until")).to_have_value("00:00")
    expect(zone).to_have_value("Europe/Berlin")
    olga.get_by_role("button", name="Remove Every day 09:00 – 00:00").click()
    olga.get_by_role("button", name="Save").click()
    expect(olga.get_by_label("Until")).to_have_count(0)
    expect(olga.get_by_label("Code for your website")).to_have_value(
        f'<script async src="{pages.url}/widget.js"></script>'
    )

    olga.get_by_role("link", name="Server").click()
    olga.get_by_label("Server name").fill("garden club")
    olga.get_by_role("button", name="Save").click()
    expect(olga.get_by_role("navigation").get_by_text("garden club")).to_be_visible()

    olga.get_by_role("link", name="Audit log").click()
    acts = olga.locator(".audit > li p:first-child")
    own = acts.filter(has_text=re.compile("^olga "))  # the server goes on deleting what others deleted before
    got = [
        "changed “Server name” to garden club",
        "changed “Opening hours” to none",
        "changed “While you are away” to Hide the button",
        "changed “Time zone” to Europe/Berlin",
        "changed “Opening hours” to mon-sun/09:00-24:00",
        "changed “Holidays” to 12-25, 2026-02-28",
        "changed “Allowed websites” to https://shop.example",
        "reset “Messages per second” to default",
        "changed “Messages per second” to 7.5",
    ]
    for number, detail in enumerate(got):
        expect(own.nth(number)).to_have_text(f"olga {detail}")
    expect(acts.filter(has_text="a command on the server changed the roles of olga")).to_have_count(1)


@in_campaign
def test_new_people_are_in_the_rooms_that_an_admin_has_chosen(pages: Pages, olga: Page) -> None:
    room = Room(pages, "ada", "town hall")
    olga.get_by_role("link", name="Rooms").click()
    expect(olga.locator(".admin-rooms")).to_be_visible()
    olga.get_by_role("searchbox").fill("town")
    row = olga.locator(".admin-rooms > li")
    expect(row).to_have_count(1)
    olga.get_by_role("button", name="Actions for town hall").click()
    olga.get_by_role("menuitem", name="Have new people start here").click()
    expect(row).to_contain_text("New people start here")
    gina = pages.at("gina", "/")
    expect(gina.get_by_role("navigation", name="Rooms").get_by_text("town hall")).to_be_visible()
    olga.get_by_role("button", name="Actions for town hall").click()
    olga.get_by_role("menuitem", name="Don't have new people start here").click()
    expect(row).not_to_contain_text("New people start here")
    assert call(pages, "olga", "GET", "/admin/starting-rooms")["rooms"] == []
    olga.get_by_role("link", name="Audit log").click()
    expect(olga.locator(".audit")).to_contain_text(f"olga has new people start in room {room.id}")


@in_campaign
def test_an_admin_renames_archives_and_deletes_any_room(pages: Pages, olga: Page) -> None:
    room = Room(pages, "ada", "secret garden")
    ada = pages.at("ada", f"/room/{room.id}")
    ada_sees = ada.get_by_role("heading", level=1)
    expect(ada_sees).to_have_text("secret garden")
    olga.get_by_role("link", name="Rooms").click()
    expect(olga.locator(".admin-rooms")).to_be_visible()  # until then the search is that of the people
    olga.get_by_role("searchbox").fill("GARDEN")
    rows = olga.locator(".admin-rooms > li")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("1 member · 0 messages · created by ada")
    olga.get_by_role("button", name="Actions for secret garden").click()
    olga.get_by_role("menuitem", name="Rename").click()
    olga.get_by_role("dialog").get_by_label("Name").fill("lobby")
    olga.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(olga.get_by_role("alert")).to_contain_text("A room with this name already exists")
    olga.get_by_role("dialog").get_by_label("Name").fill("garden")
    confirm(olga, "Rename")
    expect(ada_sees).to_have_text("garden")
    for what in ("Archive", "Delete room"):
        olga.get_by_role("button", name="Actions for garden").click()
        olga.get_by_role("menuitem", name=what).click()
        confirm(olga, what)
        if what == "Archive":
            expect(ada.get_by_text("This room is archived").first).to_be_visible()
            expect(rows.first).to_contain_text("Archived")
    expect(ada.get_by_role("heading", name="You are not in this room")).to_be_visible()
    expect(olga.get_by_text("No rooms found.")).to_be_visible()
    olga.get_by_role("link", name="Audit log").click()
    acts = olga.locator(".audit > li p:first-child").filter(has_text=re.compile("^olga "))
    for number, got in enumerate(
        (
            "olga deleted the room garden",
            "olga archived the room garden",
            "olga renamed a room: secret garden → garden",
        )
    ):
        expect(acts.nth(number)).to_have_text(got)


@in_campaign
def test_messages_over_the_rate_limit_are_announced_and_all_arrive(pages: Pages, olga: Page) -> None:
    expect(olga.get_by_role("link", name="Limits")).to_be_visible()
    admin = Speaker(pages, "olga")
    admin.call("PATCH", "/admin/settings", {"message_rate": 1})
    try:
        eager = Timeline(pages.of("eva", "/room/1"))
        texts = [f"quickly {number}" for number in range(6)]
        for text in texts:
            eager.write(text)
            eager.page.keyboard.press("Enter")
        expect(eager.page.get_by_text("You are sending too fast.")).to_be_visible()
        expect(eager.page.locator(".message.is-waiting")).to_have_count(0)
        expect(eager.page.locator(".timeline-rows").get_by_text("quickly")).to_have_text(texts)
    finally:
        admin.call("PATCH", "/admin/settings", {"message_rate": None})


@in_campaign
def test_people_without_the_role_see_no_administration(pages: Pages) -> None:
    page = pages.of("eve", "/admin/people")
    expect(page.get_by_role("link", name="lobby")).to_be_visible()
    expect(page.get_by_role("heading", name="Administration")).to_be_hidden()
    expect(page.get_by_role("link", name="Administration")).to_be_hidden()


@in_campaign
def test_a_page_of_a_list_that_was_reloaded_meanwhile_is_dropped(
    pages: Pages, olga: Page, chat: ServerProcess
) -> None:
    pages.person("quinn")
    make_rooms_beside(chat, 60, "zinnia", member="quinn")
    held: list[Route] = []
    olga.route(re.compile(r"/admin/rooms\?.*after="), lambda route: held.append(route))
    olga.get_by_role("link", name="Rooms", exact=True).last.click()
    expect(olga.locator(".admin-rooms")).to_be_visible()  # until then the search is that of the people
    search = olga.get_by_role("searchbox")
    search.fill("zinnia")
    listed = olga.locator("main").get_by_text(re.compile(r"^zinnia \d+$"))
    expect(listed).to_have_count(50)
    olga.get_by_role("button", name="More").click()
    eventually(lambda: olga.evaluate("() => true") and bool(held), "it asks for more")
    search.fill("zinnia 7")
    expect(listed).to_have_text(["zinnia 7"])
    with olga.expect_response(re.compile("after=")) as late:
        held.pop().continue_()
    late.value.finished()
    olga.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    expect(listed).to_have_text(["zinnia 7"])
    search.fill("zinnia")
    expect(listed).to_have_count(50)
    olga.get_by_role("button", name="More").click()
    expect(olga.get_by_role("button", name="More")).to_be_disabled()
    eventually(lambda: olga.evaluate("() => true") and bool(held), "it asks for more again")
    held.pop().continue_()
    expect(listed).to_have_count(60)


@in_campaign
def test_a_person_is_added_with_a_first_password_or_invited(pages: Pages, olga: Page) -> None:
    olga.get_by_role("button", name="Add person").click()
    dialog = olga.get_by_role("dialog", name="Add person")
    dialog.get_by_label("Name").fill("walter")
    first = dialog.get_by_role("textbox", name="First password").input_value()
    assert re.fullmatch(r"[a-z2-9]{5}-[a-z2-9]{5}-[a-z2-9]{5}", first)
    dialog.get_by_role("checkbox", name="operator").check()
    dialog.get_by_role("button", name="Add", exact=True).click()
    added = olga.get_by_role("dialog", name="walter was added")
    expect(added.get_by_label("First password")).to_have_value(first)
    added.get_by_role("button", name="Close").click()
    expect(olga.locator(".admin-people").get_by_text("walter")).to_be_visible()
    stranger = pages.open("/")
    stranger.get_by_label("Name or email address").fill("walter")
    stranger.get_by_label("Password", exact=True).fill(first)
    log_in_button(stranger).click()
    expect(stranger.get_by_role("link", name="Inbox")).to_be_visible()

    olga.get_by_role("button", name="Add person").click()
    dialog.get_by_label("Name").fill("walter")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_role("alert")).to_have_text("That name is taken.")
    dialog.get_by_role("radio", name="Invitation link").check()
    dialog.get_by_role("button", name="Create link").click()
    expect(dialog.get_by_role("textbox", name="Invitation link")).to_have_value(re.compile("/i/"))


@in_campaign
def test_an_admins_link_sets_a_new_password(pages: Pages, olga: Page) -> None:
    pages.person("forgetful")
    stranger = pages.open("/")
    stranger.get_by_text("Forgot your password?").click()
    stranger.get_by_label("Email address of your account").fill("forgetful@example.com")
    stranger.get_by_role("button", name="Send reset link").click()
    expect(stranger.get_by_text("Ask an admin of this server for a reset link.")).to_be_visible()
    account(olga, "forgetful")
    olga.get_by_role("button", name="Create reset link").click()
    link = olga.get_by_label("Password reset link").input_value()
    stranger.goto(link)
    expect(stranger.get_by_text("Account: forgetful")).to_be_visible()
    stranger.get_by_label("New password").fill("x")
    stranger.get_by_role("button", name="Set password and log in").click()
    expect(stranger.get_by_role("alert")).to_contain_text("The password is shorter than")
    stranger.get_by_label("New password").fill("correct horse")
    stranger.get_by_role("button", name="Set password and log in").click()
    expect(stranger.get_by_role("navigation", name="Rooms")).to_be_visible()
    assert "#" not in stranger.url
    late = pages.open("/reset" + link.partition("/reset")[2])
    expect(late.get_by_role("alert")).to_contain_text("This link is used up, expired or mistyped.")


def test_the_audit_is_read_as_sentences_and_filtered_by_person_and_kind(pages: Pages, olga: Page) -> None:
    person = pages.person("noah")["me"]["id"]
    ada = pages.person("olga")["access"]
    for method, path, body in (
        ("PATCH", "/admin/settings", {"call_rate": 250}),
        ("PATCH", "/admin/settings", {"call_rate": None, "lobby": "members"}),
        ("PATCH", "/admin/settings", {"lobby": None}),
        ("PATCH", f"/admin/people/{person}", {"operator": True}),
        ("POST", "/invites", {"uses": 10, "days": 7}),
    ):
        headers = {"Authorization": f"Bearer {ada}"}
        assert request(method, f"{pages.url}/api/v1{path}", body, headers=headers).is_success
    wrong = {"login": "noah", "password": "not his at all"}
    assert request("POST", f"{pages.url}/api/v1/auth/login", wrong).status_code == 401
    olga.get_by_role("link", name="Audit log").click()
    entries = olga.locator(".audit")
    for sentence in (
        "olga changed “API calls per second” to 250",
        "olga reset “API calls per second” to default",
        "olga changed “Who can read the lobby” to People with an account",
        "olga changed the roles of noah: none → operator",
        "olga created an invitation (10 people, 7 days)",
        "Failed log-in as noah from 127.0.0.1",
    ):
        expect(entries.get_by_text(sentence, exact=True).first).to_be_visible()
    olga.get_by_label("Kind of entry").select_option(label="Passwords and log-ins")
    expect(entries.get_by_text("Failed log-in as noah").first).to_be_visible()
    expect(entries.get_by_text("API calls per second")).to_have_count(0)
    olga.get_by_label("Kind of entry").select_option(label="All entries")
    olga.get_by_role("button", name="Filter by person").click()
    olga.get_by_label("Search by name").fill("noah")
    olga.get_by_role("dialog").get_by_role("button", name="noah").click()
    expect(entries.get_by_text("olga changed the roles of noah: none → operator")).to_be_visible()
    expect(entries.get_by_text("API calls per second")).to_have_count(0)
    olga.get_by_role("button", name="Show everyone").click()
    expect(entries.get_by_text("API calls per second").first).to_be_visible()


@in_campaign
def test_a_network_is_banned_and_the_ban_lifted(pages: Pages, chat: ServerProcess) -> None:
    post(f"{chat.url}/api/v1/auth/register", {"name": "olga", "password": PASSWORD})
    command(chat, "user", "role", "olga", "admin")
    page = pages.at("olga", "/admin/bans")
    page.get_by_label("Address or network").fill("127.0.0.0/8")
    page.get_by_role("button", name="Ban", exact=True).click()
    expect(page.get_by_text("That network contains addresses of the server itself.")).to_be_visible()
    page.get_by_label("Address or network").fill("203.0.113.7/24")
    page.get_by_label("Registering").check()
    page.get_by_label("For how long").select_option("1 day")
    page.get_by_label("Reason").fill("advertisements")
    page.get_by_role("button", name="Ban", exact=True).click()
    row = page.locator(".row", has_text="203.0.113.0/24")
    expect(row).to_contain_text("Registering · until")
    expect(row).to_contain_text("olga · advertisements")
    page.get_by_role("button", name="Lift the ban of 203.0.113.0/24").click()
    expect(page.get_by_text("No network is banned.")).to_be_visible()
    page.get_by_role("link", name="Audit").click()
    expect(page.locator(".settings-part")).to_contain_text("olga banned the network 203.0.113.0/24")
