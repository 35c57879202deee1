"""How messages are shown: mentions, senders, headings, tables, code and files."""

import base64
import json
import re

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.support.campaign import in_campaign
from tests.support.people import eventually, request
from tests.support.server import ServerProcess
from tests.system.relay import Relay
from tests.web.giving import payload, png
from tests.web.open_pages import go
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline, write_beside
from tests.web.test_files import attach, box

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

_PASTE = """([texts, data]) => {
    const given = new DataTransfer();
    for (const [kind, text] of Object.entries(texts)) given.setData(kind, text);
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    given.items.add(new File([bytes], "image.png", { type: "image/png" }));
    const event = new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true });
    return document.querySelector(".composer textarea").dispatchEvent(event);
}"""

_SMALL = """() => {
    const controls = "button, a[href], input, select, textarea, summary";
    const feels = (each, x, y) => document.elementFromPoint(x, y)?.closest(controls);
    return [...document.querySelectorAll(controls)].filter((each) => {
        const { left, right, top, bottom, width, height } = each.getBoundingClientRect();
        const [x, y] = [(left + right) / 2, (top + bottom) / 2];
        const isSeen = each.checkVisibility({ opacityProperty: true }) && width > 1 && feels(each, x, y) === each;
        if (!isSeen || each.closest(".check, .segmented, .message-name, .message-text a:not(.mention)")) return false;
        if (width >= 43.5 && height >= 43.5) return false;
        // What is smaller is felt around it, as far as nothing else is.
        const around = [[0, -21], [0, 21]].map(([dx, dy]) => feels(each, x + dx, y + dy));
        return around.some((found) => found !== each && !(found && found !== each));
    }).map((each) => each.outerHTML.slice(0, 120));
}"""


@pytest.fixture
def ada(pages: Pages) -> Speaker:
    return Speaker(pages, "ada")


def upload(
    pages: Pages, speaker: Speaker, room: int, name: str, data: bytes = b"x", kind: str = "text/plain"
) -> int:
    """Upload a file; the server takes ten at once of an address, of all tests here."""
    url = f"{pages.url}/api/v1/rooms/{room}/files?name={name}"
    headers = {"Authorization": f"Bearer {speaker.access}", "Content-Type": kind}
    answer = request("POST", url, data, headers=headers)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def send_files(speaker: Speaker, room: int, key: str, *files: int, text: str = "") -> None:
    body = {"key": f"{room}-{key}", "text": text, "files": files}
    speaker.call("POST", f"/rooms/{room}/messages", body)


@in_campaign
def test_only_mentioned_people_are_links_with_the_whole_name(pages: Pages, ada: Speaker) -> None:
    lovelace, ben = Speaker(pages, "Grace Hopper"), Speaker(pages, "ben")
    room = ada.make_room("mentions", lovelace, ben)
    ada.say(room, "@Grace Hopper and @ben: not @nobody, @word or @benny")
    for name in ("ada", "ben", "Grace Hopper"):
        timeline = Timeline(pages.at(name, f"/room/{room}"))
        found = timeline.messages.last.locator(".mention")
        expect(found).to_have_text(["@Grace Hopper", "@ben"])
        expect(found.first).to_have_attribute("href", f"?show=person-{lovelace.id}")
    timeline.page.locator(".mention", has_text="@ben").click()
    expect(timeline.page.get_by_role("complementary", name="Profile")).to_contain_text("ben")


@in_campaign
def test_sender_and_time_of_the_first_visible_message_are_shown_above(
    pages: Pages, ada: Speaker, chat: ServerProcess
) -> None:
    ben = Speaker(pages, "ben")
    room = ada.make_room("monologue", ben)
    write_beside(chat, 520, room=room, sender="ben")
    ada.call("PUT", f"/rooms/{room}/read", {"seq": ben.say(room, "the end of it")})
    timeline = Timeline(pages.at("ada", f"/room/{room}", **PHONE))
    expect(timeline.message("the end of it")).to_be_in_viewport()
    top = timeline.page.locator(".timeline-top")
    expect(top).to_have_text(re.compile(r"^ben \d"))
    go(timeline.page, f"/room/{room}/2")
    expect(timeline.message("beside 1")).to_be_in_viewport()
    expect(top).to_have_count(0)
    code = "\n".join(["```", *("x = 1",) * 12, "```"])
    ada.say(room, "\n".join([code] * 3))
    timeline.page.goto(f"{pages.url}/room/{room}")
    view = timeline.page.locator(".timeline")
    expect(timeline.messages.last).to_be_in_viewport()
    view.evaluate("(list) => { list.scrollTop = list.scrollHeight; }")
    expect(top).to_have_text(re.compile(r"^ada \d"))


@in_campaign
def test_two_readers_are_named(pages: Pages, ada: Speaker) -> None:
    ben, cem = Speaker(pages, "ben"), Speaker(pages, "cem")
    room = ada.make_room("read", ben, cem)
    said = ada.say(room, "who reads this?")
    timeline = Timeline(pages.at("ada", f"/room/{room}"))
    expect(timeline.message("who reads this?")).to_be_visible()
    for reader in (ben, cem):
        reader.call("PUT", f"/rooms/{room}/read", {"seq": said})
    timeline.page.get_by_role("button", name="Read by 2").click()
    dialog = timeline.page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem")).to_have_text([re.compile("ben"), re.compile("cem")])
    expect(dialog).not_to_contain_text("more")
    timeline.page.keyboard.press("Escape")
    for reader in (ben, cem):
        reader.call("PUT", f"/rooms/{room}/messages/{said}/reactions/%F0%9F%91%8D", {})
    timeline.message("who reads this?").hover()
    expect(timeline.page.locator(".reaction").first).to_have_attribute("title", "ben, cem")


def test_nothing_covers_code_or_the_read_receipts(pages: Pages, ada: Speaker) -> None:
    ben = Speaker(pages, "ben")
    room = ada.make_room("overlap", ben)
    code = "x" * 300
    said = ada.say(room, f"```\n{code}\n```")
    ben.say(room, "seen")
    ben.call("PUT", f"/rooms/{room}/read", {"seq": said})
    timeline = Timeline(pages.at("ada", f"/room/{room}"))
    page = timeline.page
    timeline.message("seen").hover()
    button = page.get_by_role("button", name="Copy code").bounding_box()
    shown = page.locator(".code-block > pre").bounding_box()
    assert button is not None
    assert shown is not None
    assert button["x"] >= shown["x"] + shown["width"] - 0.5
    read = page.locator(".message-read")
    if read.count():
        bar, mark = page.get_by_role("toolbar").bounding_box(), read.bounding_box()
        assert bar is not None
        assert mark is not None
        assert mark["x"] + mark["width"] <= bar["x"]


def test_headings_and_tables_are_shown_as_such(pages: Pages, ada: Speaker) -> None:
    room = ada.make_room("plans")
    ada.say(room, "# Plan\n\nWho | When\n---|--:\n*ada* | 9")
    message = Timeline(pages.at("ada", f"/room/{room}")).messages.last
    expect(message.get_by_role("heading", name="Plan")).to_be_visible()
    expect(message.get_by_role("columnheader")).to_have_text(["Who", "When"])
    expect(message.get_by_role("cell").first.locator("em")).to_have_text("ada")
    expect(message.get_by_role("cell", name="9")).to_have_class("is-right")


def test_a_picture_that_a_browser_copied_is_attached_and_text_of_an_office_is_text(
    pages: Pages, ada: Speaker
) -> None:
    room = ada.make_room("pasted")
    page = pages.at("ada", f"/room/{room}")
    expect(box(page)).to_be_visible()
    data = base64.b64encode(png()).decode()
    tray = page.get_by_role("list", name="Attached files").get_by_role("listitem")
    image = '<meta charset="utf-8"><!--StartFragment--><img src="https://example.org/a.png" alt="a > b"/>'
    assert page.evaluate(_PASTE, [{"text/html": image}, data]) is False
    expect(tray).to_have_count(1)
    office = "<html><style>p { color: red }</style><p>Profit&nbsp;2026</p></html>"
    assert page.evaluate(_PASTE, [{"text/html": office, "text/plain": "Profit 2026"}, data]) is True
    assert page.evaluate(_PASTE, [{"text/rtf": "{\\rtf1 Profit}"}, data]) is True
    expect(tray).to_have_count(1)


def test_files_are_found_by_name_and_listed_in_the_panel_of_their_room(pages: Pages, ada: Speaker) -> None:
    ben = Speaker(pages, "ben")
    room = ada.make_room("archive", ben)
    for nth in range(6):
        send_files(ben, room, f"file {nth}".replace(" ", "-"), upload(pages, ben, room, f"minutes-{nth}.txt"))
    page = pages.at("ada", f"/room/{room}?show=room")
    files = page.get_by_role("region", name="Files").get_by_role("listitem")
    expect(files).to_have_count(3)
    expect(files.first).to_contain_text("minutes-5.txt")
    send_files(ben, room, "new", upload(pages, ben, room, "newest.txt"), text="**look**")
    expect(files.first).to_contain_text("newest.txt")
    files.first.get_by_role("link").click()
    expect(page.locator(".message.is-marked")).to_contain_text("newest.txt")
    eventually(lambda: bool(ada.call("GET", "/search?q=newest")["hits"]), "the message is indexed")
    go(page, "/search?q=newest")
    hit = page.locator(".hit")
    expect(hit.locator(".hit-text")).to_have_text("look")
    expect(hit).to_contain_text("newest.txt")


def test_ten_files_take_little_room_and_keep_the_ends_of_their_names(pages: Pages, ada: Speaker) -> None:
    name = "the report of the whole year with all of its appendices and notes {}.pdf"

    def with_files(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(data: str | bytes) -> None:
            frame = json.loads(data)
            if frame.get("text") == "all reports":
                about = {"type": "application/pdf", "size": 1000}
                frame["files"] = [{"id": 9000 + n, "name": name.format(n), **about} for n in range(10)]
            socket.send(json.dumps(frame))

        server.on_message(pass_on)

    page = pages.empty()
    pages.log_in(page.context, "ada")
    page.route_web_socket("**/api/v1/socket", with_files)
    room = ada.make_room("reports")
    page.goto(f"{pages.url}/room/{room}")
    expect(page.get_by_text("Online", exact=True)).to_be_visible()
    ada.say(room, "all reports")
    rows = page.locator(".message .file-row")
    expect(rows).to_have_count(10)
    expect(page.get_by_role("button", name=f"Download {name.format(7)}")).to_be_visible()
    whole = page.locator(".message-downloads").bounding_box()
    assert whole is not None
    assert whole["height"] < 300
    parts = rows.nth(7).locator(".file-name-parts")
    assert parts.evaluate("(part) => getComputedStyle(part, '::after').content").endswith('notes 7.pdf"'[-8:])
    assert parts.evaluate("(part) => part.scrollWidth <= part.clientWidth")


def test_a_picture_is_looked_at_in_the_whole_window(pages: Pages, ada: Speaker) -> None:
    room = ada.make_room("gallery")
    page = pages.at("ada", f"/room/{room}")
    attach(page, payload("rose.png", "image/png", png(1600, 1200)))
    page.get_by_role("button", name="Send", exact=True).click()
    page.locator(".message .picture.is-loaded").click()
    light = page.get_by_role("dialog", name="rose.png")
    expect(light.get_by_role("img")).to_be_in_viewport(ratio=1)
    assert light.bounding_box() == {"x": 0, "y": 0, "width": 1280, "height": 720}
    stage = page.locator(".lightbox-stage").bounding_box()
    assert stage is not None
    page.mouse.click(5, stage["y"] + 5)
    expect(light).to_have_count(0)


def test_arrows_lead_from_picture_to_picture_of_a_room(pages: Pages, ada: Speaker) -> None:
    room = ada.make_room("three")
    timeline = Timeline(page := pages.at("ada", f"/room/{room}"))
    for name in ("one.png", "two.png", "three.png"):
        attach(page, payload(name, "image/png", png(16, 12)))
        timeline.say(f"that is {name}")
    timeline.message("that is two.png").locator(".picture.is-loaded").click()
    expect(page.get_by_role("dialog", name="two.png")).to_be_visible()
    for key, name in (("ArrowRight", "three.png"), ("ArrowRight", "three.png"), ("ArrowLeft", "two.png")):
        page.keyboard.press(key)
        expect(page.get_by_role("dialog", name=name).get_by_role("img")).to_be_visible()
    page.get_by_role("button", name="Previous file").click()
    light = page.get_by_role("dialog", name="one.png")
    expect(light.get_by_role("button", name="Previous file")).to_be_disabled()
    expect(light.get_by_role("button", name="Next file")).to_be_enabled()


def test_the_error_of_a_file_disappears_with_it(pages: Pages, ada: Speaker) -> None:
    page = pages.at("ada", f"/room/{ada.make_room('stale')}")
    page.route(
        "**/files?name=*", lambda route: route.fulfill(status=413, json={"code": "too_big", "error": "x"})
    )
    attach(page, payload("big.txt", "text/plain", b"x"))
    page.get_by_role("button", name="Send", exact=True).click()
    hint = page.locator(".composer-hint")
    expect(hint).to_have_class(re.compile("is-bad"))
    page.get_by_role("list", name="Attached files").get_by_role("button").last.click()
    expect(hint).to_be_empty()


@in_campaign
def test_a_server_that_is_down_differs_from_a_missing_network(pages: Pages, relay: Relay) -> None:
    page = pages.of("ada", "/room/1", url=relay.url)
    expect(page.get_by_text("Online", exact=True)).to_be_visible()
    with relay.cut():
        expect(page.get_by_text("The server can't be reached since")).to_be_visible()
        expect(page.locator(".composer-hint")).to_contain_text("The server can't be reached.")
        page.context.set_offline(True)
        expect(page.get_by_text("You are offline since")).to_be_visible()
        expect(page.locator(".composer-hint")).to_contain_text("You are offline.")
        page.context.set_offline(False)
    expect(page.get_by_text("Online", exact=True)).to_be_visible()


def test_after_a_log_out_the_form_has_the_name(pages: Pages) -> None:
    una = Speaker(pages, "una")
    page = pages.of("una", "/room/1")
    expect(page.get_by_text("Online", exact=True)).to_be_visible()
    sessions = una.call("GET", "/me/sessions")["sessions"]
    for each in sessions:
        if not each.get("current"):
            una.call("DELETE", f"/me/sessions/{each['id']}")
    expect(page.get_by_label("Name or email address")).to_have_value("una")
    expect(page.get_by_label("Password", exact=True)).to_be_focused()


@in_campaign
def test_touch_targets_are_large_enough(pages: Pages, ada: Speaker) -> None:
    ben = Speaker(pages, "ben")
    room = ada.make_room("fingers", ben)
    said = ada.say(room, "with a [link](https://example.org), and @ben")
    ben.call("PUT", f"/rooms/{room}/messages/{said}/reactions/%F0%9F%91%8D", {})
    page = pages.at("ada", f"/room/{room}", **PHONE)
    for path in ("", f"/room/{room}", f"/room/{room}?show=room", "/search", "/settings/appearance"):
        page.goto(f"{pages.url}{path}" if path else f"{pages.url}/")
        expect(page.locator(".spinner").locator("visible=true")).to_have_count(0)
        expect(page.locator("h1, h2").locator("visible=true").first).to_be_visible()
        small = page.evaluate(_SMALL)
        assert not small, f"{path}: {small}"
