"""Sound: files that play in their message, and voice messages."""

import re
import wave
from io import BytesIO

from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.web.giving import payload
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline
from tests.web.test_files import attach

_ASKS_LONG = """() => {
    const media = navigator.mediaDevices;
    const real = media.getUserMedia.bind(media);
    const allowed = new Promise((resolve) => (window.allow = resolve));
    media.getUserMedia = (asked) => (window.given = allowed.then(() => real(asked)));
}"""
_GIVEN = """async () => {
    allow();
    const stream = await given;
    await new Promise(requestAnimationFrame); // the page has it too
    return stream.getTracks().map(({ readyState }) => readyState);
}"""


@in_campaign
def test_sound_plays_in_the_page(pages: Pages) -> None:
    room = Speaker(pages, "ada").make_room("sounds")
    page = pages.at("ada", f"/room/{room}")
    attach(page, payload("bell.wav", "audio/wav", wav(2)))
    attach(page, payload("not.wav", "audio/wav", b"no sound"))
    page.get_by_role("button", name="Send", exact=True).click()
    sent = page.locator("[data-seq]")  # not while it is pending: another row takes its place
    sent.get_by_role("button", name="Play bell.wav").click()
    expect(page.locator("audio")).to_have_js_property("duration", 2)
    expect(page.locator(".sound rect")).to_have_count(48)
    page.get_by_role("slider", name="Position in bell.wav").fill("24")
    expect(page.get_by_text("0:01")).to_be_visible()
    page.get_by_role("button", name="Play not.wav").click()
    expect(page.get_by_role("button", name="Download not.wav")).to_contain_text(
        "Your browser can't play this file."
    )


@in_campaign
def test_a_voice_message_is_recorded_sent_and_played(pages: Pages, whole_pages: Pages) -> None:
    ada, ben = Speaker(pages, "ada"), Speaker(pages, "ben")
    room = ada.make_room("radio", ben)
    page = whole_pages.at("ada", f"/room/{room}", permissions=["microphone"])
    bens = Timeline(pages.at("ben", f"/room/{room}"))
    page.get_by_role("button", name="Record a voice message").click()
    expect(page.get_by_role("timer")).to_have_text("0:01")
    page.get_by_role("button", name="Cancel recording").click()
    expect(page.get_by_label("Attached files")).to_have_count(0)
    page.get_by_role("button", name="Record a voice message").click()
    expect(page.get_by_role("timer")).to_have_text("0:01")
    page.get_by_role("button", name="Attach recording").click()
    expect(page.get_by_role("list", name="Attached files")).to_contain_text("Voice message")
    page.get_by_role("button", name="Send", exact=True).click()
    bens.page.get_by_role("button", name=re.compile("^Play Voice message")).click()
    expect(bens.page.locator(".sound rect")).to_have_count(48)


@in_campaign
def test_a_recording_that_is_cancelled_while_the_browser_asks_never_begins(whole_pages: Pages) -> None:
    room = Speaker(whole_pages, "ada").make_room("quiet")
    page = whole_pages.at("ada", f"/room/{room}", permissions=["microphone"])
    page.evaluate(_ASKS_LONG)
    page.get_by_role("button", name="Record a voice message").click()
    page.get_by_role("button", name="Cancel recording").click()
    assert page.evaluate(_GIVEN) == ["ended"]
    expect(page.get_by_role("timer")).to_have_count(0)
    expect(page.get_by_role("button", name="Record a voice message")).to_be_visible()


@in_campaign
def test_a_microphone_that_is_not_allowed_is_explained(pages: Pages) -> None:
    page = pages.at("ada", f"/room/{Speaker(pages, 'ada').make_room('mute')}")
    page.get_by_role("button", name="Record a voice message").click()
    expect(page.get_by_role("alert")).to_contain_text("The microphone can’t be used.")
    expect(page.get_by_role("button", name="Record a voice message")).to_be_visible()


def wav(seconds: float) -> bytes:
    """Return silence as a file."""
    written = BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(b"\x80" * round(8000 * seconds))
    return written.getvalue()
