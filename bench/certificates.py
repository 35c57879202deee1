"""A certificate for servers that are measured over TLS, made anew for each: ECDSA on P-256, as usual on the web."""

from pathlib import Path

import trustme

from bench.scenarios import Scenario


def environment_of(scenario: Scenario, place: Path) -> dict[str, str]:
    """Return what a peer is told of TLS: TLS_CERT and TLS_KEY, files in `place`; nothing in plain."""
    if not scenario.tls:
        return {}
    cert, key = make_certificate(place)
    return {"TLS_CERT": str(cert), "TLS_KEY": str(key)}


def make_certificate(place: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1 in the directory `place`, and return its chain's file and its key's.

    Its authority is in `authority.pem` there.
    """
    authority = trustme.CA()
    authority.cert_pem.write_to_path(place / "authority.pem")
    issued = authority.issue_cert("127.0.0.1")
    chain, key = place / "cert.pem", place / "key.pem"
    chain.write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(key)
    return chain, key
