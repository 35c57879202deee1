"""Reads the certificates that clients trust once for all tests: to read a thousand takes a twentieth of a second."""

import os
import ssl
from functools import cache

import pytest

from chat.outbound import requests

_read = requests._trusting


@cache
def _trusting(_file: str | None) -> ssl.SSLContext:
    return _read()


def pytest_configure(config: pytest.Config) -> None:
    """Have clients of the tests share a context, one for each file of certificates that OpenSSL is given."""
    del config
    requests._trusting = lambda: _trusting(os.environ.get("SSL_CERT_FILE"))
