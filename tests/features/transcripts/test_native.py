"""Transcripts over HTTP: to one address in an hour, once somebody has answered, and not by others."""

from collections.abc import AsyncGenerator

import pytest

from chat.mail.queue import MAILS
from tests.protocols.native.site import Answer, Site, open_site

OWN = "/support/transcript"
SHOP = ("https://shop.example",)
TO = {"email": "mona@mail.example", "language": "de", "zone": "Europe/Berlin"}


@pytest.fixture
async def mailing() -> AsyncGenerator[Site]:
    async with open_site(
        mail_url="smtps://mail.example", mail_from="desk@chat.example", widget_origins=SHOP
    ) as site:
        yield site


async def test_a_conversation_is_mailed_once_it_was_answered_and_once_an_hour(mailing: Site) -> None:
    _, olgas = await mailing.join("olga", operator=True)
    _, bens = await mailing.join("ben")
    monas = (await mailing.call("POST", "/support/visitors", {}))["access"]
    room = (await mailing.call("PUT", "/support", token=monas))["id"]

    async def say(token: str, text: str) -> None:
        body = {"key": text.encode().hex(), "text": text}
        assert (await mailing.call("POST", f"/rooms/{room}/messages", body, token=token)).status == 201

    async def mail(token: str, path: str = OWN, email: str = TO["email"]) -> Answer:
        return await mailing.call("POST", path, {**TO, "email": email}, token=token)

    await say(monas, "help")
    assert (await mail(monas))["reason"] == "transcript_not_answered"
    await say(olgas, "here it is")
    assert (
        await mailing.call("POST", f"/support/{room}/notes", {"text": "a secret"}, token=olgas)
    ).status == 201
    for wrong in ("mona", "a b@mail.example"):
        assert (await mail(monas, email=wrong)).refused == (400, "invalid", "email")
    assert (await mail(monas)).status == 204
    mails = mailing.services.feature_ports[MAILS]
    (queued,) = await mails.listed(10)
    assert (queued.to, queued.subject) == ("mona@mail.example", "Deine Unterhaltung mit trio-chat")
    sent = await mails.waiting(queued.id)
    assert sent is not None
    assert "\nhelp\n" in sent.text
    assert "olga, " in sent.text
    assert "here it is" in sent.html
    assert "secret" not in sent.text + sent.html
    for token, path in ((monas, OWN), (olgas, f"/support/{room}/transcript")):
        refused = await mail(token, path, "other@mail.example")
        assert (refused.status, refused["reason"]) == (429, "transcript_too_soon")

    assert (await mail(bens, f"/support/{room}/transcript")).status == 404
    assert (await mail(monas, f"/support/{room}/transcript")).status == 403
    assert len(await mails.listed(10)) == 1


async def test_operators_mail_it_too_and_without_a_mail_server_nobody_does(mailing: Site, site: Site) -> None:
    for each, status in ((mailing, 204), (site, 409)):
        _, adas = await each.join("ada")
        _, olgas = await each.join("olga", operator=True)
        room = (await each.call("PUT", "/support", token=adas))["id"]
        for number, token in enumerate((adas, olgas)):
            body = {"key": f"k{number}", "text": "words"}
            await each.call("POST", f"/rooms/{room}/messages", body, token=token)
        answer = await each.call("POST", f"/support/{room}/transcript", TO, token=olgas)
        assert answer.status == status
        assert status == 204 or answer["reason"] == "no_mail_server"
