"""The page in languages beside English: which files it loads, dates and numbers, and text from right to left."""

import re

from playwright.sync_api import Page, expect

from tests.support.campaign import in_campaign
from tests.web.connection import wait_for_worker
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline

_LOADED = "() => performance.getEntriesByType('resource').map((each) => each.name)"
_CACHED = """async () => {
    const [name] = (await caches.keys()).filter((each) => each.startsWith("/web/"));
    return (await (await caches.open(name)).keys()).map((each) => each.url);
}"""
_DIRECTION = "(element) => getComputedStyle(element).direction"


def languages_of(page: Page, script: str) -> set[str]:
    """The languages of which a script of the page names files."""
    return set(re.findall(r"/i18n/(\w+)/", " ".join(page.evaluate(script))))


def test_a_reader_loads_no_other_language(pages: Pages) -> None:
    ada = Speaker(pages, "ada")
    room = ada.make_room("Garten")
    ada.say(room, "Guten Tag")
    page = pages.of("ada", f"/room/{room}", locale="de-AT")
    timeline = Timeline(page)
    expect(timeline.field).to_have_attribute("placeholder", "Nachricht an Garten")
    expect(page.locator(".timeline-day")).to_have_text("Heute")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("link", name="Lobby", exact=True)).to_be_visible()
    assert languages_of(page, _LOADED) == {"de"}
    english = pages.at("ada", f"/room/{room}")
    expect(english.locator(".timeline-day")).to_have_text("Today")
    assert languages_of(english, _LOADED) == set()


@in_campaign
def test_a_language_is_there_offline_and_no_other(pages: Pages) -> None:
    page = pages.of("ada", "/", locale="zh-CN", worker=True)
    expect(page.get_by_role("link", name="大厅", exact=True)).to_be_visible()
    wait_for_worker(page)
    assert languages_of(page, _CACHED) == {"zh"}  # English is a part of the page


@in_campaign
def test_every_language_is_offered_by_its_own_name(pages: Pages) -> None:
    page = pages.of("ada", "/settings/appearance", locale="fr-FR")
    names = page.get_by_label("Langue").locator("option")
    expect(names).to_have_text(
        [
            "Comme le navigateur",
            *("Deutsch", "English", "Español", "Français", "Português", "Русский", "中文"),
        ]
    )


def test_hebrew_and_arabic_run_from_right_to_left_beside_english(pages: Pages) -> None:
    ada = Speaker(pages, "ada")
    room = ada.make_room("גינה")
    texts = {
        "שלום לכולם, ada": "rtl",
        "مرحبا بالجميع 123": "rtl",
        "hello שלום": "ltr",
        "- פריט": "rtl",
        "@ada שלום": "rtl",
        "`code()` שלום": "rtl",
        "https://example.com/a שלום": "rtl",
    }
    for text in texts:
        ada.say(room, text)
    page = pages.at("ada", f"/room/{room}")
    timeline = Timeline(page)
    expect(timeline.messages).to_have_count(len(texts))
    shown = timeline.messages.locator(".message-text > :first-child")
    assert [shown.nth(n).evaluate(_DIRECTION) for n in range(len(texts))] == list(texts.values())
    assert timeline.messages.locator("code").evaluate(_DIRECTION) == "ltr"
    assert page.get_by_role("heading", name="גינה").first.evaluate(_DIRECTION) == "rtl"
    timeline.field.fill("مرحبا")
    assert timeline.field.evaluate(_DIRECTION) == "rtl"
    timeline.field.fill("hello")
    assert timeline.field.evaluate(_DIRECTION) == "ltr"
    timeline.field.fill("")
