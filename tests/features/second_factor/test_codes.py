"""Codes by time against the vectors of RFC 6238, and recovery codes."""

import re

from chat.features.second_factor.codes import (
    clean,
    code_at,
    digest_of,
    is_by_time,
    new_recovery_codes,
    new_secret,
    step_of,
    uri_of,
    written,
)

RFC = b"12345678901234567890"


def test_the_codes_are_those_of_rfc_6238() -> None:
    """The last six of the eight digits of appendix B."""
    for at, code in ((59, "94287082"), (1111111109, "07081804"), (20000000000, "65353130")):
        assert code_at(RFC, at // 30) == code[-6:]


def test_a_code_is_good_one_step_early_and_one_late() -> None:
    now = 1_000_000.0
    step = int(now) // 30
    for beside, found in ((-2, None), (-1, step - 1), (0, step), (1, step + 1), (2, None)):
        assert step_of(RFC, code_at(RFC, step + beside), now) == found
    assert step_of(RFC, "", now) is None
    assert step_of(RFC, "12345", now) is None


def test_the_address_of_a_qr_code_names_the_server_and_the_person() -> None:
    uri = uri_of(RFC, "ada: l", "My chat")
    assert uri.startswith("otpauth://totp/My%20chat:ada%20%20l?")
    assert f"secret={written(RFC)}" in uri
    assert "issuer=My%20chat" in uri
    assert uri_of(RFC, "ada", "").startswith("otpauth://totp/chat:ada?")


def test_recovery_codes_are_ten_long_and_random() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", code) for code in codes)
    assert len({digest_of(person, code) for person in (1, 2) for code in codes}) == 20
    assert not set(codes) & set(new_recovery_codes())
    assert len(new_secret()) == 20


def test_codes_are_typed_with_spaces_hyphens_and_capitals() -> None:
    assert clean(" 123 456 ") == "123456"
    assert clean("ABCD-efgh") == "abcdefgh"
    assert is_by_time("123456")
    assert not any(map(is_by_time, ("12345", "1234567", "١٢٣٤٥٦", "abcdef", "")))
    assert digest_of(1, "\ud800")  # half of a surrogate pair is a wrong code
