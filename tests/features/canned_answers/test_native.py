"""Canned answers over HTTP: who may what, what a shortcut and a text may be, and pages."""

import pytest

from chat.domain.administration.administration import Wanted
from chat.features.canned_answers.port import BAD_SHORTCUT, clean_shortcut
from tests.protocols.native.site import Answer, Site

ANSWERS = "/support/answers"


async def put(
    site: Site, token: str, shortcut: str = "hello", text: str = "Hello!", **more: object
) -> Answer:
    return await site.call("POST", ANSWERS, {"shortcut": shortcut, "text": text, **more}, token=token)


@pytest.mark.parametrize(
    ("shortcut", "kept"),
    [
        ("Hello-2_go", "hello-2_go"),
        ("Привет", "привет"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("नमस्ते", "नमस्ते"),
        ("a" * 32, "a" * 32),
        *((bad, None) for bad in ("", " ", "a" * 33, "a b", "a/b", "a!", "a\0", "\ud800", "½", "👍", "a\nb")),
    ],
)
def test_a_shortcut_has_letters_digits_hyphens_and_underscores(shortcut: str, kept: str | None) -> None:
    assert clean_shortcut(shortcut) == (kept or BAD_SHORTCUT)


async def test_operators_have_their_own_and_admins_make_the_shared_ones(site: Site) -> None:
    _, olga = await site.join("olga", operator=True)
    _, oscar = await site.join("oscar", operator=True)
    _, boss = await site.join("boss", admin=True)
    _, ada = await site.join("ada")
    own = await put(site, olga)
    assert (own.status, own["shortcut"], "shared" in own.body) == (201, "hello", False)
    shared = await put(site, boss, shared=True)
    assert (shared.status, shared["shared"]) == (201, True)
    for token, known in ((olga, [own, shared]), (oscar, [shared]), (boss, [shared])):
        listed = await site.call("GET", ANSWERS, token=token)
        assert listed.body == {"answers": [each.body for each in known]}
    # Admins have none of their own, operators share none, and others have nothing to do with them.
    refused = [
        await put(site, boss),
        await put(site, olga, "other", shared=True),
        await put(site, ada),
        await put(site, ada, shared=True),
        await site.call("GET", ANSWERS, token=ada),
        *[
            await site.call("PATCH", f"{ANSWERS}/{each['id']}", {"text": "x"}, token=ada)
            for each in (own, shared)
        ],
        await site.call("PATCH", f"{ANSWERS}/{shared['id']}", {"text": "x"}, token=olga),
        await site.call("DELETE", f"{ANSWERS}/{shared['id']}", token=olga),
    ]
    assert [each.status for each in refused] == [403] * len(refused)
    for token in (oscar, boss):  # another's own ones are not there
        for method, body in (("PATCH", {"text": "x"}), ("DELETE", None)):
            answer = await site.call(method, f"{ANSWERS}/{own['id']}", body, token=token)
            assert (answer.status, answer["reason"]) == (404, "no_canned_answer")
    changed = await site.call("PATCH", f"{ANSWERS}/{own['id']}", {"text": " Good day! "}, token=olga)
    assert changed.body == {**own.body, "text": "Good day!"}
    changed = await site.call("PATCH", f"{ANSWERS}/{shared['id']}", {"shortcut": "Bye"}, token=boss)
    assert changed.body == {**shared.body, "shortcut": "bye"}
    assert (await site.call("DELETE", f"{ANSWERS}/{shared['id']}", token=boss)).status == 204
    assert (await site.call("GET", ANSWERS, token=olga))["answers"] == [{**own.body, "text": "Good day!"}]


async def test_who_is_no_operator_any_more_has_none(site: Site) -> None:
    olga, token = await site.join("olga", operator=True, admin=True)
    own = await put(site, token)
    await site.services.administration.change(olga.id, Wanted(operator=False), olga)
    answer = await site.call("PATCH", f"{ANSWERS}/{own['id']}", {"text": "x"}, token=token)
    assert (answer.status, answer["reason"]) == (403, "not_operator")
    assert (await site.call("GET", ANSWERS, token=token))["answers"] == []


async def test_what_is_no_answer_is_refused_and_says_why(site: Site) -> None:
    _, token = await site.join("olga", operator=True)
    own = await put(site, token)
    await put(site, token, "bye")
    wrong = [
        (await put(site, token, "a b"), 400, "bad_shortcut", "shortcut"),
        (await put(site, token, "HELLO"), 409, "shortcut_taken", "shortcut"),
        (await put(site, token, "x", "  "), 400, "empty_text", "text"),
        (await put(site, token, "x", "x" * 4001), 400, "long_text", "text"),
        (await put(site, token, "x", "a\0b"), 400, "bad_text", "text"),
    ]
    for answer, status, reason, field in wrong:
        assert (answer.status, answer["reason"], answer["field"]) == (status, reason, field)
    answer = await site.call("PATCH", f"{ANSWERS}/{own['id']}", {"shortcut": "bye"}, token=token)
    assert answer.refused == (409, "taken", "shortcut")
    assert (await put(site, token, "long", "x" * 4000)).status == 201


async def test_they_come_in_pages(site: Site) -> None:
    _, token = await site.join("olga", operator=True)
    ids = [(await put(site, token, f"n{number}"))["id"] for number in range(5)]
    found, after = [], 0
    while True:
        page = await site.call("GET", f"{ANSWERS}?limit=2&after={after}", token=token)
        found += [each["id"] for each in page["answers"]]
        if "next" not in page.body:
            break
        after = page["next"]
    assert found == ids
