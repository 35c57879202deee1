"""Names, addresses, passwords and texts: normalisation and refusals."""

import unicodedata
from collections.abc import Callable

import pytest

from chat.domain.refusals import Refusal
from chat.domain.text.rules import clean_email, clean_name, clean_password, clean_text, same_name_key
from chat.domain.text.skeletons import name_skeletons


@pytest.mark.parametrize("name", ["a", "Ada", "Ада", "李", "नमस्ते", "Ada Lovelace", "a_b.c-d", "x" * 64, "é"])
def test_names_of_any_script_are_kept(name: str) -> None:
    assert clean_name(name) == name


def test_a_name_is_normalised_to_composed_letters() -> None:
    assert clean_name("e\u0301") == "\u00e9"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 65,
        " ada",
        "ada ",
        "a  b",
        "a\tb",
        "a\u00a0b",
        "a\u2003b",
        "a\u200bb",
        "a\u3000b",
        "a\nb",
        "a\0b",
        "a\x7fb",
        "\u0301a",
        "a@b",
        "<b>",
        "\ud800",
        "\u202eada",
        "½",
        "😀",
        "ad\u3164a",
        "ada\ufe0f",
        "a\u034fda",
        "x" * 100_000,
    ],
)
def test_control_characters_look_alike_spaces_and_symbols_are_refused_in_names(name: str) -> None:
    assert isinstance(clean_name(name), Refusal)


@pytest.mark.parametrize("name", ["server", "Server", "SERVER"])
def test_the_servers_own_name_is_reserved(name: str) -> None:
    assert isinstance(clean_name(name), Refusal)


@pytest.mark.parametrize(
    "name", ["all", "All", "everyone", "here", "system", "visitor-1", "Visitor-12345678"]
)
def test_names_like_everybody_or_a_visitor_are_reserved(name: str) -> None:
    assert isinstance(clean_name(name), Refusal)
    assert isinstance(clean_name(name, is_given=True), Refusal)
    assert clean_name(name, own=name.lower()) == name, "who has it keeps it"


@pytest.mark.parametrize("name", ["Admin", "adm1n", "root", "r00t", "support", "Operator", "moderator"])
def test_a_name_of_the_staff_is_given_and_not_taken(name: str) -> None:
    assert isinstance(clean_name(name), Refusal)
    assert clean_name(name, is_given=True) == name


@pytest.mark.parametrize("name", ["Alla", "supporter", "Rooter", "visitors", "Ada here", "administration"])
def test_a_name_that_has_such_a_word_in_it_is_like_any_other(name: str) -> None:
    assert clean_name(name) == name


def test_names_compare_without_case_and_composition() -> None:
    assert same_name_key("STRASSE") == same_name_key("straße")
    assert same_name_key("E\u0301") == same_name_key("\u00e9")
    assert same_name_key("ada") != same_name_key("adа")  # the last is Cyrillic


def test_a_text_is_trimmed() -> None:
    assert clean_text("  hi\n") == "hi"


def test_a_text_of_4000_characters_is_kept_and_one_more_refused() -> None:
    assert clean_text("x" * 4000) == "x" * 4000
    assert isinstance(clean_text("x" * 4001), Refusal)


@pytest.mark.parametrize("text", ["", "  ", "\n", "a\0b", "a\ud800b"])
def test_a_text_that_can_not_be_kept_is_refused(text: str) -> None:
    assert isinstance(clean_text(text), Refusal)


def test_a_password_of_72_bytes_is_taken_and_73_refused_not_cut() -> None:
    assert clean_password("é" * 36, at_least=5) == ("é" * 36).encode()
    assert isinstance(clean_password("x" * 73, at_least=5), Refusal)


@pytest.mark.parametrize("password", ["", "1234", "12345\0", "12345\ud800"])
def test_a_password_that_can_not_be_hashed_is_refused(password: str) -> None:
    assert isinstance(clean_password(password, at_least=5), Refusal)


def test_the_seeds_own_passwords_work() -> None:
    assert clean_password("world", at_least=5) == b"world"
    assert clean_password("secret", at_least=5) == b"secret"


def test_an_email_address_has_two_parts_and_no_space() -> None:
    assert clean_email(" ada@example.com ") == "ada@example.com"
    for bad in ("ada", "@", "ada@", "@x", "a b@c", "a@b\0", "x" * 251 + "@a.b", "a\ud800@b"):
        assert isinstance(clean_email(bad), Refusal), bad


@pytest.mark.parametrize("clean", [same_name_key, clean_name, clean_email])
@pytest.mark.parametrize("length", [1, 254, 256, 257, 1016, 32_001])
def test_no_text_is_too_long_to_be_looked_at(
    clean: Callable[[str], object], length: int, normalised: list[int]
) -> None:
    """NFC takes quadratic time over marks in the wrong order: the work is bounded by the length of what it is given."""
    clean("a" + "\u0301" * (length // 2) + "\u0316" * (length // 2))
    assert max(normalised, default=0) <= 256
    assert len(normalised) <= 4


@pytest.mark.parametrize("name", ["é" * 64, "\u1f82" * 64, "\ufdfa" * 64, "a" + "\u0301\u0316" * 31])
def test_the_work_for_a_name_is_bounded(name: str, normalised: list[int]) -> None:
    name_skeletons.cache_clear()
    clean_name("x")  # what the server's own name looks like is known from then on
    normalised.clear()
    clean_name(name)
    assert max(normalised) <= 18 * 64, "no letter stands for more than 18"
    assert len(normalised) <= 12


def test_the_longest_name_is_kept_in_its_longest_spelling() -> None:
    name = "\u1f82" * 64
    spelt = unicodedata.normalize("NFD", name)
    assert len(spelt) == 256
    assert clean_name(spelt) == name
    assert same_name_key(spelt) == same_name_key(name) != ""


def test_a_text_too_long_for_a_name_matches_nobody() -> None:
    assert same_name_key("x" * 257) == same_name_key("\u00e9" * 257) == ""
    assert same_name_key("x" * 256) == "x" * 256


def test_an_email_address_of_254_characters_is_kept_and_one_more_refused() -> None:
    longest = "x" * 242 + "@example.com"
    assert clean_email(f"  {longest} ") == longest
    assert same_name_key(longest) == longest
    assert isinstance(clean_email("x" + longest), Refusal)
    assert clean_email("\u0958" * 100 + "@a") == "\u0915\u093c" * 100 + "@a"
    assert isinstance(clean_email("\u0958" * 200 + "@example.com"), Refusal)  # two characters each, in NFC
