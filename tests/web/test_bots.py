"""Bots in the page: a person makes one, an admin switches it off, and people of a room see whose it is."""

import httpx
from playwright.sync_api import Page, expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, post
from tests.support.server import ServerProcess
from tests.web.pages import Pages
from tests.web.rooms import Room


def confirmed(page: Page, name: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=name).click()


@in_campaign
def test_a_person_makes_a_bot_and_a_room_sees_whose_it_is(pages: Pages, chat: ServerProcess) -> None:
    room = Room(pages, "ada", "games")
    command(chat, "user", "role", "ada", "admin")
    ada = pages.at("ada", "/settings/bots")
    expect(ada.get_by_text("You have no bots.")).to_be_visible()
    ada.get_by_role("button", name="New bot").click()
    ada.get_by_label("Name", exact=True).fill("Di(ce")
    ada.get_by_role("button", name="Make bot").click()
    expect(ada.get_by_text("A hook’s name has 1 to 57 characters")).to_be_visible()
    ada.get_by_label("Name", exact=True).fill("Dice")
    ada.get_by_label("React to messages").check()
    ada.get_by_role("button", name="Make bot").click()
    bot = ada.locator(".bot")
    expect(bot).to_contain_text("Read messages, Send messages, React to messages · Never used")
    bot.get_by_label("Add to a room that you lead").select_option("games")
    bot.get_by_role("button", name="Add", exact=True).click()
    expect(bot.get_by_role("button", name="Take out of games")).to_be_visible()

    bot.get_by_role("button", name="New token").click()
    bot.get_by_label("What is this token for?").fill("at home")
    bot.get_by_label("Your password").fill(PASSWORD)
    bot.get_by_role("button", name="Create token").click()
    token = bot.get_by_role("textbox", name="Token", exact=True).input_value()
    said = {"key": "six", "text": "six"}
    as_bot = {"Authorization": f"Bearer {token}"}
    messages = f"{chat.url}/api/v1/rooms/{room.id}/messages"
    assert post(messages, said, headers=as_bot).status_code == 201

    bot.get_by_role("button", name="New call").click()
    bot.get_by_label("Address of the program").fill("https://dice.example/call")
    bot.get_by_label("Command", exact=True).fill("/roll")
    bot.get_by_role("button", name="Make call").click()
    assert bot.get_by_role("textbox", name="Secret").input_value().startswith("whsec_")
    expect(bot).to_contain_text("/roll · Never used")

    ada.goto(f"{chat.url}/admin/bots")
    row = ada.locator(".admin-bot")
    expect(row).to_contain_text("bot of ada")
    expect(row).to_contain_text("Last used")
    row.get_by_role("button", name="Switch off Dice").click()
    expect(row.locator(".tag")).to_have_text("Off")
    assert httpx.get(messages, headers=as_bot).status_code == 401
    row.get_by_role("button", name="Switch on Dice").click()
    expect(row.locator(".tag")).to_have_count(0)

    ada.goto(f"{chat.url}/room/{room.id}?show=room")
    said_by = ada.get_by_role("article").filter(has_text=said["text"]).locator(".message-name")
    expect(said_by).to_have_text("Dice Bot")
    member = ada.locator(".members").get_by_role("listitem").filter(has_text="Dice")
    expect(member).to_contain_text("bot of ada · /roll")
    expect(member.locator(".tag")).to_have_text("Bot")
    member.get_by_role("link").click()
    expect(ada.locator(".person-card")).to_contain_text("bot of ada · /roll")
    expect(ada.get_by_role("button", name="Remove from room")).to_be_visible()
    expect(ada.locator(".person-acts")).to_have_count(0)
    field = ada.get_by_label("Message to games")
    field.fill("/")
    expect(ada.get_by_role("option", name="Command of a bot /roll Dice")).to_be_visible()
    field.press_sequentially("ro")
    field.press("Enter")
    expect(field).to_have_value("/roll ")
    field.fill("@Di")
    ada.get_by_role("option", name="Dice").click()
    expect(field).to_have_value("@Dice ")

    ada.goto(f"{chat.url}/settings/bots")
    bot.get_by_role("button", name="Manage Dice").click()
    bot.get_by_role("button", name="Revoke at home").click()
    confirmed(ada, "Revoke")
    expect(bot.get_by_text("No program can be this bot yet.")).to_be_visible()
    bot.get_by_role("button", name="Remove", exact=True).last.click()
    confirmed(ada, "Remove")
    expect(ada.get_by_text("You have no bots.")).to_be_visible()
