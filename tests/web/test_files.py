"""Files: attached by button, paste and drop; pictures are shown, other files are saved, none is ever executed."""

import base64
import json
from pathlib import Path

from playwright.sync_api import FilePayload, Locator, Page, Route, WebSocketRoute, expect

from tests.support.campaign import in_campaign
from tests.support.people import PASSWORD, request
from tests.system.relay import Relay
from tests.web.giving import bomb, hidden_bomb, payload, png
from tests.web.open_pages import go
from tests.web.pages import Pages
from tests.web.rest import Rest
from tests.web.talking import Speaker, Timeline

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>window.pwned = 1</script></svg>'
HTML = b"<!doctype html><script>window.pwned = 1</script><h1>hello</h1>"


def at_room(pages: Pages, name: str, room: str, *, url: str | None = None, is_new: bool = False) -> Page:
    """The page of somebody in a new room of theirs; one that was used before, unless `is_new`."""
    bearer = {"Authorization": f"Bearer {pages.person(name)['access']}"}
    made = request("POST", f"{pages.url}/api/v1/rooms", {"name": room}, headers=bearer).json()
    path = f"/room/{made['id']}"
    page = pages.of(name, path, url=url) if is_new or url else pages.at(name, path)
    expect(page.get_by_role("heading", name=room, level=1)).to_be_visible()
    expect(box(page)).to_be_visible()
    return page


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message", exact=False)


def attach(page: Page, *files: FilePayload) -> None:
    page.locator("input[type=file]").set_input_files(files)


def give(page: Page, how: str, name: str, kind: str, data: bytes) -> None:
    """Paste or drop a file, as the system does."""
    page.evaluate(
        """([how, name, kind, data]) => {
            const given = new DataTransfer();
            const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
            given.items.add(new File([bytes], name, { type: kind }));
            const field = document.querySelector(".composer textarea");
            if (how === "paste") {
                const about = { clipboardData: given, bubbles: true, cancelable: true };
                field.dispatchEvent(new ClipboardEvent("paste", about));
                return;
            }
            const place = document.querySelector("main .timeline, main");
            for (const type of ["dragover", how]) {
                place.dispatchEvent(new DragEvent(type, { dataTransfer: given, bubbles: true, cancelable: true }));
            }
        }""",
        [how, name, kind, base64.b64encode(data).decode()],
    )


def saved(page: Page, name: str) -> tuple[str, bytes]:
    with page.expect_download() as downloading:
        page.get_by_role("button", name=f"Download {name}").click()
    return downloading.value.suggested_filename, Path(downloading.value.path()).read_bytes()


def test_a_picture_is_pasted_sent_and_seen_by_others_in_its_place(pages: Pages) -> None:
    ada = at_room(pages, "ada", "pictures")
    give(ada, "paste", "rose.png", "image/png", png())
    tray = ada.get_by_role("list", name="Attached files")
    expect(tray.get_by_text("rose.png")).to_be_visible()
    expect(tray.locator("img")).to_be_visible()
    box(ada).press("Enter")
    expect(tray).to_have_count(0)
    shown = ada.locator(".message .picture.is-loaded img")
    expect(shown).to_be_visible()

    ben = pages.of("ben", "/", viewport={"width": 390, "height": 844})
    number = int(ada.url.rpartition("/")[2])
    bearer = {"Authorization": f"Bearer {pages.person('ben')['access']}"}
    me = request("GET", f"{pages.url}/api/v1/me", headers=bearer).json()["id"]
    request("PUT", f"{pages.url}/api/v1/rooms/{number}/members/{me}", {}, headers=bearer)
    held: list[Route] = []
    is_held = True
    ben.route("**/api/v1/files/**", lambda route: held.append(route) if is_held else route.continue_())
    with ben.expect_request("**/api/v1/files/**"):
        go(ben, f"/room/{number}")
    picture = ben.locator(".message .picture")
    expect(picture).to_be_visible()
    assert Rest(ben).comes() is None
    place = picture.bounding_box()
    assert place is not None
    is_held = False
    for route in held:
        route.continue_()
    expect(ben.locator(".message .picture.is-loaded img")).to_be_visible()
    assert picture.bounding_box() == place, "it had its place before it was loaded"
    assert abs(place["width"] / place["height"] - 4 / 3) < 0.02
    assert place["x"] + place["width"] <= 390
    picture.click()
    light = ben.get_by_role("dialog", name="rose.png")
    expect(light.get_by_role("img", name="rose.png")).to_be_visible()
    with ben.expect_download() as downloading:
        light.get_by_role("link", name="Save").click()
    assert downloading.value.suggested_filename == "rose.png"
    ben.keyboard.press("Escape")
    expect(light).to_have_count(0)


def test_files_that_are_dropped_are_saved_and_never_shown(pages: Pages) -> None:
    page = at_room(pages, "ada", "danger")
    given = [
        ("drawing.svg", "image/svg+xml", SVG),
        ("page.html", "text/html", HTML),
        ("lies.png", "image/png", HTML),
    ]
    for name, kind, data in given:
        give(page, "drop", name, kind, data)
    tray = page.get_by_role("list", name="Attached files")
    expect(tray.get_by_role("listitem")).to_have_count(3)
    box(page).fill("three files")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".message").get_by_text("three files")).to_be_visible()
    for name, _, data in given:
        assert saved(page, name) == (name, data)
    attach(page, payload("../../etc/pass\u202egnp.txt", "text/plain", b"x"))
    page.get_by_role("button", name="Send", exact=True).click()
    name, data = saved(page, "passgnp.txt")
    assert (name, data) == ("passgnp.txt", b"x")
    expect(page.locator(".message .picture")).to_have_count(0)
    assert page.evaluate("() => window.pwned") is None
    assert len(page.context.pages) == 1


def test_a_small_file_that_fills_the_memory_as_a_picture_is_saved_and_never_shown(pages: Pages) -> None:
    page = at_room(pages, "ada", "bombs")
    tray = page.get_by_role("list", name="Attached files")
    attach(page, payload("bomb.png", "image/png", bomb()), payload("hidden.jpg", "image/jpeg", hidden_bomb()))
    expect(tray.get_by_role("listitem")).to_have_count(2)
    expect(tray.get_by_role("progressbar")).to_have_count(0)
    expect(tray.locator("img")).to_have_count(0)
    page.get_by_role("button", name="Send", exact=True).click()
    for name in ("bomb.png", "hidden.jpg"):
        expect(page.get_by_role("button", name=f"Download {name}")).to_be_visible()
    expect(page.locator(".message .picture")).to_have_count(0)
    calls = f"{pages.url}/api/v1/rooms/{page.url.rpartition('/')[2]}"
    bearer = {"Authorization": f"Bearer {pages.person('ada')['access']}"}
    [message] = request("GET", f"{calls}/messages", headers=bearer).json()["messages"]
    known = [(each["type"], each.get("width")) for each in message["files"]]
    assert known == [("image/png", 20_000), ("image/jpeg", None)]


@in_campaign
def test_too_large_and_too_many_files_are_reported_and_the_text_stays(pages: Pages) -> None:
    page = at_room(pages, "ada", "limits")
    box(page).fill("with files")
    page.evaluate(
        """() => {
            const given = new DataTransfer();
            given.items.add(new File([new Uint8Array(26214401)], "big.bin"));
            document.querySelector(".composer textarea").dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true }));
        }"""
    )
    tray = page.get_by_role("list", name="Attached files")
    expect(tray.get_by_text("Larger than 26.2 MB")).to_be_visible()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("A file couldn't be uploaded. Try again or remove it.")).to_be_visible()
    expect(box(page)).to_have_value("with files")
    tray.get_by_role("button", name="Remove big.bin").click()
    attach(page, *(payload(f"{n}.txt", "text/plain", b"x") for n in range(11)))
    expect(tray.get_by_role("listitem")).to_have_count(10)
    expect(page.get_by_text("A message can have up to 10 files.")).to_be_visible()
    for n in range(9):
        tray.get_by_role("button", name=f"Remove {n}.txt").click()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".message .file-row")).to_have_count(1)


@in_campaign
def test_attachments_are_not_lost_unasked_nor_shown_to_the_next_person(pages: Pages) -> None:
    page = at_room(pages, "gina", "tray", is_new=True)
    go(page, "/room/1")
    attach(page, payload("private.txt", "text/plain", b"x"))
    tray = page.get_by_role("list", name="Attached files")
    expect(tray.get_by_role("listitem")).to_have_count(1)
    box(page).press("a")
    with page.expect_event("dialog") as asked:
        page.evaluate("() => { setTimeout(() => location.reload()); }")
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    expect(tray.get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name="Settings and log out").click()
    page.get_by_role("menuitem", name="Log out").click()
    page.get_by_role("dialog").get_by_role("button", name="Log out").click()
    pages.person("hugo")
    page.get_by_label("Name or email address").fill("hugo")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="lobby").click()
    expect(box(page)).to_be_visible()
    expect(box(page)).to_have_value("")
    expect(tray).to_have_count(0)


@in_campaign
def test_uploads_started_offline_run_with_the_next_connection(
    pages: Pages, relay: Relay, tmp_path: Path
) -> None:
    page = at_room(pages, "emma", "tunnel", url=relay.url)
    gone = tmp_path / "gone.txt"
    gone.write_text("deleted before it could be sent")
    with relay.cut():
        attach(page, payload("note.txt", "text/plain", b"from a tunnel"))
        page.locator("input[type=file]").set_input_files(gone)
        tray = page.get_by_role("list", name="Attached files")
        expect(tray.get_by_text("The server is not responding.")).to_have_count(2)
        gone.unlink()
        box(page).fill("see the note")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_text("Your message will be sent when the files are uploaded.")).to_be_visible()
    expect(tray.get_by_text("Can't be read")).to_be_visible()
    expect(page.get_by_text("A file couldn't be uploaded. Try again or remove it.")).to_be_visible()
    tray.get_by_role("button", name="Remove gone.txt").click()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".message").get_by_text("see the note")).to_be_visible()
    assert saved(page, "note.txt") == ("note.txt", b"from a tunnel")


def test_an_upload_that_the_network_ends_is_tried_again(pages: Pages) -> None:
    page = at_room(pages, "lena", "bad line")
    page.route("**/files?name=*", lambda route: route.abort(), times=2)
    attach(page, payload("third.txt", "text/plain", b"the third time"))
    sends_while_uploading(page, "at last")
    expect(page.locator(".message").get_by_text("at last")).to_be_visible(timeout=20_000)
    assert saved(page, "third.txt") == ("third.txt", b"the third time")


def held_uploads(page: Page) -> list[Route]:
    """Hold uploads from now on, until the test lets their routes continue."""
    held: list[Route] = []
    page.route("**/files?name=*", lambda route: held.append(route))
    return held


def sends_while_uploading(page: Page, text: str) -> None:
    box(page).fill(text)
    box(page).press("Enter")
    expect(page.get_by_text("Your message will be sent when the files are uploaded.")).to_be_visible()


def goes_to(page: Page, room: str) -> None:
    page.get_by_role("link", name=room).click()
    expect(page.get_by_role("heading", name=room, level=1)).to_be_visible()


def test_a_message_with_uploading_files_is_sent_after_leaving_its_room(pages: Pages) -> None:
    page = at_room(pages, "uma", "slow uploads")  # ada has used up her minute
    held = held_uploads(page)
    with page.expect_request("**/files?name=*"):
        attach(page, payload("slow.txt", "text/plain", b"at last"))
    sends_while_uploading(page, "it takes long")
    goes_to(page, "lobby")
    expect(box(page)).to_have_value("")
    box(page).press("a")
    with page.expect_event("dialog") as asked:
        page.evaluate("() => { setTimeout(() => location.reload()); }")
    asked.value.dismiss()
    row = page.get_by_role("link", name="slow uploads")
    held[0].continue_()
    expect(row).to_contain_text("it takes long")
    goes_to(page, "slow uploads")
    expect(page.locator(".message").get_by_text("it takes long")).to_have_count(1)
    assert saved(page, "slow.txt") == ("slow.txt", b"at last")
    expect(page.get_by_role("list", name="Attached files")).to_have_count(0)
    expect(box(page)).to_have_value("")


@in_campaign
def test_a_message_waiting_for_uploads_is_in_the_composer_again_and_sent_once(pages: Pages) -> None:
    page = at_room(pages, "ivo", "came back")
    held = held_uploads(page)
    with page.expect_request("**/files?name=*"):
        attach(page, payload("slow.txt", "text/plain", b"at last"))
    sends_while_uploading(page, "it takes long")
    goes_to(page, "lobby")
    goes_to(page, "came back")
    expect(box(page)).to_have_value("it takes long")
    expect(page.get_by_text("Your message will be sent when the files are uploaded.")).to_be_visible()
    held[0].continue_()
    expect(page.locator(".message .file-row")).to_have_count(1)
    expect(page.locator(".message").get_by_text("it takes long")).to_have_count(1)
    expect(box(page)).to_have_value("")


@in_campaign
def test_an_upload_that_ends_while_something_else_is_edited_does_not_save_the_edit(pages: Pages) -> None:
    page = at_room(pages, "kim", "edited meanwhile")
    timeline = Timeline(page)
    timeline.say("said before")
    held = held_uploads(page)
    with page.expect_request("**/files?name=*"):
        attach(page, payload("slow.txt", "text/plain", b"at last"))
    sends_while_uploading(page, "with a file")
    timeline.act("said before", "Edit")
    expect(box(page)).to_have_value("said before")
    box(page).fill("half of an ed")
    held[0].continue_()
    tray = page.get_by_role("list", name="Attached files")
    expect(tray.get_by_role("progressbar")).to_have_count(0)
    expect(box(page)).to_have_value("half of an ed")
    box(page).press("Escape")
    expect(page.locator(".message .file-row")).to_have_count(1)
    expect(page.locator(".message").get_by_text("with a file")).to_have_count(1)
    expect(page.locator(".message").get_by_text("said before")).to_have_count(1)


@in_campaign
def test_a_message_waiting_for_uploads_is_sent_while_another_room_is_shown(
    pages: Pages, relay: Relay
) -> None:
    page = at_room(pages, "lea", "cellar", url=relay.url)
    with relay.cut():
        attach(page, payload("note.txt", "text/plain", b"from a cellar"))
        tray = page.get_by_role("list", name="Attached files")
        expect(tray.get_by_text("The server is not responding.")).to_be_visible()
        sends_while_uploading(page, "see below")
        goes_to(page, "lobby")
    expect(page.get_by_role("link", name="cellar")).to_contain_text("see below")


@in_campaign
def test_files_of_a_room_are_found_by_kind_by_name_and_by_search(pages: Pages) -> None:
    ada = at_room(pages, "ada", "filed")
    plan = payload("Garden plan.pdf", "application/pdf", b"%PDF-1.4")
    attach(ada, payload("rose.png", "image/png", png()), plan)
    box(ada).fill("both")
    box(ada).press("Enter")
    expect(ada.locator(".message .picture.is-loaded")).to_be_visible()
    attach(ada, payload("sun.zip", "application/zip", b"x"))
    box(ada).press("Enter")
    expect(ada.locator(".message .file-row", has_text="sun.zip")).to_be_visible()

    ada.get_by_role("link", name="About this room", exact=False).click()
    ada.get_by_role("link", name="All files").click()
    panel = ada.get_by_role("complementary", name="Files")
    names = panel.locator(".file-row .file-name")
    expect(names).to_contain_text(["sun.zip", "rose.png", "plan.pdf"], use_inner_text=False)
    panel.get_by_role("button", name="Images").click()
    expect(names).to_have_text(["rose.png"])
    panel.get_by_role("button", name="rose.png").click()
    expect(ada.get_by_role("dialog").get_by_role("img", name="rose.png")).to_be_visible()
    ada.keyboard.press("Escape")
    panel.get_by_role("button", name="All", exact=True).click()
    search = panel.get_by_role("searchbox", name="Search file names")
    search.fill("gard")
    expect(names).to_have_count(1)
    expect(names).to_contain_text("Garden plan")
    search.fill("both")  # a word of the text
    expect(panel.get_by_role("status")).to_have_text("No such files.")
    search.fill("")
    panel.get_by_role("link", name="ada").last.click()
    both = ada.locator(".message", has_text="both")
    expect(both).to_be_in_viewport()

    go(ada, "/search")
    field = ada.get_by_role("searchbox", name="Search messages")
    ada.get_by_role("button", name="has:image").click()
    expect(field).to_have_value("has:image")
    field.press("Enter")
    expect(ada.get_by_role("listitem").filter(has_text="both")).to_contain_text("rose.png")
    go(ada, "/search?q=has:roses")
    expect(ada.get_by_role("alert")).to_contain_text("has:roses")


@in_campaign
def test_pictures_beyond_the_cache_still_open(pages: Pages) -> None:
    page = pages.empty()
    pages.log_in(page.context, "ada")
    picture = png(48, 48)
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(content_type="image/png", body=picture)

    def with_album(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(data: str | bytes) -> None:
            frame = json.loads(data)
            if frame.get("text") == "album":
                about = {"type": "image/png", "size": len(picture), "width": 48, "height": 48}
                frame["files"] = [{"id": 9000 + n, "name": f"{n}.png", **about} for n in range(61)]
            socket.send(json.dumps(frame))

        server.on_message(pass_on)

    page.route("**/api/v1/files/*", answer)
    page.route_web_socket("**/api/v1/socket", with_album)
    page.goto(f"{pages.url}/room/1")
    expect(page.get_by_text("Online", exact=True)).to_be_visible()
    Speaker(pages, "ben").say(1, "album")
    expect(page.locator(".picture.is-loaded")).to_have_count(61)
    oldest = int(asked[0].rsplit("/", 1)[1]) - 9000
    page.get_by_role("button", name=f"Open {oldest}.png", exact=True).click()
    opened = page.get_by_role("dialog").get_by_role("img", name=f"{oldest}.png")
    expect(opened).to_have_js_property("naturalWidth", 48)
