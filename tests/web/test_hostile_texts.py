"""Hostile texts are shown as they were sent, through every protocol."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.support.people import request
from tests.system.test_cross_dialect import LOBBY, Account, House
from tests.web.giving import payload
from tests.web.open_pages import go
from tests.web.pages import Pages
from tests.web.site import other_site
from tests.web.talking import Speaker, Timeline

HOSTILE = (
    '<img src=x onerror="window.pwned=1">',
    "<script>window.pwned=1</script>",
    "<svg/onload=window.pwned=1>",
    '<a href="javascript:window.pwned=1">x</a>',
    "[x](javascript:window.pwned=1)",
    "[x]( JaVaScRiPt:window.pwned=1)",
    "![x](data:text/html,<script>window.pwned=1</script>)",
    "<javascript:window.pwned=1>",
    '"><iframe srcdoc="<script>parent.pwned=1</script>"></iframe>',
    "{{constructor.constructor('window.pwned=1')()}} ${window.pwned=1}",
    "<math><mtext></mtext><style><img src onerror=window.pwned=1></style></math>",
    "&lt;img src=x onerror=window.pwned=1&gt; &#60;b&#62;",
    "</textarea></title><style>:root{display:none}</style>",
    "x" * 300 + "<b onclick=window.pwned=1>",
)

_STRANGE = """() => {
    // What messages have no use for: other elements, other places to go, and attributes that act.
    const places = ".message-body, h1, .place-topic, .timeline-start, .room, .message-quote";
    const texts = [...document.querySelectorAll(places)];
    const made = [...document.querySelectorAll("[onerror], [onload], img[src=x]")].map(({ outerHTML }) => outerHTML);
    if (made.length) return made;
    return texts.flatMap((text) => [...text.querySelectorAll("*")]).filter((element) =>
        ["IMG", "SCRIPT", "IFRAME", "STYLE", "OBJECT", "MATH", "FORM"].includes(element.tagName) ||
        [...element.attributes].some(({ name }) => name.startsWith("on") || name === "srcdoc") ||
        (element.tagName === "A" && !["http:", "https:", "mailto:"].includes(element.protocol))
    ).map((element) => element.outerHTML);
}"""


def assert_harmless(page: Page) -> None:
    assert page.evaluate("() => window.pwned") is None
    assert page.evaluate(_STRANGE) == []


def account(speaker: Speaker) -> Account:
    return Account(speaker.name, speaker.id, speaker.access)


@pytest.fixture
def house(pages: Pages) -> House:
    return House(pages.url)


@contextmanager
def saying(dialect: str, house: House, ben: Speaker, ada: Speaker) -> Generator[Callable[[str], object]]:
    """Send a text by a protocol: to all, in Direct to ada, and in the support desk as ada."""
    if dialect in ("talker", "messenger"):
        with getattr(house, dialect)(account(ben)) as person:
            yield person.say
    elif dialect == "rooms":
        with house.rooms(account(ben)) as socket:
            yield socket.say
    elif dialect == "direct":
        with house.direct(account(ben)) as socket:
            yield lambda text: socket.send({"from": ben.id, "to": ada.id, "content": text})
    elif dialect == "support":
        with house.support(account(ada)) as socket:
            yield lambda text: socket.send({"method": "message.send", "params": [text], "id": 1})
    else:
        yield lambda text: ben.say(LOBBY, text)


def room_of(dialect: str, ada: Speaker, ben: Speaker) -> int:
    paths = {"direct": f"/direct/{ben.id}", "support": "/support"}
    return int(ada.call("PUT", paths[dialect])["id"]) if dialect in paths else LOBBY


@pytest.mark.parametrize("dialect", ["talker", "messenger", "rooms", "native", "direct", "support"])
def test_messages_of_any_dialect_are_shown_as_sent(dialect: str, pages: Pages, house: House) -> None:
    ada, ben = Speaker(pages, "ada"), Speaker(pages, "ben")
    with saying(dialect, house, ben, ada) as say:
        room = room_of(dialect, ada, ben)
        timeline = Timeline((pages.at if room == LOBBY else pages.of)("ada", f"/room/{room}"))
        expect(timeline.field).to_be_visible()
        for text in HOSTILE:
            say(text)
        say(f"the end of {dialect}")
        expect(timeline.message(f"the end of {dialect}")).to_be_visible()
    shown = timeline.page.locator(".message-text").all_text_contents()
    assert shown[-len(HOSTILE) - 1 : -1] == list(HOSTILE)
    assert_harmless(timeline.page)


def test_topics_quotes_and_drafts_are_plain_texts_too(pages: Pages) -> None:
    ada, ben = Speaker(pages, "ada"), Speaker(pages, "ben")
    topic = "</p><script>window.pwned=1</script><img src=x onerror=window.pwned=1>"
    room = ada.make_room("strange", ben, topic=topic)
    seq = ben.say(room, HOSTILE[0])
    timeline = Timeline(pages.at("ada", f"/room/{room}"))
    page = timeline.page
    expect(page.locator(".place-topic")).to_have_text(topic)
    expect(page.locator(".timeline-start")).to_contain_text(topic)
    timeline.act(HOSTILE[0], "Reply")
    expect(page.locator(".composer-bar")).to_contain_text(HOSTILE[0])
    timeline.say(HOSTILE[1])
    expect(page.locator(".message-quote")).to_contain_text(HOSTILE[0])
    ada.call("PUT", f"/rooms/{room}/messages/{seq}/reactions/👍")
    expect(page.locator(".reaction").first).to_be_visible()
    assert_harmless(page)


def test_a_files_name_is_a_text_everywhere_and_other_names_are_refused(pages: Pages) -> None:
    evil = "<img src=x onerror=window.pwned=1>"
    ada, ben = Speaker(pages, "ada"), Speaker(pages, "ben")
    bearer = {"Authorization": f"Bearer {ada.access}"}
    for method, path, field in (("POST", "/rooms", "name"), ("PATCH", "/me", "display")):
        refused = request(method, f"{pages.url}/api/v1{path}", {field: evil}, headers=bearer)
        assert (refused.status_code, refused.json()["field"]) == (400, field)
    room = ada.make_room("files", ben)
    page = pages.at("ben", f"/room/{room}")
    page.locator("input[type=file]").set_input_files([payload(evil, "text/html", evil.encode())])
    expect(page.get_by_role("list", name="Attached files")).to_contain_text(evil)
    assert_harmless(page)
    timeline = Timeline(page)
    timeline.say("seeds")
    expect(page.get_by_role("button", name=f"Download {evil.strip('<>')}")).to_be_visible()
    timeline.act("seeds", "Reply")
    assert_harmless(page)


_HALF = """(field, text) => {
    field.value = text + "\\ud83d";  // as a text that is cut in the middle of an emoji
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}"""


def test_a_link_to_a_host_that_looks_like_this_one_carries_nothing_along(pages: Pages) -> None:
    ada = Speaker(pages, "ada")
    room = ada.make_room("links")
    own = pages.url.removeprefix("http://")
    with other_site() as site:
        site.pages["/room/1"] = {}, "<link rel=icon href=data:>elsewhere"
        port = site.url.rpartition(":")[2]
        pages.visits(site.url)
        pages.visits(site.elsewhere)
        links = (f"http://{own}@127.0.0.1:{port}/room/1", f"{site.elsewhere}/room/1#@{own}")
        page = pages.at("ada", f"/room/{room}")
        for link in links:
            ada.say(room, link)
            shown = page.get_by_role("link", name=link)
            with page.context.expect_page() as opened:
                shown.click()
            expect(opened.value.get_by_text("elsewhere")).to_be_visible()
            assert opened.value.evaluate("() => window.opener") is None
            opened.value.close()
            assert page.url == f"{pages.url}/room/{room}"
        heads = [head for path, head in site.heads if path == "/room/1"]
    assert len(heads) == len(links)
    for head in heads:
        assert "referer" not in head
        assert head.get("authorization", "") == ""
        assert ada.access not in str(head)


def test_half_a_character_is_sent_edited_and_looked_for_as_a_whole_one(pages: Pages) -> None:
    ada = Speaker(pages, "ada")
    timeline = Timeline(pages.at("ada", f"/room/{ada.make_room('halves')}"))
    timeline.write("x")
    timeline.field.evaluate(_HALF, "said")
    timeline.field.press("Enter")
    expect(timeline.message("said\ufffd")).to_be_visible()
    timeline.act("said\ufffd", "Edit")
    timeline.field.evaluate(_HALF, "changed")
    timeline.field.press("Enter")
    expect(timeline.message("changed\ufffd")).to_contain_text("edited")
    page = timeline.page
    go(page, "/search")
    page.get_by_role("searchbox").evaluate(_HALF, "changed")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Search", level=1)).to_be_visible()
    timeline = Timeline(page)
    go(page, "/room/1")
    timeline.say("and goes on")
    expect(timeline.message("and goes on")).to_be_visible()
