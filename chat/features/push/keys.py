"""The keys by which push services know this server (VAPID, RFC 8292): one pair for the data, kept in the database."""

import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from typing import NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from chat.features.push.encryption import CURVE, public_bytes

_LASTS = 12 * 3600
"""Seconds for which a token is valid; a day is the most that a push service accepts."""

_MARGIN = 3600
"""Seconds before its end from which on a token is made anew: clocks differ."""

_MOST_TOKENS = 1000
"""Tokens that are kept, one for each push service; browsers know a handful of services."""

_MAC = 12
"""Bytes by which a report's code is known to be this server's."""

_TOPIC = 24
"""Bytes of a topic: 32 characters, the most that RFC 8030 allows."""


class Report(NamedTuple):
    """The push that a browser reports of."""

    message_id: int
    person_id: int
    session_id: int


def new_private_key() -> bytes:
    """Return the 32 bytes of a new private key. Sync."""
    return ec.generate_private_key(CURVE).private_numbers().private_value.to_bytes(32, "big")


class Keys:
    """The keys of these data. All of it is sync."""

    def __init__(self, private: bytes) -> None:
        self._private = ec.derive_private_key(int.from_bytes(private, "big"), CURVE)
        self._topics = hmac.digest(private, b"topics of pushes", hashlib.sha256)
        self._reports = hmac.digest(private, b"reports of pushes", hashlib.sha256)
        self._tokens: dict[tuple[str, str], tuple[float, str]] = {}
        self.public = encode(public_bytes(self._private.public_key()))
        """The 65 bytes of the public key in base64url, as a page gives them to the browser."""

    def authorization(self, origin: str, contact: str) -> str:
        """Return the header `Authorization` for a push service.

        Args:
            origin: of the push service, as https://push.example.
            contact: the address of this server, as https://chat.example.com; empty: it is not known.
        """
        now = time.time()
        made_at, token = self._tokens.get((origin, contact), (0.0, ""))
        if (
            not made_at <= now < made_at + _LASTS - _MARGIN
        ):  # earlier than it was made: the clock was set back
            claims = {"aud": origin, "exp": int(now) + _LASTS} | ({"sub": contact} if contact else {})
            token = jwt.encode(claims, self._private, algorithm="ES256")
            if len(self._tokens) >= _MOST_TOKENS:
                self._tokens.clear()
            self._tokens[origin, contact] = now, token
        return f"vapid t={token}, k={self.public}"

    def topic(self, room_id: int, person_id: int) -> str:
        """Return the header `Topic`: a later push of it replaces an earlier one that was not delivered yet.

        Nobody else can tell from it which room or person it is.
        """
        return self.topic_of(str(room_id), person_id)

    def topic_of(self, what: str, person_id: int) -> str:
        """As `topic`, for what else a person has pushes of."""
        place = f"{what}/{person_id}".encode()
        return encode(hmac.digest(self._topics, place, hashlib.sha256)[:_TOPIC])

    def report_code(self, report: Report) -> str:
        """Return the code of a push by which its browser, and nobody else, can report of it."""
        named = ".".join(map(str, report))
        return f"{named}.{encode(hmac.digest(self._reports, named.encode(), hashlib.sha256)[:_MAC])}"

    def reported(self, code: str) -> Report | None:
        """Return the push that a code is of; None: it is not of this server."""
        try:
            report = Report(*map(int, code.split(".")[:-1]))
        except (TypeError, ValueError):
            return None
        return report if hmac.compare_digest(code.encode(), self.report_code(report).encode()) else None


def encode(octets: bytes) -> str:
    """Return base64url without padding. Sync and pure."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()
