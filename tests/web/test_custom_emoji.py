"""Custom emoji in the page: added in the settings, completed, picked, drawn in texts and as reactions, and removed."""

from playwright.sync_api import FilePayload, expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.pictures import png
from tests.support.server import ServerProcess
from tests.web.open_pages import go
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline

PARTY: FilePayload = {"name": "Party Parrot.png", "mimeType": "image/png", "buffer": png(64)}


@in_campaign
def test_an_emoji_is_added_used_and_removed(pages: Pages, chat: ServerProcess) -> None:
    ada, ben = Speaker(pages, "ada"), Speaker(pages, "ben")
    room = ada.make_room("garden", ben)
    seq = ben.say(room, "look: :party_parrot: `:party_parrot:` at 10:30:45")
    bens = pages.at("ben", f"/room/{room}")
    theirs = bens.locator(f"li[data-seq='{seq}']")
    expect(theirs).to_contain_text("look: :party_parrot:")

    page = pages.at("ada", "/settings/emoji")
    expect(page.get_by_text("There are no custom emoji yet.")).to_be_visible()
    command(chat, "user", "role", "ada", "admin")  # the form comes to the open page
    page.get_by_label("Image").set_input_files(PARTY)
    expect(page.get_by_label("Name")).to_have_value("party_parrot")
    page.get_by_label("Name").fill("red_heart")
    page.get_by_role("button", name="Add emoji").click()
    expect(page.get_by_text("There is a standard emoji with this name.")).to_be_visible()
    page.get_by_label("Name").fill("party_parrot")
    page.get_by_role("button", name="Add emoji").click()
    expect(page.locator(".custom-emoji-list").get_by_role("img", name=":party_parrot:")).to_be_visible()

    drawn = theirs.locator(".message-text .custom-emoji")
    expect(drawn).to_have_count(1)  # not the one in the code
    expect(drawn).to_have_js_property("naturalWidth", 64)
    go(page, f"/room/{room}")
    timeline = Timeline(page)
    timeline.write("ship it :par")
    page.locator(".completion").first.click()
    expect(timeline.field).to_have_value("ship it :party_parrot: ")
    page.keyboard.press("Enter")
    expect(page.locator(".message-text .custom-emoji")).to_have_count(2)

    page.locator(f"li[data-seq='{seq}'] article").hover()
    page.locator(f"li[data-seq='{seq}']").get_by_role("button", name="React").click()
    page.get_by_role("searchbox").fill("party parrot")
    page.keyboard.press("Enter")
    reaction = theirs.locator(".reaction", has=bens.get_by_role("img", name=":party_parrot:"))
    expect(reaction).to_contain_text("1")
    reaction.click()
    expect(reaction).to_contain_text("2")

    go(page, "/settings/emoji")
    page.get_by_role("button", name="Remove :party_parrot:").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(drawn).to_have_count(0)
    expect(theirs).to_contain_text("look: :party_parrot:")
    expect(theirs.locator(".reaction").first).to_contain_text(":party_parrot:")
