"""What browsers send of passkeys (WebAuthn level 2), verified by py_webauthn in a thread: its import takes 0.2 s.

User verification (a fingerprint, a face, a PIN) is required each time: a passkey is two factors then.
"""

import threading
from typing import Any

import msgspec
import trio

from chat.domain.accounts.passkeys import PasskeySite
from chat.features.second_factor.passkeys.challenges import encoded

ALGORITHMS = (-7, -8, -257)
"""ES256, EdDSA and RS256: one of them each authenticator knows."""

LONGEST_ID = 1023
"""Bytes of a credential's id, by the standard."""

_importing = threading.Lock()
"""Two threads that import a package with cycles at once may each see a half of it."""


class BadPasskey(Exception):
    """An answer of a browser is not valid; the text says why, for the log."""


class Attestation(msgspec.Struct, frozen=True):
    """What a browser sends for a new passkey."""

    credential_id: bytes
    client_data: bytes
    attestation: bytes


class Assertion(msgspec.Struct, frozen=True):
    """What a browser sends when a passkey is used. `user` is the handle of the account in the authenticator."""

    credential_id: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    user: bytes


class NewKey(msgspec.Struct, frozen=True):
    """The verified public key of a new passkey (COSE), and how often the authenticator has signed."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


async def verify_new(site: PasskeySite, challenge: bytes, sent: Attestation) -> NewKey:
    """Return the key of a new passkey. Raises BadPasskey. Cancelling: the thread is left to end by itself."""
    return await trio.to_thread.run_sync(_verify_new, site, challenge, sent, abandon_on_cancel=True)


async def verify_use(
    site: PasskeySite, challenge: bytes, sent: Assertion, public_key: bytes, sign_count: int
) -> int:
    """Return how often the authenticator has signed now. Raises BadPasskey.

    `sign_count` is that of the last use: a smaller one is of a copy. Authenticators that don't count say 0 each time.
    Cancelling: the thread is left to end by itself.
    """
    return await trio.to_thread.run_sync(
        _verify_use, site, challenge, sent, public_key, sign_count, abandon_on_cancel=True
    )


def _verify_new(site: PasskeySite, challenge: bytes, sent: Attestation) -> NewKey:
    library = _library()
    response = {"clientDataJSON": encoded(sent.client_data), "attestationObject": encoded(sent.attestation)}
    try:
        found = library.verify_registration_response(
            credential=_credential(sent.credential_id, response),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=[
                library.helpers.cose.COSEAlgorithmIdentifier(each) for each in ALGORITHMS
            ],
        )
        # The library reads the key at each use alone: one that is no key is not kept.
        key = library.helpers.decode_credential_public_key(found.credential_public_key)
        library.helpers.decoded_public_key_to_cryptography(key)
    except Exception as error:  # of what strangers send, parsers of three libraries raise anything
        raise BadPasskey(f"{type(error).__name__}: {error}") from error
    if found.credential_id != sent.credential_id or len(found.credential_id) > LONGEST_ID:
        raise BadPasskey("the id is another, or too long")
    return NewKey(found.credential_id, found.credential_public_key, found.sign_count)


def _verify_use(
    site: PasskeySite, challenge: bytes, sent: Assertion, public_key: bytes, sign_count: int
) -> int:
    library = _library()
    response = {
        "clientDataJSON": encoded(sent.client_data),
        "authenticatorData": encoded(sent.authenticator_data),
        "signature": encoded(sent.signature),
    }
    try:
        found = library.verify_authentication_response(
            credential=_credential(sent.credential_id, response),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except Exception as error:  # as above
        raise BadPasskey(f"{type(error).__name__}: {error}") from error
    return int(found.new_sign_count)


def _credential(credential_id: bytes, response: dict[str, str]) -> dict[str, Any]:
    text = encoded(credential_id)
    return {"id": text, "rawId": text, "type": "public-key", "response": response}


def _library() -> Any:  # noqa: ANN401 - a module
    with _importing:
        import webauthn

        return webauthn
