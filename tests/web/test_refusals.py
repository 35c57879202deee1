"""Whatever the server refuses is said in each language: the page's texts are compared with the server's."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

import chat.domain
import chat.protocols.native
from chat.domain.refusals import Code, Refusal
from tests.web.vendor import ROOT

LANGUAGES = ("ru",)
PROGRAMS = {
    Code.MALFORMED,
    Code.UNKNOWN_TYPE,
}
"""What only programs can do wrong; the page has a sentence for the code."""

OF_OTHERS = {
    "before, after and around exclude each other",
    "give roles, or operator, moderator and admin, not both",
    "that is not the address of a page (http: or https:)",
    "this socket is another person's",
    "not authorised: send auth <token> first",
    "say hello first, with a token",
    "the refresh token is not valid, log in again",
    "this server speaks version #",
}
"""What the page never asks for."""

WITH_NUMBERS = {
    "the password is shorter than # characters: use several words",
    "the password is shorter than # characters",
    "a file has at most # bytes",
}
"""Texts that are made where they are needed."""


def refusals() -> Iterator[Refusal]:
    """The refusals that stand in the server's files."""
    for package in (chat.domain, chat.protocols.native):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Refusal):
                    yield value


def texts_of(language: str) -> tuple[set[str], set[str]]:
    """The server's texts that a language has sentences for, and the codes."""
    page = (ROOT / "chat" / "web" / "i18n" / language / "refusals.js").read_text()
    texts, codes = page.split("export const codes")
    return set(re.findall(r'^  "([^"]+)":', texts, re.MULTILINE)), set(
        re.findall(r"^  (\w+):", codes, re.MULTILINE)
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_the_servers_texts_and_no_others(language: str) -> None:
    said, with_sentence = texts_of(language)
    server = {
        re.sub(r"\d+", "#", each.text)
        for each in refusals()
        if each.code not in PROGRAMS and each.code is not Code.UNAVAILABLE
    } - OF_OTHERS
    assert said == server | WITH_NUMBERS
    assert with_sentence == {code.value for code in Code if code is not Code.UNAVAILABLE}


def test_plain_english_is_said_in_place_of_texts_that_the_server_has() -> None:
    texts, _ = texts_of("en")
    assert texts - {re.sub(r"\d+", "#", each.text) for each in refusals()} == set()
