"""A server is restored from a backup of before: a page lists what is gone, and sends its own again when asked."""

from playwright.sync_api import Browser, expect

from tests.backup.restorable import open_restorable
from tests.support.campaign import in_campaign
from tests.support.people import eventually
from tests.web.connection import ALL_SENT, LIVE, LOBBY, Connection
from tests.web.pages import Pages
from tests.web.test_restored import say

LOST = "(state.lost?.rooms ?? []).flatMap(({ messages }) => messages)"


def own_texts(tab: Connection, room: int) -> list[str]:
    tab.load(room)
    return tab.loaded(room)


def seen(text: str) -> str:
    """Whether the lobby has this message."""
    return (
        f"(state) => [...state.rooms.get({LOBBY}).messages.values()].some(({{ text }}) => text === '{text}')"
    )


@in_campaign
def test_what_a_restore_has_lost_is_listed_and_sent_again(browser: Browser) -> None:
    with open_restorable() as restorable, Pages(browser, restorable.url) as pages:
        url = restorable.url
        context = pages.context()
        pages.log_in(context, "ada")
        ben = pages.person("ben")
        quiet = pages.context()
        pages.log_in(quiet, "cem")
        never_past = Connection(quiet, url)
        never_past.until(LIVE)
        tab = Connection(context, url)
        tab.until(LIVE)
        plans = tab.page.evaluate("() => chat.call('POST', '/rooms', { name: 'plans' }).then(({ id }) => id)")
        say(url, ben["access"], "k-1", "kept")
        never_past.until(seen("kept"))
        never_past.page.goto("about:blank")  # it sees nothing of what follows
        restorable.back_up()

        later = tab.page.evaluate("() => chat.call('POST', '/rooms', { name: 'later' }).then(({ id }) => id)")
        for room, text in (
            (LOBBY, "lost one"),
            (LOBBY, "lost two"),
            (plans, "lost plan"),
            (later, "lost room"),
        ):
            tab.until(f"(state) => state.rooms.has({room})")
            tab.say(text, room)
            tab.until(ALL_SENT)
        say(url, ben["access"], "k-2", "lost of ben")
        tab.until(seen("lost of ben"))
        eventually(lambda: "lost of ben" in str(tab.stored("rooms")), "it is kept")
        tab.page.goto("about:blank")  # it comes back when others have written in those places
        restorable.restore()
        say(url, ben["access"], "k-3", "new of ben")

        never_past = Connection(quiet, url)
        never_past.until(seen("new of ben"))
        assert never_past.state("(state) => state.lost") is None
        page = context.new_page()
        page.goto(f"{url}/room/{LOBBY}")
        bar = page.locator(".connection-bar")
        expect(bar).to_contain_text("This server was restored from a backup of")
        expect(bar).to_contain_text("5 messages that you saw after it are gone.")
        expect(page.locator(".timeline .message-text")).to_have_text(["kept", "new of ben"])
        bar.get_by_role("button", name="Show").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.locator("h3")).to_have_text(["lobby", "plans", "later"])
        expect(dialog.locator(".lost-text")).to_have_text(
            ["lost one", "lost two", "lost of ben", "lost plan", "lost room"]
        )
        expect(dialog.get_by_role("button", name="Send again")).to_have_count(3)
        dialog.get_by_role("button", name="Send all 2 of mine again").click()
        expect(dialog.get_by_text("Sent again")).to_have_count(2)
        dialog.get_by_role("button", name="Send again").click()
        expect(dialog.get_by_text("Sent again")).to_have_count(3)
        page.reload()
        expect(page.locator(".timeline .message-text")).to_have_text(
            ["kept", "new of ben", "lost one", "lost two"]
        )

        again = Connection(context, url)
        again.until(LIVE)
        assert own_texts(again, plans) == ["lost plan"]
        again.until(f"(state) => {LOST}.filter(({{ isAgain }}) => isAgain).length === 3")
        bar.get_by_role("button", name="Show").click()
        restorable.server.stop()
        expect(page.get_by_text("The server can't be reached since")).to_be_visible()
        restorable.restore()
        for each in (again.page, page):
            each.evaluate("() => dispatchEvent(new Event('online'))")
        again.until(f"(state) => {LOST}.length === 9")
        expect(bar).to_contain_text("9 messages")
        expect(dialog.locator(".lost-text")).to_have_count(9)  # the list that was opened before
        dialog.get_by_role("button", name="Dismiss the list").click()
        expect(bar).to_have_count(0)
        again.until("(state) => state.lost === null")
        page.reload()
        expect(page.locator(".timeline .message-text")).to_have_text(["kept"])
        expect(bar).to_have_count(0)
