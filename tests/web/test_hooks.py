"""Hooks in the page: an admin makes one, its messages have a mark and a label, and its address is replaced."""

import re

import httpx
from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import post
from tests.support.server import ServerProcess
from tests.web.pages import Pages
from tests.web.rooms import Room


@in_campaign
def test_an_admin_makes_a_hook_whose_messages_have_a_mark(pages: Pages, chat: ServerProcess) -> None:
    room = Room(pages, "ada", "alarms")
    command(chat, "user", "role", "ada", "admin")
    ada = pages.at("ada", "/admin/hooks")
    expect(ada.get_by_text("No hooks.")).to_be_visible()
    ada.get_by_role("button", name="New hook").click()
    ada.get_by_label("Name", exact=True).fill("Grafana (1)")
    ada.get_by_label("Room", exact=True).select_option("alarms")
    ada.get_by_role("button", name="Make hook").click()
    expect(ada.get_by_text("A hook’s name has 1 to 57 characters")).to_be_visible()
    ada.get_by_label("Name", exact=True).fill("Grafana")
    ada.get_by_role("button", name="Make hook").click()
    address = ada.get_by_role("textbox", name="Address of Grafana").input_value()
    assert address.startswith(f"{chat.url}/hooks/")
    row = ada.locator(".admin-hook")
    expect(row).to_contain_text("alarms · Never used · made by ada")

    alarm = {
        "text": "*disk* is full <javascript:alert(1)|x> <https://db.example|db-1>",
        "username": "Prometheus",
    }
    assert post(address, alarm).text == "ok"
    assert httpx.post(address, content=b"{").text == "invalid_payload"
    ada.goto(f"{chat.url}/room/{room.id}")
    message = ada.get_by_role("article").filter(has_text="disk is full")
    expect(message.locator(".message-name")).to_have_text("Grafana Hook")
    expect(message.locator(".message-label")).to_have_text("Prometheus")
    expect(message.locator("strong")).to_have_text("disk")
    expect(message.get_by_role("link")).to_have_attribute("href", "https://db.example/")

    ada.goto(f"{chat.url}/admin/hooks")
    expect(row).to_contain_text("invalid_payload: the body is no JSON")
    expect(row).to_contain_text("Last used")
    row.get_by_role("button", name="Rename Grafana").click()
    row.get_by_label("Name", exact=True).fill("Grafana 2")
    row.locator("form").get_by_role("button", name="Rename").click()
    expect(row).to_contain_text("Grafana 2")
    row.get_by_role("button", name="New address").click()
    ada.get_by_role("dialog").get_by_role("button", name="New address").click()
    shown = ada.get_by_role("textbox", name="Address of Grafana 2")
    expect(shown).not_to_have_value(address)
    assert post(address, {"text": "old"}).text == "no_service"
    assert post(shown.input_value(), {"text": "new"}).text == "ok"
    row.get_by_role("button", name="Remove Grafana 2").click()
    ada.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(ada.get_by_text("No hooks.")).to_be_visible()


@in_campaign
def test_who_leads_a_room_manages_its_hooks_there(pages: Pages, chat: ServerProcess) -> None:
    room = Room(pages, "lena", "builds")
    room.join("leo")
    leo = pages.at("leo", f"/room/{room.id}?show=room")
    expect(leo.get_by_text("About this room")).to_be_visible()
    expect(leo.get_by_role("button", name="Manage hooks")).to_have_count(0)
    lena = pages.at("lena", f"/room/{room.id}?show=room")
    lena.get_by_role("button", name="Manage hooks").click()
    dialog = lena.get_by_role("dialog", name="Hooks")
    dialog.get_by_role("button", name="New hook").click()
    dialog.get_by_label("Name", exact=True).fill("Jenkins")
    dialog.get_by_role("button", name="Make hook").click()
    address = dialog.get_by_role("textbox", name="Address of Jenkins").input_value()
    assert post(address, {"text": "built"}).text == "ok"
    expect(dialog.locator(".admin-hook")).to_contain_text("made by lena")
    dialog.get_by_role("button", name="New outgoing hook").click()
    dialog.get_by_label("URL", exact=True).fill("http://127.0.0.1:9/in")
    dialog.get_by_label("Event types").fill("message, sunshine")
    dialog.get_by_role("button", name="Make hook").click()
    expect(dialog.get_by_text("There is no event with this type.")).to_be_visible()
    dialog.get_by_label("Event types").fill("message, edited")
    dialog.get_by_role("button", name="Make hook").click()
    secret = dialog.get_by_role("textbox", name="Secret for").input_value()
    row = dialog.locator(".admin-outgoing")
    expect(row).to_contain_text("only message, edited · made by lena")
    row.get_by_role("button", name="New secret").click()
    lena.get_by_role("dialog", name="New secret for").get_by_role("button", name="New secret").click()
    expect(dialog.get_by_role("textbox", name="Secret for")).not_to_have_value(secret)


@in_campaign
def test_an_admin_makes_an_outgoing_hook_and_replays_it(pages: Pages, chat: ServerProcess) -> None:
    Room(pages, "ada", "pumps")
    command(chat, "user", "role", "ada", "admin")
    ada = pages.at("ada", "/admin/hooks")
    ada.get_by_role("button", name="New outgoing hook").click()
    ada.get_by_label("URL", exact=True).fill("ftp://tools.example/")
    ada.get_by_label("Room", exact=True).select_option("pumps")
    ada.get_by_role("button", name="Make hook").click()
    expect(ada.get_by_text("A hook’s URL begins with https://")).to_be_visible()
    url = "http://127.0.0.1:9/in"  # a private address, which is refused
    ada.get_by_label("URL", exact=True).fill(url)
    ada.get_by_role("button", name="Make hook").click()
    expect(ada.get_by_role("textbox", name=f"Secret for {url}")).to_have_value(re.compile("^whsec_"))
    row = ada.locator(".admin-outgoing").filter(has_text="pumps")
    expect(row).to_contain_text("pumps · made by ada · Nothing sent yet · position ")
    row.get_by_role("button", name="Send again").click()
    row.get_by_label("After position").fill("0")
    row.locator("form").get_by_role("button", name="Send again").click()
    expect(row).to_contain_text("position 0")
    row.get_by_role("button", name="Send again").click()
    row.get_by_label("From a time on").check()
    row.get_by_label("Since").fill("2100-01-01T00:00")
    row.locator("form").get_by_role("button", name="Send again").click()
    expect(row).to_contain_text(", 0 behind")
    row.get_by_role("button", name="Change").click()
    row.get_by_label("Event types").fill("message")
    row.locator("form").get_by_role("button", name="Save").click()
    expect(row).to_contain_text("only message")
    row.get_by_role("button", name="Switch off").click()
    expect(row.get_by_text("Off", exact=True)).to_be_visible()
    expect(row.get_by_role("button", name="Switch on")).to_be_visible()
    row.get_by_role("button", name=f"Remove {url}").click()
    ada.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)


@in_campaign
def test_who_leads_a_room_makes_a_bridge_and_changes_it(pages: Pages, chat: ServerProcess) -> None:
    room = Room(pages, "lena", "harbour")
    lena = pages.at("lena", f"/room/{room.id}?show=room")
    lena.get_by_role("button", name="Manage hooks").click()
    dialog = lena.get_by_role("dialog", name="Hooks")
    dialog.get_by_role("button", name="New bridge").click()
    url = "http://127.0.0.1:9"  # a private address, which is refused when it is called
    for label, value in {
        "URL of": url,
        "Gateway": "the sea",
        "Token": "secret",
        "Name of": "Networks",
    }.items():
        dialog.get_by_label(label).fill(value)
    dialog.get_by_role("button", name="Make bridge").click()
    expect(dialog.get_by_label("Gateway")).to_have_attribute("aria-invalid", "true")
    expect(dialog.locator(".admin-hook")).to_have_count(0)
    dialog.get_by_label("Gateway").fill("sea")
    dialog.get_by_role("button", name="Make bridge").click()
    row = dialog.locator(".admin-outgoing")
    expect(row).to_contain_text(f"{url}bridge to the gateway sea, posts as Networks · made by lena")
    expect(dialog.get_by_role("textbox", name="Secret for")).to_have_count(0)
    expect(dialog.get_by_role("button", name="Rename Networks")).to_be_visible()
    row.get_by_role("button", name="Change").click()
    row.get_by_label("Gateway").fill("pond")
    row.get_by_label("URL of").fill(f"{url}/api-of/")
    row.get_by_role("button", name="Save").click()
    expect(row).to_contain_text(f"{url}/api-ofbridge to the gateway pond")
    row.get_by_role("button", name="Switch off").click()
    expect(row.get_by_text("Off", exact=True)).to_be_visible()
    row.get_by_role("button", name=f"Remove {url}/api-of").click()
    lena.get_by_role("dialog", name="Remove").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
