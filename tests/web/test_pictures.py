"""Pictures of people and rooms: cropped in the page, without what the camera wrote, and seen by others at once."""

import base64
import re
from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, request
from tests.support.pictures import png, segment
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.web.open_pages import go
from tests.web.pages import Pages
from tests.web.rooms import forget_tokens
from tests.web.talking import Speaker


@pytest.fixture(scope="module")
def chat(ports: tuple[int, int]) -> Generator[ServerProcess]:
    """A server with olga, an admin and operator."""
    forget_tokens()
    settings = {"CHAT_REGISTRATIONS_PER_HOUR": "0", "CHAT_WIDGET_ORIGINS": "https://shop.example"}
    with (
        used_data_path() as data,
        running_server(data, port=ports[0], **settings) as server,
    ):
        command(server, "user", "add", "olga", "--admin", "--operator", "--password-stdin", stdin=PASSWORD)
        yield server


GPS = b"Exif\0\0MM\0*\0\0\0\x08\0\1\x88\x25\0\4\0\0\0\1\0\0\0\x1a\0\0\0\0 52.5200 N 13.4050 E"

HALVES = """async (type) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 400, height: 200 });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    for (const [colour, left] of [["#c00", 0], ["#00c", 200]]) {
        context.fillStyle = colour;
        context.fillRect(left, 0, 200, 200);
    }
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, 0.9));
    return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
}"""

COLOURS = """async (url) => {
    const image = await createImageBitmap(await (await fetch(url)).blob());
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    const at = (x) => {
        const [red, , blue] = context.getImageData(x, image.height / 2, 1, 1).data;
        return red > blue ? "red" : "blue";
    };
    return [image.width, image.height, at(8), at(image.width - 8)];
}"""


def photo(page: Page) -> FilePayload:
    """A photo, red on the left and blue on the right, that says where it was taken."""
    data = base64.b64decode(page.evaluate(HALVES, "image/jpeg"))
    return {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": data[:2] + segment(0xE1, GPS) + data[2:]}


def own(pages: Pages, name: str) -> dict[str, Any]:
    """Somebody's profile, as they get it."""
    bearer = {"Authorization": f"Bearer {pages.person(name)['access']}"}
    found: dict[str, Any] = request("GET", f"{pages.url}/api/v1/me", headers=bearer).json()
    return found


def choose(page: Page, file: FilePayload) -> None:
    page.locator(".picture-buttons input[type=file]").set_input_files(file)


@in_campaign
def test_a_picture_is_cropped_by_keys_and_says_nothing_of_its_place(pages: Pages) -> None:
    ben = pages.at("ben", "/room/1")
    ada = pages.at("ada", "/settings/profile")
    choose(ada, photo(ada))
    dialog = ada.get_by_role("dialog", name="Crop picture")
    crop = dialog.get_by_role("img", name="The part of the image that is shown")
    expect(crop).to_be_focused()
    for _ in range(5):
        crop.press("Shift+ArrowRight")
    dialog.get_by_role("button", name="Save picture").click()
    expect(dialog).to_have_count(0)
    picture = ada.locator(".settings-part .avatar-picture")
    expect(picture).to_be_visible()
    expect(ada.get_by_role("button", name="Change picture")).to_be_visible()

    address = f"/api/v1/pictures/{own(pages, 'ada')['picture']}"
    assert picture.get_attribute("src") == address
    assert ada.evaluate(COLOURS, address) == [256, 256, "red", "red"]
    got = request("GET", pages.url + address)
    assert got.headers["Content-Type"] == "image/webp"
    assert b"Exif" not in got.content
    assert b"52.52" not in got.content

    expect(ben.get_by_role("main").get_by_role("heading", level=1)).to_be_visible()
    go(ada, "/room/1")
    ada.get_by_role("textbox", name="Message", exact=False).fill("do you see me?")
    ada.keyboard.press("Enter")
    beside = ben.locator(".message", has_text="do you see me?").locator(".avatar-picture")
    expect(beside).to_have_attribute("src", address)
    expect(beside).to_have_js_property("naturalWidth", 256)

    go(ada, "/settings/profile")
    ada.get_by_role("button", name="Remove picture").click()
    expect(ada.get_by_role("button", name="Upload picture")).to_be_visible()
    expect(beside).to_have_count(0)
    assert "picture" not in own(pages, "ada")


def test_a_picture_is_dragged_and_zoomed_and_other_files_are_no_pictures(pages: Pages) -> None:
    ada = pages.at("ada", "/settings/profile")
    choose(ada, {"name": "a.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"})
    expect(ada.get_by_role("alert")).to_contain_text("can't be opened as an image")
    choose(ada, photo(ada))
    dialog = ada.get_by_role("dialog", name="Crop picture")
    dialog.get_by_role("slider", name="Zoom").fill("2")
    box = dialog.get_by_role("img").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    ada.mouse.move(x, y)
    ada.mouse.down()
    ada.mouse.move(x - box["width"], y, steps=4)
    ada.mouse.up()
    dialog.get_by_role("button", name="Save picture").click()
    expect(dialog).to_have_count(0)
    address = f"/api/v1/pictures/{own(pages, 'ada')['picture']}"
    assert ada.evaluate(COLOURS, address) == [256, 256, "blue", "blue"]


@in_campaign
def test_an_owner_gives_a_room_a_picture_that_members_see(pages: Pages) -> None:
    bearer = {"Authorization": f"Bearer {pages.person('ada')['access']}"}
    room = request("POST", f"{pages.url}/api/v1/rooms", {"name": "pictured"}, headers=bearer).json()["id"]
    ada = pages.at("ada", f"/room/{room}?show=room")
    ada.get_by_role("button", name="Edit room").click()
    choose(ada, photo(ada))
    ada.get_by_role("button", name="Save picture").click()
    expect(ada.get_by_role("dialog", name="Crop picture")).to_have_count(0)
    for place in (".room-about-picture", ".place-picture", ".room-picture"):
        expect(ada.locator(f"{place} .avatar-picture").first).to_be_visible()


def give(pages: Pages, name: str) -> str:
    """Give somebody a green picture; return its address."""
    bearer = {"Authorization": f"Bearer {pages.person(name)['access']}"}
    answer = request("PUT", f"{pages.url}/api/v1/me/picture", png(64), headers=bearer)
    return f"/api/v1/pictures/{answer.json()['picture']}"


@in_campaign
def test_the_log_in_page_has_the_servers_picture_and_colour(pages: Pages) -> None:
    olga = pages.at("olga", "/admin/server")
    part = olga.locator(".admin-setting", has_text="Server picture")
    choose(olga, photo(olga))
    olga.get_by_role("button", name="Save picture").click()
    expect(part.locator(".avatar-picture")).to_be_visible()
    olga.get_by_label("Log-in page colour").fill("#ffcc00")
    expect(olga.get_by_text("changed by olga", exact=False).last).to_be_visible()
    door = pages.open("/")
    mark = door.locator(".sign-in-mark")
    expect(mark).to_have_css("background-image", re.compile("/api/v1/pictures/[0-9a-f]{64}"))
    expect(mark.locator("svg")).to_be_hidden()
    button = door.get_by_role("button", name="Log in", exact=True)
    expect(button).to_have_css("background-color", re.compile(r"oklch\(0\.48 .* 9\d"))
    part.get_by_role("button", name="Remove picture").click()
    expect(part.locator(".avatar-picture")).to_have_count(0)


@in_campaign
def test_an_admin_removes_anothers_picture(pages: Pages) -> None:
    give(pages, "cem")
    olga = pages.at("olga", f"/admin/people?person={Speaker(pages, 'cem').id}")
    olga.get_by_role("button", name="Remove picture").click()
    olga.get_by_role("dialog").get_by_role("button", name="Remove picture").click()
    expect(olga.get_by_role("button", name="Remove picture")).to_have_count(0)
    go(olga, "/admin/audit")
    expect(olga.get_by_text("olga removed the picture of cem")).to_be_visible()


@in_campaign
def test_the_widget_shows_the_operator_who_answers(pages: Pages) -> None:
    address = give(pages, "olga")
    visitor = pages.open("/widget")
    visitor.get_by_label("Your message").fill("is it blue?")
    visitor.keyboard.press("Enter")
    expect(visitor.locator(".said.is-mine time")).to_have_count(1)
    olga = Speaker(pages, "olga")
    (room,) = olga.call("GET", "/support")["rooms"]
    olga.say(room["id"], "it is")
    expect(visitor.locator(".said-picture .avatar-picture")).to_have_attribute("src", address)
