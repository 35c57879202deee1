"""The server's TLS context: TLS 1.2 or newer, with HTTP/1.1 only."""

import ssl
from pathlib import Path

from chat.domain.startup import CannotStart


def open_tls_context(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Return the context for this certificate chain and key (PEM files); None: neither is given.

    Raises CannotStart if one is missing, unreadable or encrypted, or they do not match.
    """
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise CannotStart("TLS needs a certificate and its key: give both --tls-cert and --tls-key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # a client could make the server compute without end
    # Not h2: over it a browser may open a WebSocket that our endpoint never gets.
    context.set_alpn_protocols(["http/1.1"])
    try:
        for path in (cert, key):
            path.read_bytes()  # its error names the file
        context.load_cert_chain(cert, key, password=_no_password)
    except ssl.SSLError as error:
        raise CannotStart(
            f"cannot use {cert} and {key} for TLS: {error.reason or 'one is not a PEM file'}"
        ) from error
    except OSError as error:
        raise CannotStart(f"cannot read {error.filename}: {error.strerror}") from error
    return context


def _no_password() -> str:
    raise CannotStart("the TLS key is encrypted: give a key without a passphrase")
