"""Every screen in both themes and three widths: no serious finding of axe, nothing cut off, nothing busy."""

import os
import re
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.campaign import IS_FULL, in_campaign
from tests.support.people import PASSWORD
from tests.support.server import ServerProcess
from tests.web.axe import AXE, serious
from tests.web.pages import Pages
from tests.web.rest import Rest
from tests.web.screens import (
    ADMIN,
    LONG,
    OLD,
    SCREENS,
    SET_UP,
    Screen,
    Screens,
    World,
    make_world,
    set_up_screens,
)

ROOT = Path(__file__).parents[2]
WALK = ROOT / "docs" / "web.md"
PICTURES = WALK.parent / "web"
SIZES = {
    "wide": {"width": 1280, "height": 800},
    "narrow": {"width": 700, "height": 800},
    "phone": {"width": 390, "height": 844},
}

LOOKS: tuple[tuple[str, Literal["light", "dark"], str | None], ...] = (
    ("phone", "dark", None),
    ("wide", "light", None),
    ("wide", "dark", "color-contrast"),
    ("phone", "light", "color-contrast"),
)
"""How axe looks at a screen: its size, its theme, and the one rule, if not all."""

ON_A_PHONE = ("room", "room-panel", "thread", "poll", "search", "saved", "scheduled", "reports")
"""Screens that docs/web.md also shows on a phone, in the dark theme."""

SIDEWAYS = """() => [...document.querySelectorAll("body *")].filter((each) => {
    const box = each.getBoundingClientRect();
    if (!each.checkVisibility() || box.width <= 1 || each.closest(".visually-hidden")) return false;
    if (each.closest("[role=region][tabindex='0']")) return false;  // a table that the keyboard scrolls too
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(each).overflowX) && each.tagName !== "PRE";
    return (scrolls && each.scrollWidth > each.clientWidth + 1) || box.right > innerWidth + 1 || box.left < -1;
}).map((each) => each.outerHTML.slice(0, 120)).slice(0, 5)"""


@in_campaign
def test_pictures_of_the_set_up(pages: Pages, chat: ServerProcess) -> None:
    """Runs before the other tests here, because a server is set up once."""
    found: list[str] = []
    for number, (screen, page) in enumerate(set_up_screens(pages, chat, viewport=SIZES["wide"])):
        if "SCREENSHOTS" in os.environ:
            PICTURES.mkdir(exist_ok=True)
            page.screenshot(path=PICTURES / f"{screen.name}.png")
        found += faults(screen, page, number)
        page.set_viewport_size(SIZES["wide"])
    assert not found, "\n".join(found)


@pytest.fixture(scope="module")
def world(browser: Browser, chat: ServerProcess) -> Generator[World]:
    with Pages(browser, chat.url) as pages:
        yield make_world(pages, chat)


def test_no_screen_has_a_serious_finding_or_is_cut_off(pages: Pages, world: World) -> None:
    if not AXE.exists():
        pytest.skip("no axe-core: make node_modules/made with Node installed")
    opened = Screens(pages, world, viewport=SIZES["wide"])
    screens = (*SCREENS, LONG) if IS_FULL else (*SCREENS[::10], LONG)
    found = [
        fault
        for number, screen in enumerate(screens)
        for fault in faults(screen, opened.open(screen), number)
    ]
    assert not found, "\n".join(found)


@in_campaign
def test_every_screen_of_a_room_with_a_long_history_comes_to_rest(pages: Pages, world: World) -> None:
    opened = Screens(pages, world, viewport=SIZES["wide"])
    sizes = SIZES if IS_FULL else ("wide", "phone")
    found = [fault for screen in OLD for fault in restless(screen, opened.open(screen), sizes)]
    assert not found, "\n".join(found)


@pytest.mark.usefixtures("world")
def test_the_keyboard_alone_is_enough(pages: Pages) -> None:
    """Log in, go to a room, send a message, react, open the member list, and log out."""
    page = pages.open("/")
    page.get_by_label("Name or email address").focus()
    page.keyboard.type(ADMIN)
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Rooms")).to_be_visible()

    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Jump to")).to_be_focused()
    page.keyboard.type("garden")
    first = page.get_by_role("option").first
    expect(first).to_contain_text("garden")
    expect(first).not_to_contain_text("Search messages")  # which is offered before the rooms are found
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="garden", level=1)).to_be_visible()
    tab_to(page, "Message to garden")
    page.keyboard.type("by hand alone")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main").get_by_text("by hand alone")).to_be_visible()

    tab_to(page, re.compile("About this room"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary")).to_be_visible()
    tab_to(page, re.compile("Settings and log out"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Set a status")).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_role("menuitem", name="Log out")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Log out?")).to_be_visible()
    tab_to(page, "Log out")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


@pytest.mark.skipif("SCREENSHOTS" not in os.environ, reason="make pictures writes them")
def test_pictures_of_all_screens(pages: Pages, world: World) -> None:
    PICTURES.mkdir(exist_ok=True)
    for shape, options in {
        (size, theme): {"viewport": SIZES[size], "color_scheme": theme} for _, _, size, theme in pictures()
    }.items():
        opened = Screens(pages, world, **options)
        for name, screen, size, theme in pictures():
            if (size, theme) == shape:
                page = opened.open(screen)
                if screen.is_in:
                    expect(page.locator(".self .row-note")).to_have_text("Online")
                page.wait_for_load_state("networkidle")  # pictures in it are there
                page.screenshot(path=PICTURES / name)


def test_the_walk_shows_every_screen() -> None:
    shown = re.findall(r"\(web/([\w.-]+)\)", WALK.read_text())
    assert sorted(shown) == sorted(
        [*(f"{each.name}.png" for each in SET_UP), *(name for name, *_ in pictures())]
    )
    assert sorted(shown) == sorted(path.name for path in PICTURES.iterdir())


def pictures() -> list[tuple[str, Any, str, str]]:
    """The name of each picture, its screen, size and theme."""
    wide = [(f"{screen.name}.png", screen, "wide", "light") for screen in SCREENS]
    phone = [(f"{each.name}-phone.png", each, "phone", "dark") for each in SCREENS if each.name in ON_A_PHONE]
    return wide + phone


def faults(screen: Screen, page: Page, number: int) -> list[str]:
    """What is wrong with a screen that is open. It ends in light, as small as a page may be, which is 400 % of 1280.

    Without `IS_FULL` it is looked at in one size and theme, by all rules of axe: on a phone in the dark theme if its
    number is even, otherwise wide in the light one. The colours of a theme are the same on all screens.
    """
    if not AXE.exists():
        return []
    found: list[str] = []
    looks = LOOKS if IS_FULL else [LOOKS[number % 2]]
    for size, theme, rule in looks:
        page.set_viewport_size(SIZES[size])
        page.emulate_media(color_scheme=theme)
        found += [f"{screen.name}, {size}, {theme}: {each}" for each in serious(page, only=rule)]
    page.emulate_media(color_scheme="light")
    found += restless(screen, page, SIZES if IS_FULL else [size for size, *_ in looks])
    page.set_viewport_size({"width": 320, "height": 640})
    return found + [f"{screen.name} at 320: {each}" for each in sideways(page)]


def restless(screen: Screen, page: Page, sizes: Iterable[str] = SIZES) -> list[str]:
    """The sizes in which a screen never comes to rest, or is cut off."""
    found: list[str] = []
    rest = Rest(page)
    for size in sizes:
        page.set_viewport_size(SIZES[size])
        did = rest.comes()
        found += [f"{screen.name}, {size}: {each}" for each in [*([did] if did else []), *sideways(page)]]
    return found


def sideways(page: Page) -> list[str]:
    """Elements that are cut off or need sideways scrolling."""
    found: list[str] = page.evaluate(SIDEWAYS)
    return [f"sideways: {each}" for each in found]


def tab_to(page: Page, name: str | re.Pattern[str]) -> None:
    """Press Tab until something of that name has the focus."""
    wanted = page.get_by_label(name, exact=True).or_(page.get_by_role("button", name=name, exact=True))
    focused = page.locator(":focus")
    expect(wanted.first).to_be_visible()
    for _ in range(60):
        if focused.and_(wanted).count():
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {name}")
