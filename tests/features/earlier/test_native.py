"""Earlier conversations over HTTP: for operators, with the state of each."""

from tests.features.earlier.test_storage import visit
from tests.protocols.native.site import Site


async def test_operators_see_the_other_conversations_with_an_address(site: Site) -> None:
    _, olga = await site.join("olga", operator=True)
    _, ada = await site.join("ada")
    _, old = await visit(site.storage, "mona", "mona@mail.example")
    assert (await site.call("PATCH", f"/support/{old}", {"state": "closed"}, token=olga)).status == 200
    _, new = await visit(site.storage, "mona 2", "mona@mail.example")
    found = await site.call("GET", f"/support/{new}/earlier", token=olga)
    assert [(each["id"], each["support"]["state"], each["last"]["text"]) for each in found["rooms"]] == [
        (old, "closed", "x")
    ]
    _, alone = await visit(site.storage, "nina", "nina@mail.example")
    assert (await site.call("GET", f"/support/{alone}/earlier", token=olga)).body == {"rooms": []}
    assert (await site.call("GET", f"/support/{new}/earlier", token=ada)).status == 404
    own = (await site.call("PUT", "/support", token=ada))["id"]
    assert (await site.call("GET", f"/support/{own}/earlier", token=ada))["reason"] == "not_operator"
