"""Errors of a certificate or its key are reported in plain words with their files."""

from pathlib import Path

import pytest
import trustme

from chat.domain.startup import CannotStart
from chat.gateway.tls import open_tls_context


def test_a_file_without_a_certificate_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "cert.pem"
    file.touch()
    with pytest.raises(CannotStart, match=f"^cannot use {file} and {file} for TLS: one is not a PEM file$"):
        open_tls_context(file, file)


def test_a_key_of_another_certificate_is_reported(tmp_path: Path) -> None:
    authority, cert, key = trustme.CA(), tmp_path / "cert.pem", tmp_path / "key.pem"
    authority.issue_cert("a.example").cert_chain_pems[0].write_to_path(cert)
    authority.issue_cert("b.example").private_key_pem.write_to_path(key)
    with pytest.raises(CannotStart, match="KEY_VALUES_MISMATCH"):
        open_tls_context(cert, key)
