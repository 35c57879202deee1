"""Every refusal of the server has a stable reason, and the page has a text for it in each language."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest
from msgspec import structs

from chat.domain.closing import DISABLED
from chat.domain.messages.outcomes import AssigneeMismatch, KeyUsed
from chat.domain.refusals import Code
from tests.web.vendor import ROOT

LANGUAGES = ("de", "es", "fr", "pt", "ru", "zh")
"""The languages beside English, which is the server's."""

FOLDERS = ("application", "domain", "engine", "due", "features", "operations", "protocols/native", "web_api")
"""Where the refusals are made that the page may receive."""

BY_CODE = {Code.MALFORMED, Code.UNKNOWN_TYPE, Code.UNAVAILABLE}
"""Codes that say enough: malformed requests, which only programs send, and failures."""

WITHOUT_REASON = {
    "not authorised: send auth <token> first",
    "no name is free, try again",
}
"""Refusals of older protocols, and failures whose code is not written out."""

OF_PROGRAMS = {
    "bad_history_query",
    "bad_page",
    "bad_refresh",
    "bad_visitor_token",
    "connection_unknown",
    "earlier_message_refused",
    "no_client",
    "no_hello",
    "no_setting",
    "on_hold",
    "other_person",
    "other_version",
    "piece_too_big",
    "roles_given_twice",
    "upload_elsewhere",
}
"""What the page never asks for; its text is that of the code."""


OF_PAGE = {"key_forgotten"}
"""What the page itself refuses."""


@cache
def refusals() -> list[tuple[str, dict[str, str], str | None]]:
    """Each call of `Refusal` in the server: where it is, its arguments as they are written, and its text."""
    return [*read_refusals()]


def read_refusals() -> Iterator[tuple[str, dict[str, str], str | None]]:
    for folder in FOLDERS:
        for file in sorted((ROOT / "chat" / folder).rglob("*.py")):
            source = file.read_text()
            for call in ast.walk(ast.parse(source)) if "Refusal(" in source else ():
                if (
                    isinstance(call, ast.Call)
                    and isinstance(call.func, ast.Name)
                    and call.func.id == "Refusal"
                ):
                    named = {each.arg: ast.unparse(each.value) for each in call.keywords if each.arg}
                    named |= zip(("code", "text"), map(ast.unparse, call.args), strict=False)
                    yield f"{file.relative_to(ROOT)}:{call.lineno}", named, text_of(call.args[1])


def text_of(text: ast.expr) -> str | None:
    """The text of a refusal, with # for each number and each part that is filled in; None if it is made elsewhere."""
    if isinstance(text, ast.Constant):
        return re.sub(r"\d+", "#", str(text.value))
    if isinstance(text, ast.JoinedStr):
        parts = (str(each.value) if isinstance(each, ast.Constant) else "#" for each in text.values)
        return re.sub(r"\d+", "#", "".join(parts))
    return None


def needs_reason(named: dict[str, str], text: str | None) -> bool:
    """Whether the code of this refusal does not say enough. Codes that are variables come from HTTP itself."""
    by_code = {f"Code.{code.name}" for code in BY_CODE} | {"code"}
    return named["code"] not in by_code and text not in WITHOUT_REASON


def reasons_of(language: str) -> tuple[dict[str, str], set[str]]:
    """The page's texts by reason, and the codes that have a text."""
    page = ROOT / "chat" / "web"
    folder = page / "i18n" / language
    reasons, codes = (folder / "refusals.js").read_text().split("export const codes")
    texts = dict(re.findall(r'^  (\w+):\s+"([^"]+)",', reasons, re.MULTILINE))
    for file in page.glob("features/*/texts.js") if language == "en" else [folder / "rest.js"]:
        texts |= dict(re.findall(r'^  "refusal\.(\w+)":\s+"([^"]+)",', file.read_text(), re.MULTILINE))
    return {each: text for each, text in texts.items() if each not in OF_PAGE}, set(
        re.findall(r"^  (\w+):", codes, re.MULTILINE)
    )


def server_reasons() -> set[str]:
    """Every reason that the server gives."""
    fields = (field for kind in (KeyUsed, AssigneeMismatch) for field in structs.fields(kind))
    defaults = {str(field.default) for field in fields if field.name == "reason"}
    return {named["reason"].strip("'\"") for _, named, _ in refusals() if "reason" in named} | defaults


def test_every_refusal_has_a_reason() -> None:
    assert [
        where for where, named, text in refusals() if needs_reason(named, text) and "reason" not in named
    ] == []


def test_a_reason_is_a_word() -> None:
    assert [reason for reason in server_reasons() if not re.fullmatch(r"[a-z]+(_[a-z]+)*", reason)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_a_text_for_every_reason_and_code(language: str) -> None:
    reasons, codes = reasons_of(language)
    assert set(reasons) == server_reasons() - OF_PROGRAMS
    assert codes == {code.value for code in Code if code is not Code.UNAVAILABLE}


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_a_text_fills_in_no_more_numbers_than_the_server_gives(language: str) -> None:
    given: dict[str, int] = {}
    for _, named, text in refusals():
        if text is not None and "reason" in named:
            reason = named["reason"].strip("'\"")
            given[reason] = min(given.get(reason, 99), text.count("#"))
    reasons, _ = reasons_of(language)
    assert {each for each, text in reasons.items() if text.count("#") > given.get(each, 99)} == set()


def test_english_replaces_only_texts_that_the_server_has() -> None:
    reasons, _ = reasons_of("en")
    assert set(reasons) <= server_reasons()


def test_the_page_knows_the_sockets_of_a_disabled_account() -> None:
    session = (ROOT / "chat" / "web" / "net" / "session.js").read_text()
    assert f'ACCOUNT_DISABLED = "{DISABLED.reason}"' in session
