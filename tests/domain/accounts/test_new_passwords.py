"""The password of somebody new is no short one, no common one and not their name."""

import pytest

from chat.domain.accounts.new_passwords import LEAST, clean_new_password, is_easily_guessed
from chat.domain.refusals import Code, Refusal


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "PassWord",
        "password123",
        "Password1!",
        "12345678",
        "qwertyuiop",
        "aaaaaaaa",
        "abababab",
    ],
)
def test_common_passwords_are_refused_with_advice(password: str) -> None:
    refusal = clean_new_password(password)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field) == (Code.INVALID, "password")
    assert "several words" in refusal.text


@pytest.mark.parametrize(
    "password", ["Grace Hopper", "grace hopper1906", "GRACE HOPPER!", "grace hopper grace hopper"]
)
def test_a_password_must_not_be_the_name(password: str) -> None:
    assert isinstance(clean_new_password(password, name="Grace Hopper"), Refusal)
    assert clean_new_password(password, name="ada") == password.encode()


@pytest.mark.parametrize(
    "password", ["tea with roses", "correct horse battery", "пароль из слов", "Kx9#vmQ2"]
)
def test_strong_passwords_are_accepted(password: str) -> None:
    assert clean_new_password(password) == password.encode()


def test_it_has_at_least_eight_characters_or_the_configured_minimum() -> None:
    assert LEAST == 8
    for password, at_least, shown in (("roses t", 5, 8), ("tea with roses", 15, 15)):
        refusal = clean_new_password(password, at_least=at_least)
        assert isinstance(refusal, Refusal)
        assert refusal.text.startswith(f"the password is shorter than {shown} characters")
    assert not isinstance(clean_new_password("roses to", at_least=5), Refusal)


@pytest.mark.parametrize("password", ["x" * 73, "tea \0 and roses", "tea \ud800 and roses"])
def test_a_password_that_can_not_be_hashed_is_refused(password: str) -> None:
    assert isinstance(clean_new_password(password), Refusal)


def test_an_empty_name_matches_nobody() -> None:
    assert not is_easily_guessed("tea with roses", "")
