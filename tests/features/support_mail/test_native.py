"""Whence a conversation is mailed, over HTTP: for operators."""

from chat.features.support_mail.port import MAIL_ORIGINS, MailOrigin
from tests.features.earlier.test_storage import visit
from tests.protocols.native.site import Site


async def test_operators_see_whence_a_conversation_is_mailed(site: Site) -> None:
    _, olga = await site.join("olga", operator=True)
    _, ada = await site.join("ada")
    _, room = await visit(site.storage, "mona", "mona@mail.example")
    path = f"/support/{room}/mail"
    assert (await site.call("GET", path, token=olga)).body == {"address": None, "check": "none"}
    for verdict in ("pass", "fail", "none"):
        origins = site.storage.feature_ports[MAIL_ORIGINS]
        origins.origins[room] = MailOrigin("mona@mail.example", verdict)  # type: ignore[attr-defined]
        found = await site.call("GET", path, token=olga)
        assert found.body == {"address": "mona@mail.example", "check": verdict}
    assert (await site.call("GET", path, token=ada)).status == 404
    own = (await site.call("PUT", "/support", token=ada))["id"]
    assert (await site.call("GET", f"/support/{own}/mail", token=ada))["reason"] == "not_operator"
