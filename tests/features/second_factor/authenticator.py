"""A software authenticator (WebAuthn level 2, sections 6 and 7), which also does what honest ones never do."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN = "https://chat.example"
PRESENT, VERIFIED, HAS_CREDENTIAL = 0x01, 0x04, 0x40


def text_of(raw: bytes) -> str:
    """Bytes as browsers write them."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    """The bytes of such a text."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Credential:
    """One passkey in an authenticator."""

    def __init__(self, user: str, rp_id: str, *, counts: bool = True) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)
        self.user, self.rp_id = user, rp_id
        self.count, self._counts = 0, counts

    def sign(self, challenge: str, **lies: Any) -> dict[str, str]:
        """What a browser answers when this passkey signs a challenge; `lies` replace what is true."""
        self.count += self._counts
        client_data = _client_data("webauthn.get", challenge, lies)
        flags = lies.get("flags", PRESENT | VERIFIED)
        data = _head(lies.get("rp_id", self.rp_id), flags, lies.get("count", self.count))
        key = lies.get("key", self.key)
        signature = key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        return {
            "id": text_of(lies.get("id", self.id)),
            "client_data": text_of(client_data),
            "authenticator_data": text_of(data),
            "signature": text_of(signature),
            "user": lies.get("user", self.user),
        }

    def public_key(self) -> bytes:
        """The public key as COSE has it."""
        numbers = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})


def make(options: dict[str, Any], *, counts: bool = True, **lies: Any) -> tuple[Credential, dict[str, Any]]:
    """Make a passkey with the options of the server; returns it, and what the browser answers."""
    made = Credential(options["user"], options["rp_id"], counts=counts)
    client_data = _client_data("webauthn.create", options["challenge"], lies)
    head = _head(lies.get("rp_id", made.rp_id), lies.get("flags", PRESENT | VERIFIED | HAS_CREDENTIAL), 0)
    key = lies.get("key", made.public_key())
    data = head + bytes(16) + len(made.id).to_bytes(2) + made.id + key
    statement = {"fmt": "none", "attStmt": {}, "authData": data} | lies.get("statement", {})
    return made, {
        "id": text_of(lies.get("id", made.id)),
        "client_data": text_of(client_data),
        "attestation": text_of(lies.get("attestation", cbor2.dumps(statement))),
        "transports": ["internal"],
        "name": lies.get("name", "laptop"),
    }


def _client_data(kind: str, challenge: str, lies: dict[str, Any]) -> bytes:
    about = {
        "type": lies.get("type", kind),
        "challenge": lies.get("challenge", challenge),
        "origin": lies.get("origin", ORIGIN),
        "crossOrigin": False,
    }
    return json.dumps(about).encode()


def _head(rp_id: str, flags: int, count: int) -> bytes:
    return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + count.to_bytes(4)
