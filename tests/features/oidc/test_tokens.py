"""Which tokens of a provider are accepted: signatures by key pairs, and claims for this server."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Any

import msgspec
import pytest
from joserfc import jwt

from chat.features.oidc.tokens import (
    BadToken,
    UnknownKey,
    check_id_token,
    check_logout_token,
    verified_claims,
)
from tests.features.oidc.provider import LOGOUT_EVENT, new_key

NOW = 1_800_000_000.0
ISSUER, CLIENT = "https://id.example", "chat"
GOOD = {"iss": ISSUER, "sub": "7", "aud": CLIENT, "iat": int(NOW), "exp": int(NOW) + 60, "nonce": "n"}
LOGOUT = {name: GOOD[name] for name in ("iss", "sub", "aud", "iat", "exp")} | {
    "jti": "j",
    "events": {LOGOUT_EVENT: {}},
}
ONE = new_key("one")
RSA = new_key("rsa", "RSA")
KEYS = [ONE.as_dict(private=False), RSA.as_dict(private=False)]


def part(value: object) -> str:
    return urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


@pytest.mark.parametrize(("key", "alg"), [(ONE, "ES256"), (RSA, "RS256"), (RSA, "PS512")])
def test_a_signature_by_a_published_key_is_good(key: Any, alg: str) -> None:
    token = jwt.encode({"alg": alg, "kid": key.kid}, GOOD, key, algorithms=[alg])
    assert verified_claims(token, KEYS) == GOOD
    assert verified_claims(jwt.encode({"alg": alg}, GOOD, key, algorithms=[alg]), KEYS) == GOOD


def test_a_token_without_a_signature_is_refused() -> None:
    for header in ({"alg": "none"}, {"alg": "None", "kid": "one"}, {"kid": "one"}, {"alg": ["ES256"]}):
        with pytest.raises(BadToken):
            verified_claims(f"{part(header)}.{part(GOOD)}.", KEYS)


def test_a_header_that_is_no_object_is_refused() -> None:
    for header in (
        ["alg"],
        "alg",
        7,
        None,
        {"alg": {}},
        {"alg": ["alg"]},
        {"alg": "ES256", "kid": ["one"]},
        {},
    ):
        with pytest.raises(BadToken):
            verified_claims(f"{part(header)}.{part(GOOD)}.AAAA", KEYS)


def test_a_public_key_is_no_secret_for_hs256() -> None:
    for published in (RSA, ONE):
        for secret in (
            published.as_pem(private=False),
            msgspec.json.encode(published.as_dict(private=False)),
        ):
            header = part({"alg": "HS256", "kid": published.kid})
            mac = hmac.digest(secret, f"{header}.{part(GOOD)}".encode(), hashlib.sha256)
            token = f"{header}.{part(GOOD)}.{urlsafe_b64encode(mac).decode().rstrip('=')}"
            with pytest.raises(BadToken, match="not by a key pair"):
                verified_claims(token, KEYS)


def test_another_key_with_the_same_id_is_refused() -> None:
    token = jwt.encode({"alg": "ES256", "kid": "one"}, GOOD, new_key("one"), algorithms=["ES256"])
    with pytest.raises(BadToken):
        verified_claims(token, KEYS)


def test_a_key_in_the_token_itself_is_not_believed() -> None:
    own = new_key("own")
    header = {"alg": "ES256", "kid": "own", "jwk": own.as_dict(private=False)}
    token = jwt.encode(header, GOOD, own, algorithms=["ES256"])
    with pytest.raises(UnknownKey):
        verified_claims(token, KEYS)


def test_keys_for_encryption_or_another_algorithm_are_not_used() -> None:
    token = jwt.encode({"alg": "RS256", "kid": "rsa"}, GOOD, RSA, algorithms=["RS256"])
    for more in ({"use": "enc"}, {"alg": "RS512"}):
        with pytest.raises(UnknownKey):
            verified_claims(token, [{**RSA.as_dict(private=False), **more}])


@pytest.mark.parametrize(
    "token", ["", "a", "a.b.c", "." * 9, "ü.ü.ü", "e30.e30.e30", "\ud800.a.b", "a" * 40_000]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        verified_claims(token, KEYS)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://id.example/"},
        {"iss": None},
        {"aud": "other"},
        {"aud": "chat2"},
        {"aud": ["other"]},
        {"aud": None},
        {"aud": [CLIENT, "other"]},
        {"aud": [CLIENT, "other"], "azp": "other"},
        {"azp": "other"},
        {"nonce": "m"},
        {"nonce": None},
        {"exp": int(NOW) - 61},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"iat": int(NOW) + 61},
        {"iat": None},
        {"nbf": int(NOW) + 61},
        {"sub": ""},
        {"sub": 7},
        {"sub": None},
        {"sub": "a" * 256},
        {"sub": "a\0"},
    ],
)
def test_an_id_token_for_somebody_else_is_refused(changes: dict[str, Any]) -> None:
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    with pytest.raises(BadToken):
        check_id_token(claims, ISSUER, CLIENT, "n", NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"exp": int(NOW) - 59},
        {"iat": int(NOW) + 59},
        {"nbf": int(NOW) + 59},
        {"aud": [CLIENT]},
        {"azp": CLIENT},
        {"aud": [CLIENT, "other"], "azp": CLIENT},
    ],
)
def test_clocks_may_differ_by_a_minute(changes: dict[str, Any]) -> None:
    check_id_token({**GOOD, **changes}, ISSUER, CLIENT, "n", NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"events": None},
        {"events": {}},
        {"events": {LOGOUT_EVENT: None}},
        {"events": [LOGOUT_EVENT]},
        {"nonce": "n"},
        {"jti": None},
        {"jti": 1},
        {"sub": None},
        {"sub": 3},
        {"sid": 3},
        {"iss": "https://other.example"},
        {"aud": "other"},
        {"iat": int(NOW) - 361},
        {"exp": int(NOW) - 61},
    ],
)
def test_a_log_out_for_somebody_else_is_refused(changes: dict[str, Any]) -> None:
    claims = {name: value for name, value in {**LOGOUT, **changes}.items() if value is not None}
    with pytest.raises(BadToken):
        check_logout_token(claims, ISSUER, CLIENT, NOW)


@pytest.mark.parametrize("changes", [{}, {"sub": None, "sid": "s"}, {"sid": "s"}, {"exp": None}])
def test_a_log_out_names_a_person_a_session_or_both(changes: dict[str, Any]) -> None:
    claims = {name: value for name, value in {**LOGOUT, **changes}.items() if value is not None}
    check_logout_token(claims, ISSUER, CLIENT, NOW)


def test_an_id_token_is_no_log_out_and_the_other_way_round() -> None:
    with pytest.raises(BadToken):
        check_logout_token({**GOOD, "jti": "j"}, ISSUER, CLIENT, NOW)
    with pytest.raises(BadToken):
        check_id_token(LOGOUT, ISSUER, CLIENT, "n", NOW)
