"""Tokens with which a site says who its visitor is: good ones, and all kinds of hostile ones."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import jwt
import pytest

from chat.features.verified_visitors.tokens import BadToken, Identity, identity_of

SECRET, OLDER = "a" * 64, "b" * 64
NOW = 1_800_000_000.0


def signed(claims: dict[str, Any], secret: str = SECRET, algorithm: str = "HS256", **header: Any) -> str:
    return jwt.encode(claims, secret, algorithm, header)


def good(**claims: Any) -> dict[str, Any]:
    return {"id": "42", "exp": NOW + 300, **claims}


def read(token: str) -> Identity:
    return identity_of(token, [SECRET, OLDER], NOW)


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")


def unsigned(header: Any, claims: Any, signature: str = "") -> str:
    return f"{part(header)}.{part(claims)}.{signature}"


def test_a_good_token_says_who_it_is_by_either_secret() -> None:
    about = {"name": " Ada ", "email": "ada@example.com"}
    for secret in (SECRET, OLDER):
        assert read(signed(good(**about), secret)) == Identity("42", "Ada", "ada@example.com")
    assert read(signed(good(name=None, email=""))) == Identity("42", None, None)
    assert read(signed(good(exp=int(NOW)))) == Identity("42", None, None), (
        "the clocks differ by less than a minute"
    )
    # Claims that other programs of the site need change nothing.
    assert read(signed(good(aud="shop", iat=NOW + 9e9, sub="7"))).site_id == "42"


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (signed(good(), "c" * 43), "not signed with the secret"),
        (signed(good(), SECRET, "HS512"), "by 'HS512'"),
        (signed(good(), SECRET, "HS384"), "by 'HS384'"),
        (jwt.encode(good(), "", "none"), "by 'none'"),
        (unsigned({"alg": "none"}, good()), "by 'none'"),
        (unsigned({"alg": "None"}, good()), "by 'None'"),
        (unsigned({"alg": ["HS256"]}, good()), "not by HS256"),
        (unsigned({"typ": "JWT"}, good()), "by 'None'"),
        (unsigned({"alg": "RS256", "jwk": {"kty": "oct", "k": "YQ"}}, good()), "by 'RS256'"),
        (unsigned({"alg": "HS256"}, good()), "not signed with the secret"),
        (unsigned({"alg": "HS256"}, good(), "AAAA"), "not signed with the secret"),
        (unsigned(["HS256"], good()), "by 'None'"),
        (unsigned(b"[" * 2000, {}), "no JWT"),
        (unsigned(b"\xff", {}), "no JWT"),
        (signed(good(), crit=["x"], x=1), "cannot be read"),
        (signed(good())[:-2], "cannot be read"),
        (signed(good()) + ".x", "cannot be read"),
        ("", "no JWT"),
        ("..", "no JWT"),
        ("é.é.é", "no JWT"),
        ("\ud800", "no JWT"),
        (signed(good(name="x" * 8000)), "more than 4096"),
        (signed({"id": "42"}), "exp is no number"),
        (signed(good(exp=NOW - 61)), "expired"),
        (signed(good(exp=NOW + 361)), "300 seconds ahead"),
        (signed(good(exp=10**400)), "300 seconds ahead"),
        (signed(good(exp=str(NOW))), "exp is no number"),
        (signed(good(exp=True)), "exp is no number"),
        (signed(good(exp=None)), "exp is no number"),
        (signed(good(exp=float("nan"))), "expired"),
        (signed(good(exp=float("inf"))), "300 seconds ahead"),
        (signed({"exp": NOW}), "id is no text"),
        (signed(good(id=42)), "id is no text"),
        (signed(good(id=["42"])), "id is no text"),
        (signed(good(id="")), "id is no text"),
        (signed(good(id="4\n2")), "id is no text"),
        (signed(good(id="4\x002")), "id is no text"),
        (signed(good(id="\ud800")), "id is no text"),
        (signed(good(id="x" * 256)), "id is no text"),
        (signed(good(name=7)), "name is no text"),
        (signed(good(name="x" * 65)), "name: "),
        (signed(good(name="a\x00b")), "name: "),
        (signed(good(email=["a@example.com"])), "email is no text"),
        (signed(good(email="ada")), "email: "),
        (signed(good(email="a\r\nBcc: b@example.com")), "email: "),
    ],
)
def test_a_bad_token_is_refused(token: str, why: str) -> None:
    with pytest.raises(BadToken, match=why):
        read(token)


def test_a_body_that_is_no_object_is_refused() -> None:
    header = part({"alg": "HS256"})
    for body in (part([1]), part(b"[" * 2000), part(b"\xff"), part(b"")):
        signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
        signed_part = f"{header}.{body}".encode()
        with pytest.raises(BadToken, match="cannot be read"):
            read(f"{header}.{body}.{part(signature.sign(signed_part, SECRET.encode()))}")


def test_without_a_secret_every_token_is_refused() -> None:
    with pytest.raises(BadToken, match="has no secret"):
        identity_of(signed(good()), [], NOW)
