"""Encryption of a push for one browser: RFC 8291, with one record of RFC 8188 (aes128gcm). Pure, but for randomness."""

import os

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()

MOST = 4096
"""Bytes of an encrypted body that every push service takes."""

MOST_PLAIN = MOST - (16 + 4 + 1 + 65) - 1 - 16
"""Bytes of a body before encryption: without the header, the delimiter of the record, and the tag."""


def public_bytes(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return the 65 bytes of an uncompressed point."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def is_point(p256dh: bytes) -> bool:
    """Whether these are the 65 bytes of an uncompressed point on the curve."""
    if len(p256dh) != 65:
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, p256dh)
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def encrypt(
    plain: bytes,
    p256dh: bytes,
    auth: bytes,
    *,
    salt: bytes | None = None,
    private: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """Return the body of a push.

    Args:
        plain: at most MOST_PLAIN bytes.
        p256dh: the browser's public key, a point on the curve.
        auth: the 16 bytes that only the browser and this server know.
        salt, private: 16 random bytes and a key of this body alone; given only to compare with the RFC's example.
    """
    salt, private = salt or os.urandom(16), private or ec.generate_private_key(CURVE)
    own = public_bytes(private.public_key())
    shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, p256dh))
    secret = _derive(shared, auth, b"WebPush: info\0" + p256dh + own, 32)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + MOST.to_bytes(4, "big") + bytes([len(own)]) + own
    return header + AESGCM(key).encrypt(nonce, plain + b"\x02", None)


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)
