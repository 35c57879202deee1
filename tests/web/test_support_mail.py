"""A conversation by mail in the browser: what the mail server says of the sender, and the history that is folded."""

from collections.abc import Generator

import pytest
import trio
from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.databases import execute
from tests.support.people import PASSWORD, post, request
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.web.pages import Pages
from tests.web.rooms import forget_tokens

MAILED = """
INSERT INTO mailed_conversations (room_id, person_id, address, token, is_by_mail, verdict)
SELECT id, creator_id, 'ada@example.com', 'token', true, '{}' FROM rooms WHERE kind = 'support'
ON CONFLICT (room_id) DO UPDATE SET verdict = EXCLUDED.verdict"""
SETTINGS = {
    "CHAT_MAIL_URL": "smtp://127.0.0.1:9?tls=none",
    "CHAT_MAIL_FROM": "Chat <chat@chat.example>",
    "CHAT_SUPPORT_MAIL": "help@chat.example",
    "CHAT_IMAP_URL": "imap://help@127.0.0.1:9",
    "CHAT_WIDGET_ORIGINS": "*",
}


@pytest.fixture(scope="module")
def chat(ports: tuple[int, int], tmp_path_factory: pytest.TempPathFactory) -> Generator[ServerProcess]:
    """A server with a mailbox that is down; olga is an operator."""
    forget_tokens()
    file = tmp_path_factory.mktemp("secrets") / "imap"
    file.write_text("secret")
    settings = {**SETTINGS, "CHAT_IMAP_PASSWORD_FILE": str(file)}
    with used_data_path() as data, running_server(data, port=ports[0], **settings) as server:
        post(f"{server.url}/api/v1/auth/register", {"name": "olga", "password": PASSWORD})
        command(server, "user", "role", "olga", "operator")
        yield server


@in_campaign
def test_an_operator_sees_the_check_of_the_sender_and_opens_the_history(
    pages: Pages, chat: ServerProcess
) -> None:
    visitor = post(f"{chat.url}/api/v1/support/visitors", {"name": "Ada", "email": "ada@example.com"}).json()
    headers = {"Authorization": f"Bearer {visitor['access']}"}
    room = request("PUT", f"{chat.url}/api/v1/support", headers=headers).json()["id"]
    text = "Yes, please.\n\n> On Monday Olga wrote:\n" + "> > Shall I send you the plan?\n" * 10
    sent = post(f"{chat.url}/api/v1/rooms/{room}/messages", {"key": "k", "text": text}, headers=headers)
    assert sent.is_success, sent.text
    for verdict, words in (
        ("fail", "warning: the sender may be forged"),
        ("pass", "checked: the sender is genuine"),
    ):
        trio.run(execute, chat.address, MAILED.format(verdict))
        page = pages.at("olga", f"/inbox/{room}")
        page.get_by_role("button", name="Ada").first.click()
        expect(page.get_by_role("dialog").get_by_text(words)).to_be_visible()
        page.keyboard.press("Escape")
    history = page.get_by_role("article").get_by_text("Shall I send you the plan?")
    expect(page.get_by_text("Yes, please.").last).to_be_visible()
    expect(history).to_be_hidden()
    page.get_by_text("Quoted text").click()
    expect(history).to_be_visible()
