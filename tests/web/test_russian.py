"""The page in Russian: refusals of the server, and emoji by their Russian names."""

import re

from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.system.relay import Relay
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline


@in_campaign
def test_refusals_and_emoji_are_russian_too(pages: Pages) -> None:
    ada = Speaker(pages, "ada")
    ada.make_room("garden")
    page = pages.of("ada", f"/room/{ada.make_room('сад')}", locale="ru-RU")
    timeline = Timeline(page)
    expect(page.get_by_role("link", name="холл", exact=True)).to_be_visible()
    timeline.write(":сердц")
    expect(page.get_by_role("option").filter(has_text="сердце с лентой")).to_be_visible()
    page.keyboard.press("Escape")
    timeline.field.fill("")
    timeline.say("роза")
    timeline.message("роза").focus()
    timeline.message("роза").dispatch_event("keydown", {"key": "у", "code": "KeyE"})
    expect(timeline.field).to_have_value("роза")
    page.keyboard.press("Escape")
    timeline.message("роза").focus()
    page.keyboard.press("+")
    page.get_by_role("searchbox").fill("ракета")
    expect(page.locator(".emoji-picker .emoji-button").first).to_have_text("🚀")
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Новое", exact=True).click()
    page.get_by_role("menuitem", name="Создать комнату").click()
    page.get_by_label("Название").fill("garden")
    page.get_by_role("dialog").get_by_role("button", name="Создать комнату").click()
    expect(page.get_by_role("alert")).to_have_text("Комната с таким названием уже есть.")
    page.get_by_label("Название").fill("a/b")
    page.get_by_role("dialog").get_by_role("button", name="Создать комнату").click()
    expect(page.get_by_role("alert")).to_contain_text("В названии от 1 до 64 знаков")


@in_campaign
def test_a_refusal_received_while_away_is_explained_in_russian(pages: Pages, relay: Relay) -> None:
    ada = Speaker(pages, "ada")
    room = ada.make_room("shed", Speaker(pages, "ben"))
    page = pages.of("ben", f"/room/{room}", url=relay.url, locale="ru-RU")
    timeline = Timeline(page)
    expect(timeline.field).to_be_visible()
    with relay.cut():
        timeline.write("пустите")
        page.keyboard.press("Enter")
        expect(timeline.message("пустите")).to_have_class(re.compile("is-waiting"))
        ada.call("PATCH", f"/rooms/{room}", {"archived": True})
    page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(page.locator(".message.is-refused").get_by_role("alert")).to_contain_text("архив")
