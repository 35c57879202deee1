"""PDFs in the page: one looks at them a page at a time; hostile ones end in a line with the download."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.campaign import in_campaign
from tests.web.giving import payload, pdf, png, text_pdf
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline
from tests.web.test_files import attach
from tests.web.test_reading import upload

INK = """canvas => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    return data.reduce((dark, value, n) => dark + (n % 4 === 0 && value < 128 ? 1 : 0), 0);
}"""
"""The dark pixels of a canvas."""


@pytest.fixture
def ada(pages: Pages) -> Speaker:
    return Speaker(pages, "ada")


def opened(pages: Pages, ada: Speaker, name: str, data: bytes) -> tuple[Page, Locator]:
    """A page with a PDF that is open."""
    key = name.removesuffix(".pdf")
    room = ada.make_room(key)
    file = upload(pages, ada, room, name, data, "application/pdf")
    ada.call("POST", f"/rooms/{room}/messages", {"key": key, "text": "", "files": [file]})
    page = pages.at("ada", f"/room/{room}")
    page.get_by_role("button", name=f"Open {name}").click()
    return page, page.get_by_role("dialog", name=name)


@in_campaign
def test_pages_are_turned_and_enlarged_and_arrows_lead_to_other_files(pages: Pages, ada: Speaker) -> None:
    room = ada.make_room("papers")
    page = pages.at("ada", f"/room/{room}")
    timeline = Timeline(page)
    for name, kind, data in (
        ("rose.png", "image/png", png(16, 12)),
        ("paper.pdf", "application/pdf", text_pdf("first words", "second words", "third words")),
    ):
        attach(page, payload(name, kind, data))
        timeline.say(f"that is {name}")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="Open paper.pdf").click()
    view = page.get_by_role("dialog", name="paper.pdf")
    canvas = view.locator("canvas")
    expect(view.get_by_text("first words")).to_have_count(1)
    expect(view.locator(".pdf-tools")).to_contain_text("Page 1 of 3")
    assert canvas.evaluate(INK) > 500
    fitted = canvas.bounding_box()
    assert fitted is not None
    assert fitted["width"] == pytest.approx(1000, abs=1)
    view.get_by_role("button", name="Next page").click()
    expect(view.get_by_text("second words")).to_have_count(1)
    page.keyboard.press("PageDown")
    expect(view.get_by_text("third words")).to_have_count(1)
    expect(view.get_by_role("button", name="Next page")).to_be_disabled()
    view.get_by_label("Go to page").fill("1")
    page.keyboard.press("Enter")
    expect(view.get_by_text("first words")).to_have_count(1)
    view.get_by_role("button", name="Zoom in").click()
    expect(canvas).to_have_css("inline-size", "1500px")
    view.get_by_role("button", name="Fit to width").click()
    expect(canvas).to_have_css("inline-size", "1000px")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(canvas).to_have_css("inline-size", "390px")
    view.get_by_role("button", name="Previous file").click()
    expect(page.get_by_role("dialog", name="rose.png").get_by_role("img")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(view.get_by_text("first words")).to_have_count(1)
    with page.expect_download() as saved:
        view.get_by_role("button", name="Save").click()
    assert saved.value.suggested_filename == "paper.pdf"
    assert {url for url in asked if not url.startswith((pages.url, "blob:"))} == set()


@in_campaign
def test_what_cannot_be_shown_ends_in_a_line(pages: Pages, ada: Speaker) -> None:
    locked = pdf(
        "",
        trailer="/Encrypt <</Filter/Standard/V 1/R 2/O("
        + "x" * 32
        + ")/U("
        + "y" * 32
        + ")/P -4>> /ID[(a)(b)]",
    )
    for name, data, line in (
        ("broken.pdf", b"%PDF-1.7 and no more", "This PDF can't be read here. Save it to open it."),
        ("locked.pdf", locked, "This PDF needs a password. Save it to open it."),
    ):
        page, view = opened(pages, ada, name, data)
        expect(view.get_by_role("alert")).to_have_text(line)
        expect(view.get_by_role("button", name="Save")).to_be_enabled()
        page.keyboard.press("Escape")
        expect(view).to_have_count(0)


@in_campaign
def test_hostile_pages_are_bounded_and_never_stop_the_page(pages: Pages, ada: Speaker) -> None:
    page, view = opened(pages, ada, "many.pdf", text_pdf(*map(str, range(1, 10_001))))
    view.get_by_label("Go to page").fill("9999")
    page.keyboard.press("Enter")
    expect(view.locator(".pdf-place > p")).to_have_text("9999")
    for name, box in (("wide.pdf", "0 0 1000000 10"), ("high.pdf", "0 0 10 1000000")):
        page, view = opened(pages, ada, name, pdf("0 0 5 5 re f", media_box=box))
        expect(view.locator(".pdf-place[aria-busy=false]")).to_be_visible()
        width, height = view.locator("canvas").evaluate("canvas => [canvas.width, canvas.height]")
        assert max(width, height) <= 8_192
    # Forms in forms, each drawn ten times by the one before: a thousand million.
    more = "\n".join(
        f"{10 + n} 0 obj <</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X1 {11 + n} 0 R>>>>"
        f"/Length 70>> stream\n{'/X1 Do ' * 10}\nendstream endobj"
        for n in range(9)
    )
    page, view = opened(pages, ada, "forms.pdf", pdf("/X1 Do", more=more))
    expect(view.locator(".pdf-tools")).to_contain_text("Page 1 of 1")
    assert page.evaluate("() => new Promise(resolve => requestAnimationFrame(() => resolve(1)))") == 1
    page.keyboard.press("Escape")
    expect(view).to_have_count(0)
