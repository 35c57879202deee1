"""Mails in the languages of the page."""

import re
from typing import get_args

import pytest

from chat.features.addresses import letters as addresses
from chat.features.invites import letters as invites
from chat.features.push.missed import letters as missed
from chat.features.recovery import letters as recovery
from chat.mail.languages import Language, letter_in
from chat.mail.letter import Letter, text_of
from tests.web.vendor import ROOT

LETTERS = {
    name: found
    for module in (addresses, invites, missed, recovery)
    for name, found in vars(module).items()
    if isinstance(found, dict) and isinstance(found.get("en"), Letter)
}


def fields(letter: Letter) -> list[str]:
    return sorted(set(re.findall(r"\{\w*\}", repr(letter))))


def test_the_mails_have_the_languages_of_the_page() -> None:
    index = (ROOT / "chat" / "web" / "i18n" / "index.js").read_text()
    codes = re.findall(r'"(\w\w)"', index.split("export const LANGUAGES = [")[1].split("]")[0])
    assert sorted(codes) == list(get_args(Language))


@pytest.mark.parametrize("name", sorted(LETTERS))
def test_a_mail_is_in_every_language_with_all_its_fields(name: str) -> None:
    letters = LETTERS[name]
    assert sorted(letters) == list(get_args(Language))
    assert {language: fields(letter) for language, letter in letters.items()} == dict.fromkeys(
        letters, fields(letters["en"])
    )


def test_all_mails_with_languages_are_looked_at() -> None:
    assert sorted(LETTERS) == ["_CONFIRM", "_IMPORTED", "_INVITATION", "_LOGIN", "_MISSED", "_RESET"]


def test_names_with_braces_stay_as_they_are() -> None:
    letter = recovery.reset_letter("zh", "{link}", "{0}", "https://chat.example/reset#a")
    assert "{0}上账号{link}的密码" in text_of(letter)


def test_a_language_that_is_unknown_is_english() -> None:
    assert letter_in("eo", {"en": Letter("Hi {name}", ())}, {"name": "ada"}).subject == "Hi ada"


@pytest.mark.parametrize(
    ("language", "days", "text"),
    [
        ("de", 1, "Er gilt einen Tag."),
        ("de", 7, "Er gilt 7 Tage."),
        ("zh", 7, "7天内有效"),
        ("ru", 7, "дней: 7."),
    ],
)
def test_an_invitation_says_how_long_it_works(language: Language, days: int, text: str) -> None:
    assert text in text_of(
        invites.invitation_letter(language, "ada", "chat", days, "https://chat.example/i/a")
    )
