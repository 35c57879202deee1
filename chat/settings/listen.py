"""Addresses to listen on, as written in settings."""

import ipaddress
import re
from typing import Literal

import msgspec


class Listen(msgspec.Struct, frozen=True):
    """An address to accept on, and the dialect that it speaks at `/`.

    With `stream` it speaks that dialect alone, without HTTP, on plain connections or over TLS.
    """

    host: str
    port: int
    dialect: str = "talker"
    stream: Literal["", "plain", "tls"] = ""

    @classmethod
    def parse(cls, text: str) -> "Listen":
        """Read `PORT`, `HOST:PORT` or `[IPV6]:PORT`, each with or without `=DIALECT`. Raises ValueError."""
        address, equals, dialect = text.partition("=")
        host, colon, port = address.rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = str(ipaddress.IPv6Address(host[1:-1]))
        elif ":" in host or (colon and not host):
            raise ValueError(f"expected [HOST:]PORT, got {text!r}; IPv6 stands in brackets, as [::1]:9000")
        if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65_535:
            raise ValueError(f"{text!r} has no port from 0 to 65535")
        if equals and not re.fullmatch(r"[a-z][a-z0-9_-]*", dialect):
            raise ValueError(f"{text!r} names no dialect after the =")
        return cls(host or "127.0.0.1", int(port), dialect or "talker")

    def scheme(self, *, is_encrypted: bool) -> str:
        """Return the scheme of its URL, where HTTP `is_encrypted` or not. Sync and pure."""
        if self.stream:
            return f"{self.dialect}s" if self.stream == "tls" else self.dialect
        return "https" if is_encrypted else "http"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" + ("" if self.dialect == "talker" else f"={self.dialect}")
