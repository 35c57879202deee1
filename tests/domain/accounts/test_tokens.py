"""The access token: its claims, its length, and all reasons to refuse it."""

import base64
import json

import jwt
import pytest
from msgspec import structs

from chat.domain.accounts.tokens import Claims, Tokens
from chat.domain.entities import Person

SECRET = "s" * 32
ADA = Person(id=7, name="Ada", token_generation=3)


def forged(**changes: object) -> str:
    """A token signed with the right secret, with some claims changed or (None) left out."""
    claims = {"sub": "7", "name": "Ada", "UID": 7, "iat": 1, "exp": 2**40, "jti": "3.x"} | changes
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, SECRET, "HS256")


def said(tokens: Tokens, token: str) -> Claims | None:
    """What a token says, but for when it expires and when the account was made."""
    claims = tokens.read(token)
    return claims and structs.replace(claims, expires_at=0.0, born=None)


def test_a_token_carries_the_claims_that_the_dialects_need() -> None:
    claims = jwt.decode(Tokens(SECRET, 60).issue(ADA), SECRET, ["HS256"])
    assert (claims["sub"], claims["name"], claims["UID"]) == ("7", "Ada", 7)
    assert claims["exp"] - claims["iat"] == 60
    assert claims["jti"]


def test_a_token_names_its_person_and_generation() -> None:
    tokens = Tokens(SECRET, 60)
    token = tokens.issue(ADA)
    assert said(tokens, token) == Claims(7, 3)
    claims = tokens.read(token)
    assert claims is not None
    assert claims.expires_at == jwt.decode(token, SECRET, ["HS256"])["exp"]


def test_a_token_is_of_an_account_and_not_of_the_next_with_its_id() -> None:
    tokens = Tokens(SECRET, 60)
    claims = tokens.read(tokens.issue(structs.replace(ADA, created_at=1_800_000_000.75)))
    assert claims is not None
    for created_at, is_hers in ((1_800_000_000.75, True), (1_800_000_000.0, True), (1_800_000_001.0, False)):
        assert claims.is_of(structs.replace(ADA, created_at=created_at)) is is_hers
    assert not claims.is_of(structs.replace(ADA, created_at=1_800_000_000.75, token_generation=4))
    older = tokens.read(forged())
    assert older is not None
    assert older.is_of(structs.replace(ADA, created_at=1_800_000_001.0)), "which do not say it are good too"
    assert not older.is_of(structs.replace(ADA, id=8))


def test_the_key_is_examined_once_and_not_for_each_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is an asymmetric one takes OpenSSL as long as all the rest, and two thousand come back at once."""
    tokens = Tokens(SECRET, 60)
    token = tokens.issue(ADA)

    def examine(_key: bytes) -> bool:
        pytest.fail("the key was examined again")

    monkeypatch.setattr("jwt.algorithms.is_pem_format", examine)
    assert said(tokens, token) == Claims(7, 3)


def test_a_token_stays_good_when_the_clock_is_set_back() -> None:
    assert said(Tokens(SECRET, 60), forged(iat=2**40 - 1)) == Claims(7, 3)


@pytest.mark.parametrize("name", ["x" * 64, "李" * 64, "𝔘" * 64])
def test_a_token_stays_under_255_characters_whatever_the_name(name: str) -> None:
    tokens = Tokens(SECRET, 60)
    token = tokens.issue(Person(id=2**63 - 1, name=name))
    assert len(token) < 255
    assert said(tokens, token) == Claims(2**63 - 1, 0)


def test_a_name_is_shortened_no_more_than_it_must_be() -> None:
    tokens = Tokens(SECRET, 60)

    def name_in_token(name: str) -> str:
        token = tokens.issue(Person(id=2**63 - 1, name=name))
        got: str = jwt.decode(token, SECRET, ["HS256"])["name"]
        return got

    kept = name_in_token("x" * 64)
    assert len(kept) < 63
    assert {name_in_token("x" * length) for length in range(len(kept), 65)} == {kept}


def unsigned() -> str:
    head, body = ({"alg": "none"}, {"sub": "7", "iat": 1, "exp": 2**40, "jti": "3.x"})
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in (head, body))
        + "."
    )


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "..",
        "a.b.c",
        "\ud800.b.c",
        "é.é.é",
        "\0",
        "x" * 100_000,
        unsigned(),
        forged(exp=1),
        forged(exp=None),
        forged(sub=None),
        forged(jti=None),
        forged(iat=None),
        forged(exp="soon"),
        forged(sub="ada"),
        forged(sub="0"),
        forged(sub="-7"),
        forged(sub=str(2**63)),
        forged(sub="9" * 60),
        forged(jti="x.y"),
        jwt.encode({"sub": "7", "iat": 1, "exp": 2**40, "jti": "3.x"}, "t" * 32, "HS256"),
        jwt.encode({"sub": "7", "iat": 1, "exp": 2**40, "jti": "3.x"}, SECRET * 2, "HS512"),
        forged()[:-2],
        forged() + "x",
        forged().upper(),
    ],
)
def test_a_token_that_is_not_ours_whole_and_unexpired_is_refused(token: str) -> None:
    assert Tokens(SECRET, 60).read(token) is None


def test_a_session_token_names_its_session_and_stays_short() -> None:
    tokens = Tokens(SECRET, 60)
    person = Person(id=2**63 - 1, name="é" * 64, token_generation=2**31 - 1)
    token = tokens.issue(person, session_id=2**53 - 1, lifetime=5)
    assert len(token) < 255
    assert said(tokens, token) == Claims(2**63 - 1, 2**31 - 1, 2**53 - 1)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 5


@pytest.mark.parametrize("sid", [0, -1, 2**63, "1", 1.0, True, [1]])
def test_a_session_that_can_be_none_is_refused(sid: object) -> None:
    assert Tokens(SECRET, 60).read(forged(sid=sid)) is None


def test_only_a_token_of_ours_has_expired() -> None:
    tokens = Tokens(SECRET, 60)
    assert tokens.has_expired(forged(exp=1))
    assert not tokens.has_expired(forged())
    for token in ("", "nonsense", "x" * 300, forged(exp=1)[:-2], "\ud800"):
        assert not tokens.has_expired(token)
    other = jwt.encode({"sub": "7", "iat": 1, "exp": 1, "jti": "3.x"}, "t" * 32, "HS256")
    assert not tokens.has_expired(other)


def test_derived_keys_differ_by_secret_purpose_and_value() -> None:
    ours, theirs = Tokens(SECRET, 60), Tokens("t" * 32, 60)
    made = {
        ours.derive(b"one purpose", b"x"),
        ours.derive(b"another purpose", b"x"),
        ours.derive(b"one purpose", b"y"),
        theirs.derive(b"one purpose", b"x"),
    }
    assert len(made) == 4
    assert ours.derive(b"one purpose", b"x") in made


def test_what_the_previous_secret_made_is_accepted_and_nothing_is_made_with_it() -> None:
    before, now = Tokens("t" * 32, 60), Tokens(SECRET, 60, previous="t" * 32)
    assert said(now, before.issue(ADA)) == said(now, now.issue(ADA)) == Claims(7, 3)
    assert said(before, now.issue(ADA)) is None
    expired = before.issue(ADA, lifetime=-1)
    assert now.has_expired(expired)
    assert now.read(expired) is None
    assert now.read(Tokens("u" * 32, 60).issue(ADA)) is None
    assert now.accepted(b"one purpose", b"x") == [each.derive(b"one purpose", b"x") for each in (now, before)]
    assert before.accepted(b"one purpose", b"x") == [before.derive(b"one purpose", b"x")]
