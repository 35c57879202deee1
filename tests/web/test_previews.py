"""Link previews: the card while a link is typed, what readers see, and how it goes."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.server import ServerProcess
from tests.web.pages import Pages
from tests.web.site import OtherSite, other_site
from tests.web.talking import Speaker, Timeline

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
PICTURE = Path(__file__).parents[2] / "chat" / "web" / "icons" / "chat-192.png"
PAGE = """<title>Cats</title><meta property="og:title" content="Cats of the &lt;garden&gt;">
<meta property="og:description" content="All of them, with their names."><meta property="og:site_name" content="Garden">
<meta property="og:image" content="/cat.png">"""


@pytest.fixture(scope="module")
def site(chat: ServerProcess) -> Generator[OtherSite]:
    """A site whose pages the server may fetch, and browsers may not."""
    command(chat, "setting", "set", "outbound_hosts", "127.0.0.1")
    with other_site() as site:
        site.pages["/cats"] = {}, PAGE
        site.pages["/cat.png"] = {"Content-Type": "image/png"}, PICTURE.read_bytes()
        yield site


def message(timeline: Timeline, text: str) -> Locator:
    return timeline.messages.filter(has_text=text).last


@in_campaign
def test_a_link_gets_a_card_while_it_is_typed_which_readers_see(pages: Pages, site: OtherSite) -> None:
    ada, ben = Speaker(pages, "ada"), Speaker(pages, "ben")
    room = ada.make_room("cats", ben)
    adas = Timeline(pages.at("ada", f"/room/{room}"))
    bens = Timeline(pages.at("ben", f"/room/{room}", **PHONE))
    url = f"{site.url}/cats"
    adas.write(f"see {url}, please")
    tray = adas.page.locator(".preview-tray")
    expect(tray.get_by_role("link")).to_have_text("Cats of the <garden>")
    adas.page.keyboard.press("Enter")
    expect(tray).to_have_count(0)
    for timeline in (adas, bens):
        card = message(timeline, "please").locator(".preview")
        expect(card).to_contain_text("Garden 127.0.0.1")
        expect(card).to_contain_text("All of them, with their names.")
        expect(card.get_by_role("link", name="Cats of the <garden>", include_hidden=True)).to_have_attribute(
            "href", url
        )
        expect(card.locator("img")).to_have_js_property("naturalWidth", 192)
    box = message(bens, "please").locator(".preview").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390

    bens.page.reload()  # read with the history
    expect(message(bens, "please").locator(".preview img")).to_be_visible()
    expect(message(bens, "please").get_by_role("button", name="Remove link preview")).to_have_count(0)
    adas.act_on(message(adas, "please"), "Remove link preview")
    for timeline in (adas, bens):
        expect(message(timeline, "please").locator(".preview")).to_have_count(0)


@in_campaign
def test_a_link_that_is_pasted_and_sent_at_once_gets_one_unless_it_was_removed(
    pages: Pages, site: OtherSite
) -> None:
    ada = Speaker(pages, "ada")
    room = ada.make_room("dogs")
    timeline = Timeline(pages.at("ada", f"/room/{room}"))
    url = f"{site.url}/cats"
    timeline.say(f"first {url}")
    expect(message(timeline, "first").locator(".preview")).to_be_visible()
    timeline.write(f"second {url}")
    timeline.page.locator(".preview-tray").get_by_role("button", name="Remove link preview").click()
    expect(timeline.page.locator(".preview-tray")).to_have_count(0)
    timeline.page.get_by_role("textbox", name=re.compile("^Message")).press("Enter")
    timeline.say(f"third {url}")
    expect(message(timeline, "third").locator(".preview")).to_be_visible()
    expect(message(timeline, "second").locator(".preview")).to_have_count(0)
    timeline.act_on(message(timeline, "third"), "Edit")
    timeline.page.keyboard.press("ControlOrMeta+a")
    timeline.page.keyboard.type("third without")
    timeline.page.keyboard.press("Enter")
    expect(message(timeline, "third without").locator(".preview")).to_have_count(0)
