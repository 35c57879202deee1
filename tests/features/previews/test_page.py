"""What a page says of itself."""

import pytest

from chat.features.previews.changes import MOST_TITLE
from chat.features.previews.page import Page, is_page, read_page

URL = "https://example.org/a/b"
HTML = "text/html; charset=utf-8"


def read(body: str | bytes, content_type: str = HTML) -> Page | None:
    return read_page(body if isinstance(body, bytes) else body.encode(), content_type, URL)


def test_open_graph_comes_before_what_html_has_for_it() -> None:
    page = read(
        '<html><head><title>Plain</title><meta name="description" content="Plain words">'
        '<META PROPERTY="og:title" CONTENT="Tom &amp; Jerry"><meta property="og:description" content="Two\n lines">'
        '<meta property="og:site_name" content="Cats"><meta property="og:image" content="../cat.png"></head>'
    )
    assert page == Page("Tom & Jerry", "Two lines", "Cats", "https://example.org/cat.png")


def test_without_it_title_and_description_are_those_of_html() -> None:
    page = read(
        "<title>\n  Tom &amp; <b>Jerry</b> </title><meta name=description content='Words'><body><title>No</title>"
    )
    assert page == Page("Tom &", "Words")


@pytest.mark.parametrize(
    "body",
    ["", "<p>words", "<title>  </title>", "\0\0\0", "<title>\u200b\u202e</title>", "<!-- <title>No</title>"],
)
def test_a_page_without_a_title_has_no_preview(body: str) -> None:
    assert read(body) is None


def test_a_page_says_its_encoding_in_its_head_or_in_its_type() -> None:
    cyrillic = "<title>Привет</title>"
    assert read(cyrillic.encode("windows-1251"), "text/html; charset=windows-1251") == Page("Привет")
    assert read(b"<meta charset='windows-1251'>" + cyrillic.encode("windows-1251"), "text/html") == Page(
        "Привет"
    )
    assert read(b"<title>\xff</title>", "text/html; charset=idna") == Page("\ufffd")


def test_long_and_invisible_characters_are_cut() -> None:
    page = read(f"<title>{'x' * 9999}</title><meta name=description content='a\u202eb\u200bc'>")
    assert page is not None
    assert (len(page.title), page.title[-1], page.description) == (MOST_TITLE, "…", "abc")


@pytest.mark.parametrize(
    "picture", ["javascript:alert(1)", "data:image/png;base64,xx", "file:///etc/passwd", "//[::1/x"]
)
def test_any_picture_may_be_named(picture: str) -> None:
    """It is fetched as any URL is: only http and https, to checked addresses."""
    page = read(f"<title>t</title><meta property=og:image content='{picture}'>")
    assert page is not None
    assert page.picture in (picture, None)


def test_only_pages_are_read() -> None:
    assert [
        is_page(each) for each in (HTML, "Text/HTML", "application/xhtml+xml", "", "text/plain", "image/png")
    ] == [
        *(True, True, True),
        *(False, False, False),
    ]
