"""Configures logging: one event with fields, on stderr, for this program and its libraries.

Readable text on a terminal, JSON lines otherwise. Tokens, passwords and message texts are removed, also from URLs and
from the messages of libraries.
"""

import ipaddress
import logging
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

SECRET_FIELDS = frozenset({"password", "secret", "token", "authorization", "text"})

# `?token=…` in a URL, `//user:password@host`, and whatever has a JWT's shape.
SECRET_PARTS = re.compile(
    r"(?P<name>\b(?:access_token|token|password|secret)=)[^&\s'\"#;,)]+"
    # Names and passwords have a bound: looking for an @ behind each `://` would take the square of a long text.
    r"|(?P<database>\bpostgres(?:ql)?://[^\s/:@'\"]{0,500}:)[^\s'\"]{0,2000}(?=@)"  # a slash in it too
    r"|(?P<user>://[^\s/:@'\"]{0,500}:)[^\s/'\"]{0,2000}(?=@)"
    r"|\beyJ[\w-]{5,}\.[\w-]*\.[\w-]*",
    re.IGNORECASE,
)

CHATTY = ("asyncpg", "asyncio", "trio-websocket", "hypercorn.access", "hpack", "h2", "urllib3")
"""Libraries whose lines below a warning are of no use to an operator, or quote frames."""

MUTE = ("coredis", "opentelemetry.exporter", "opentelemetry.sdk._shared_internal")
"""Libraries that log each error that they raise; the caller logs it, once for many tries."""


def configure_logging(
    level: str = "info",
    style: Literal["auto", "text", "json"] = "auto",
    addresses: Literal["full", "masked", "none"] = "full",
) -> None:
    """Send structlog's and the standard library's lines to stderr, from `level` up, in this `style`.

    `addresses` says how clients' addresses (the field `address`) are shown. Call it before the first line, and again
    for another level. It never waits for anything but stderr.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    on_terminal = sys.stderr is not None and sys.stderr.isatty()
    as_text = style == "text" or (style == "auto" and on_terminal)
    as_json = structlog.processors.JSONRenderer(ensure_ascii=False)
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.StackInfoRenderer(),
        *([] if addresses == "full" else [mask_address if addresses == "masked" else _drop_address]),
        structlog.processors.TimeStamper("%H:%M:%S" if as_text else "iso", utc=not as_text),
    ]
    render: list[Processor] = [
        structlog.processors.format_exc_info,  # before the mask, so that tracebacks are masked too
        mask_secrets,
        _console(colours=on_terminal and _has_colours()) if as_text else as_json,
    ]
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
    for name in MUTE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.captureWarnings(True)
    structlog.configure(
        # Our own lines go straight to stderr: by way of the standard library each would cost twice as much.
        processors=[*common, *render],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=_NamedWriter,
    )


class _NamedWriter(structlog.WriteLogger):
    """Writes one line at a time to stderr; has a name, like a standard logger.

    Never raises: a log on a full disk must not end the server that has to report it.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__(sys.stderr)
        self.name = name

    def msg(self, message: str) -> None:
        with suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = fatal = failure = err = error = critical = exception = msg


def mask_address(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Leave of a client's address its network: 24 bits of IPv4, 48 of IPv6."""
    if "address" in event:
        try:
            address = ipaddress.ip_address(str(event["address"]))
        except ValueError:
            return event  # none that is anybody's: "unknown", or a local socket
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        bits = 24 if address.version == 4 else 48
        event["address"] = str(ipaddress.ip_network((address.packed, bits), strict=False))
    return event


def _drop_address(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.pop("address", None)
    return event


def _has_colours() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def _console(*, colours: bool) -> structlog.dev.ConsoleRenderer:
    # The default formatter prints the locals of every frame, passwords among them.
    return structlog.dev.ConsoleRenderer(
        colors=colours, exception_formatter=structlog.dev.plain_traceback, sort_keys=False
    )


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Put `***` in place of secrets, and escape what could forge a line or repaint a terminal."""
    return {key: _masked(key, value) for key, value in event.items()}


def _masked(key: str, value: object) -> object:
    if key.lower() in SECRET_FIELDS:
        return "***"
    match value:
        case str():
            # A secret part holds one of these, and most values none.
            if "=" in value or "://" in value or "eyj" in value.lower():
                value = SECRET_PARTS.sub(_hidden, value)
            return _escaped(value, spare="\n" if key in ("exception", "stack") else "")
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {str(name): _masked(str(name), item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(key, item) for item in value]
        case BaseException():
            return _masked(key, f"{type(value).__name__}: {value}")
        case _:
            return _masked(key, str(value))


def _hidden(found: re.Match[str]) -> str:
    return (found["name"] or found["database"] or found["user"] or "") + "***"


def _escaped(text: str, spare: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in spare else ascii(c)[1:-1] for c in text)
