"""Settings that are valid one by one, and together do not do what they seem to. Pure."""

from collections.abc import Iterator

from chat.cli.doctor.finding import Finding, ok, warn
from chat.domain.addresses import parse_address
from chat.domain.identity_provider import may_log_in_at
from chat.settings.config import FIELDS, Config

_SUBJECT = "settings"
_OF_PROVIDER = tuple(name for name in FIELDS if name.startswith("oidc_") and name != "oidc_issuer")


def check_settings(config: Config) -> Iterator[Finding]:
    """Yield each contradiction, or that there is none."""
    found = [*_listening(config), *_proxies(config), *_without_effect(config), *_risks(config)]
    yield from (warn(_SUBJECT, text) for text in found)
    if not found:
        yield ok(_SUBJECT, "all are known, and none contradicts another")


def _listening(config: Config) -> Iterator[str]:
    everywhere = [listen for listen in config.listen if not _is_loopback(listen.host)]
    if everywhere and config.tls_cert is None and not config.trusted_proxies:
        yield (
            f"passwords pass {everywhere[0].host}:{everywhere[0].port} unencrypted: set tls_cert and tls_key, or listen"
            " on 127.0.0.1 behind a proxy"
        )
    if config.irc is not None and not _is_loopback(config.irc.host):
        yield (
            f"passwords pass {config.irc.host}:{config.irc.port} unencrypted: let irc be on 127.0.0.1, and others use"
            " irc_tls"
        )
    if config.metrics_listen is not None and not _is_loopback(config.metrics_listen.host):
        yield (
            f"everybody who reaches {config.metrics_listen.host}:{config.metrics_listen.port} reads the metrics: let"
            " metrics_listen be on 127.0.0.1 or a private network"
        )


def _proxies(config: Config) -> Iterator[str]:
    if config.trusted_proxies and config.forwarded_header == "auto":
        yield "forwarded_header is auto: set it to the header that the proxy sets, so that clients can't send the other"
    if config.forwarded_header != "auto" and not config.trusted_proxies:
        yield "forwarded_header has no effect without trusted_proxies: add the proxy's address there"
    if any(network in ("0.0.0.0/0", "::/0") for network in config.trusted_proxies):
        yield "trusted_proxies has every address: anybody can claim any; list the proxy's own"
    if config.tls_cert is not None and config.public_url.startswith("http://"):
        yield "public_url begins with http://, and the server has TLS: let it begin with https://"


def _without_effect(config: Config) -> Iterator[str]:
    if config.metrics_listen is not None and config.metrics_access == "public":
        yield "metrics_access has no effect with metrics_listen, where everybody reads them: remove one"
    if config.files is not None and not config.file_bytes:
        yield "files has no effect while file_bytes is 0: nobody can attach any"
    if config.bus is not None and config.files is None and config.file_bytes:
        yield "nobody can attach files: servers with a bus need a directory that all share; set files"
    others = [name for name in _OF_PROVIDER if getattr(config, name) != FIELDS[name].default]
    if others and config.oidc_issuer is None:
        yield f"{', '.join(others)} without effect: set oidc_issuer"
    if config.oidc_issuer is not None and not may_log_in_at(config.public_url or "https://later"):
        yield "public_url has to begin with https:// for log-ins by the identity provider"
    if config.pong_timeout > config.ping_interval:
        yield "pong_timeout is longer than ping_interval: a dead connection is noticed late; make it shorter"


def _risks(config: Config) -> Iterator[str]:
    if "*" in config.origins:
        yield "origins is *: every site's pages may act for people who are logged in here; list the sites"
    if config.metrics_listen is None and config.metrics_access == "public":
        yield "everybody reads the metrics: set metrics_listen, or leave metrics_access at admins"
    if config.direct_trust_from:
        yield "direct_trust_from lets clients send as anybody: turn it off outside of labs"


def _is_loopback(host: str) -> bool:
    address = parse_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)
