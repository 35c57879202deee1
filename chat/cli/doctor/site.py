"""Checks of the way from the public address to the server: certificate, proxy headers, WebSocket, bodies."""

import base64
import http.client
import json
import secrets
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from chat.cli.doctor.finding import Finding, fail, ok, warn
from chat.cli.doctor.machine import judge_end
from chat.inspection.doctor_mark import HEADER, PATH
from chat.settings.config import Config

_TIMEOUT = 30.0
"""Seconds for one request; the one with the longest body has as many for each piece."""

_CLAIMED = "203.0.113.9"
"""An address of nobody (RFC 5737), which a client claims to have."""
_CLAIMS = {
    "X-Forwarded-For": _CLAIMED,
    "X-Forwarded-Host": "claimed.example",
    "Forwarded": f"for={_CLAIMED};proto=http;host=claimed.example",
}

_PIECE = bytes(65_536)
_PING = b"\x89\x80\0\0\0\0"
"""A masked, empty ping (RFC 6455, section 5.5.2)."""


class Site(NamedTuple):
    """The public address, and where to connect for it."""

    url: str
    connect_to: tuple[str, int] | None

    @property
    def is_encrypted(self) -> bool:
        return urlsplit(self.url).scheme == "https"

    @property
    def host(self) -> str:
        """As in the Host header: without the scheme's own port. Lower case."""
        parts = urlsplit(self.url)
        own = 443 if self.is_encrypted else 80
        port = "" if parts.port in (None, own) else f":{parts.port}"
        name = parts.hostname or ""
        return (f"[{name}]" if ":" in name else name) + port

    def open(self) -> http.client.HTTPConnection:
        """Connect. Raises OSError."""
        parts = urlsplit(self.url)
        default = 443 if self.is_encrypted else 80
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or default, timeout=_TIMEOUT)
        place = self.connect_to or (parts.hostname or "", parts.port or default)
        sock = socket.create_connection(place, _TIMEOUT)
        if self.is_encrypted:
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=parts.hostname)
        connection.sock = sock
        return connection


class Answer(NamedTuple):
    """The answer to a request; no status: the connection ended before it."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes


def check_site(config: Config, site: Site, mark: str) -> Iterator[Finding]:
    """Yield what is found on the way to the server. `mark` is what it recognises these requests by."""
    try:
        connection = site.open()
    except ssl.SSLCertVerificationError as error:
        yield fail(
            "certificate", f"browsers refuse that of {site.url}: {error.verify_message}; renew or replace it"
        )
        return
    except OSError as error:
        yield fail(
            "address", f"{site.url} does not answer: {error}; see whether proxy, DNS and firewall lead here"
        )
        return
    if isinstance(connection.sock, ssl.SSLSocket):
        found = connection.sock.getpeercert()
        assert found is not None
        until = ssl.cert_time_to_seconds(str(found["notAfter"]))
        yield judge_end("certificate", float(until), f"of {site.url}")
    connection.close()
    ready = _ask(site, "GET", "/readyz", {})
    yield _ready(site, ready)
    if ready.status == 403:
        return
    if (clock := _clock(ready)) is not None:
        yield clock
    arrived = _arrived(_ask(site, "GET", PATH, {HEADER: mark}))
    if arrived is None:
        yield fail(
            "proxy",
            f"leads to another server than the one of {config.data}: correct the proxy's target",
        )
        return
    yield from _headers(config, site, arrived, _arrived(_ask(site, "GET", PATH, {HEADER: mark, **_CLAIMS})))
    yield _websocket(site)
    yield _body(config, site, mark)


def _ready(site: Site, answer: Answer) -> Finding:
    if answer.status == 200:
        return ok("address", f"{site.url} answers, and the server is ready")
    if answer.status == 403:
        return fail(
            "address",
            f"the server refuses requests for {site.host} with 403: let the proxy set X-Forwarded-Host, and add its"
            " address to trusted_proxies",
        )
    if answer.status == 503:
        return fail(
            "address", f"{site.url} answers 503 to /readyz: `chat health` says why the server is not ready"
        )
    return fail(
        "address", f"{site.url} answers {answer.status or 'nothing'} to /readyz: see where the proxy sends it"
    )


def _clock(answer: Answer) -> Finding | None:
    try:
        apart = abs(parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time())
    except (KeyError, ValueError):
        return None
    if apart > 5:
        return warn("site's clock", f"differs from this machine's by {apart:.0f} s: synchronise both by NTP")
    return None


def _arrived(answer: Answer) -> dict[str, Any] | None:
    if answer.status != 200:
        return None
    try:
        found: dict[str, Any] = json.loads(answer.body)
    except ValueError:
        return None
    return found if "is_trusted" in found else None


def _headers(
    config: Config, site: Site, seen: Mapping[str, Any], claimed: Mapping[str, Any] | None
) -> Iterator[Finding]:
    """Judge what the server believes of a request, and of one that makes false claims."""
    names = [name for name in seen["headers"] if name != "host"]
    if not seen["is_trusted"]:
        if names:
            yield fail(
                "proxy",
                f"its headers arrive ({', '.join(names)}) and are not believed: add {seen['peer']} to trusted_proxies,"
                " or everybody shares one address and its limits",
            )
        elif site.is_encrypted and config.tls_cert is None:
            yield fail(
                "proxy",
                f"{seen['peer']} ends TLS and names no client: have it set X-Forwarded-For, X-Forwarded-Proto and"
                " X-Forwarded-Host, and add it to trusted_proxies",
            )
        else:
            yield ok("proxy", "none is in between, and none is believed")
        return
    wanted = "forwarded" if config.forwarded_header == "forwarded" else "x-forwarded-for"
    if wanted not in names:
        yield fail(
            "proxy", f"sets no {_written(wanted)}: everybody has its address, and shares its limits; set it"
        )
    if seen["scheme"] != urlsplit(site.url).scheme:
        yield fail(
            "proxy",
            f"says {seen['scheme']}, and people use {site.url}: set X-Forwarded-Proto to their scheme",
        )
    if seen["host"] != site.host:
        yield fail(
            "proxy",
            f"says that people ask for {seen['host']}, and they ask for {site.host}: set X-Forwarded-Host to the Host"
            " that they send, with its port, or this site's own pages are refused",
        )
    if claimed is None:
        yield warn(
            "proxy", "refuses requests that carry forwarding headers: nobody can forge them, nor use a proxy"
        )
    elif _is_believed(claimed):
        yield fail(
            "proxy",
            "passes on what clients claim, so anybody can take another's address: let it replace X-Forwarded-For and"
            " X-Forwarded-Host, and remove Forwarded",
        )
    elif wanted in names and seen["scheme"] == urlsplit(site.url).scheme and seen["host"] == site.host:
        yield ok(
            "proxy",
            f"{seen['peer']} is believed: {seen['address']} asks for {seen['scheme']}://{seen['host']}",
        )


def _is_believed(claimed: Mapping[str, Any]) -> bool:
    """Whether the server believes the claims. A proxy may append to them: the server believes what stands last."""
    last: str = claimed["headers"].get("x-forwarded-for", _CLAIMED).rpartition(",")[2].strip()
    return bool(claimed["host"] == _CLAIMS["X-Forwarded-Host"] or claimed["address"] == last == _CLAIMED)


def _written(header: str) -> str:
    return "-".join(part.capitalize() for part in header.split("-"))


def _websocket(site: Site) -> Finding:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(secrets.token_bytes(16)).decode(),
        "Origin": f"{urlsplit(site.url).scheme}://{site.host}",
    }
    try:
        connection = site.open()
        try:
            connection.request("GET", "/api/v1/socket", headers={"Host": site.host, **headers})
            status = connection.getresponse().status
            if status == 101 and connection.sock is not None:
                connection.sock.sendall(_PING)
                status = 101 if connection.sock.recv(1) else 0
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as error:
        return fail("websocket", f"is cut off: {error or type(error).__name__}; see the proxy's log")
    if status == 101:
        return ok("websocket", "is upgraded, and frames pass in both directions")
    if status == 403:
        return fail(
            "websocket",
            "refuses the site's own pages: set X-Forwarded-Proto and X-Forwarded-Host, or origins",
        )
    if status in (400, 426):
        return fail(
            "websocket", "the proxy does not pass the upgrade: let it send the headers Upgrade and Connection"
        )
    return fail("websocket", f"the upgrade is answered with {status}: see the proxy's log")


def _body(config: Config, site: Site, mark: str) -> Finding:
    length = config.file_bytes or 65_536
    answer = _ask(site, "POST", PATH, {HEADER: mark}, length)
    arrived = _arrived(answer)
    if arrived is not None and arrived["body"] == length:
        return ok("body", f"of {length:,} bytes passes, as long as files may be")
    what = f"answered with {answer.status}" if answer.status else "cut off"
    return fail(
        "body",
        f"of {length:,} bytes is {what}: let the proxy accept it (client_max_body_size in nginx), or lower file_bytes",
    )


def _ask(site: Site, method: str, path: str, headers: Mapping[str, str], length: int = 0) -> Answer:
    """Send a request with a body of so many bytes, and return the answer. Raises nothing."""
    try:
        connection = site.open()
    except OSError:
        return Answer(None, {}, b"")
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": site.host, **headers}.items():
            connection.putheader(name, value)
        if length:
            connection.putheader("Content-Length", str(length))
        connection.endheaders()
        try:
            for sent in range(0, length, len(_PIECE)):
                connection.send(_PIECE[: length - sent])
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass  # a proxy that refuses a body may answer before all of it is sent
        response = connection.getresponse()
        return Answer(response.status, {n.lower(): v for n, v in response.getheaders()}, response.read())
    except (OSError, http.client.HTTPException):
        return Answer(None, {}, b"")
    finally:
        connection.close()
