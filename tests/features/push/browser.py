"""A browser as far as pushes know it: its keys, and how it decrypts. Written from RFC 8291, apart from the server's."""

import os
from base64 import urlsafe_b64decode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chat.features.push.keys import encode


def decode(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """A browser's keys of one subscription."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.p256dh = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.auth = os.urandom(16)

    def subscription(self, endpoint: str) -> dict[str, object]:
        """What `PushSubscription.toJSON()` gives."""
        return {"endpoint": endpoint, "keys": {"p256dh": encode(self.p256dh), "auth": encode(self.auth)}}

    def decrypt(self, body: bytes) -> bytes:
        """The plain body. Raises InvalidTag where it is for somebody else."""
        salt, size = body[:16], body[20]
        sender, cipher = body[21 : 21 + size], body[21 + size :]
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        shared = self._key.exchange(ec.ECDH(), point)
        secret = _expand(shared, self.auth, b"WebPush: info\x00" + self.p256dh + sender, 32)
        key = _expand(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = _expand(secret, salt, b"Content-Encoding: nonce\x00", 12)
        plain = AESGCM(key).decrypt(nonce, cipher, None)
        assert plain.endswith(b"\x02")
        return plain[:-1]


def _expand(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
