"""The first admin over HTTP, by a code that is printed at the start and that few tries may miss."""

import trio

from tests.protocols.native.site import PASSWORD, Site

GRACE = {"name": "grace", "password": PASSWORD}


async def printed(site: Site) -> str:
    code = await site.services.first_admin.code()
    assert code is not None
    return code


async def test_the_set_up_code_makes_one_admin(site: Site) -> None:
    state = {"needed": True, "registration": "open", "lobby": "open", "server": "trio-chat"}
    assert (await site.call("GET", "/setup")).body == state
    code = await printed(site)
    assert await printed(site) == code, "every server that starts says the same"
    made = await site.call("POST", "/setup", GRACE | {"code": f" {code.lower().replace('-', '')} "})
    assert (made.status, made["me"]["roles"]) == (201, ["admin"])
    assert await site.is_good(made["access"])
    assert (await site.call("GET", "/setup")).body == state | {"needed": False}
    again = await site.call("POST", "/setup", GRACE | {"code": code, "name": "eve"})
    assert again.refused == (410, "gone", None)
    assert await site.services.first_admin.code() is None


async def test_after_five_wrong_codes_the_right_one_is_void_until_the_next_start(site: Site) -> None:
    code = await printed(site)
    for wrong in ("", "x", "AAAA-AAAA", "é" * 32, code[:-1]):
        answer = await site.call("POST", "/setup", GRACE | {"code": wrong})
        assert answer.refused == (403, "forbidden", "code")
    assert (await site.call("POST", "/setup", GRACE | {"code": code})).refused == (410, "gone", None)
    fresh = await printed(site)
    assert fresh != code
    assert (await site.call("POST", "/setup", GRACE | {"code": fresh})).status == 201


async def test_a_name_or_password_that_can_not_be_uses_no_try(site: Site) -> None:
    code = await printed(site)
    for _ in range(6):
        for bad, field in (({"name": "a b  c"}, "name"), ({"password": "x"}, "password")):
            answer = await site.call("POST", "/setup", GRACE | {"code": code} | bad)
            assert answer.refused == (400, "invalid", field)
    assert (await site.call("POST", "/setup", GRACE | {"code": code})).status == 201


async def test_of_two_concurrent_uses_of_the_code_one_makes_an_admin(site: Site) -> None:
    code, answers = await printed(site), []

    async def make(name: str) -> None:
        body = {"code": code, "name": name, "password": PASSWORD}
        answers.append((await site.call("POST", "/setup", body)).status)

    async with trio.open_nursery() as nursery:
        for name in ("grace", "eve"):
            nursery.start_soon(make, name)
    assert sorted(answers) == [201, 410]
    people = await site.storage.users.everyone()
    assert [person.is_admin for person in people] == [True]


async def test_a_taken_name_is_refused_and_the_code_stays_valid(site: Site) -> None:
    await site.add("grace")
    code = await printed(site)
    assert (await site.call("POST", "/setup", GRACE | {"code": code})).refused == (409, "taken", "name")
    assert (await site.call("POST", "/setup", {**GRACE, "code": code, "name": "hedy"})).status == 201
