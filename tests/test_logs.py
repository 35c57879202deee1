"""The format of a log line, and what it never contains."""

import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from chat.logs import CHATTY, MUTE, configure_logging, mask_secrets

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl-_"


Capture = pytest.CaptureFixture[str]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in (*CHATTY, *MUTE)}
    yield
    logging.captureWarnings(False)
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def masked(**event: object) -> dict[str, Any]:
    return dict(mask_secrets(None, "info", dict(event)))


def test_lines_are_json_if_stderr_is_not_a_terminal(capsys: Capture) -> None:
    configure_logging()
    structlog.get_logger("chat.engine.session").info("client arrived", address="127.0.0.1", connection=7)
    (line,) = lines(capsys.readouterr().err)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "client arrived",
        "level": "info",
        "logger": "chat.engine.session",
        "address": "127.0.0.1",
        "connection": 7,
    }


def test_lines_are_coloured_text_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    configure_logging()
    structlog.get_logger("chat").warning("client cut", reason="slow")
    assert "client cut" in terminal.getvalue()
    assert "warning" in terminal.getvalue()
    assert "\x1b[" in terminal.getvalue()


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_lines_have_no_colour_if_unwanted_or_unsupported(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv(variable, value)
    configure_logging()
    structlog.get_logger("chat").warning("client cut", reason="slow")
    assert "reason=slow" in terminal.getvalue()
    assert "\x1b[" not in terminal.getvalue()


def test_logged_client_input_contains_no_terminal_controls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    configure_logging()
    sent = "eve\x1b[2J\x1b]0;owned\x07\x9b31m\r"
    structlog.get_logger("chat").warning("client cut", name=sent, frames=[sent], about={"agent": sent})
    assert not {"\x1b", "\x07", "\x9b", "\r"} & {*terminal.getvalue()}


class FullDisk(io.StringIO):
    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_log_on_a_full_disk_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", FullDisk())
    configure_logging()
    logger = structlog.get_logger("chat")
    for log in (logger.info, logger.warning, logger.error, logger.exception):
        log("messages refused")


def test_the_format_can_be_chosen(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    configure_logging(style="text")
    structlog.get_logger("chat").info("client left", address="127.0.0.1")
    got = capsys.readouterr().err
    assert "client left" in got
    assert "\x1b[" not in got
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    configure_logging(style="json")
    structlog.get_logger("chat").info("client left")
    assert lines(terminal.getvalue())[0]["event"] == "client left"


def test_lines_below_the_level_are_not_logged(capsys: Capture) -> None:
    configure_logging("warning")
    structlog.get_logger("chat").info("quiet")
    logging.getLogger("hypercorn.error").info("quiet")
    structlog.get_logger("chat").warning("loud")
    logging.getLogger("hypercorn.error").warning("loud")
    assert [line["event"] for line in lines(capsys.readouterr().err)] == ["loud", "loud"]


def test_libraries_log_the_same_way_and_chatty_ones_only_warnings(capsys: Capture) -> None:
    configure_logging("debug")
    for name in CHATTY:
        logging.getLogger(name).info("noise")
        logging.getLogger(name).warning("trouble with %s", name)
    logging.getLogger("trio").debug("told")
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.captureWarnings(True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    got = lines(capsys.readouterr().err)
    assert [line["event"] for line in got[:-2]] == [f"trouble with {name}" for name in CHATTY]
    assert (got[-2]["event"], got[-2]["level"]) == ("told", "debug")
    assert got[-1]["logger"] == "py.warnings"


def test_libraries_whose_errors_we_log_are_muted(capsys: Capture) -> None:
    configure_logging("debug")
    for name in MUTE:
        logging.getLogger(name).error("it happened again")
    assert lines(capsys.readouterr().err) == []


def test_configuring_twice_does_not_log_twice(capsys: Capture) -> None:
    configure_logging()
    configure_logging()
    structlog.get_logger("chat").info("once")
    assert len(lines(capsys.readouterr().err)) == 1


@pytest.mark.parametrize("field", ["password", "secret", "token", "authorization", "Authorization", "text"])
def test_a_secret_field_is_masked_also_inside_another(field: str) -> None:
    assert masked(**{field: "hunter2"}) == {field: "***"}
    assert masked(headers={field: "hunter2"}) == {"headers": {field: "***"}}
    assert masked(headers=[{field: "hunter2"}]) == {"headers": [{field: "***"}]}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/ws?token=abc.def&room=1", "/ws?token=***&room=1"),
        ("GET /ws?a=1&TOKEN=abc HTTP/1.1", "GET /ws?a=1&TOKEN=*** HTTP/1.1"),
        ("postgresql://chat:hunter2@db/chat", "postgresql://chat:***@db/chat"),
        ("postgresql://chat:hun@ter2@db/chat?password=x", "postgresql://chat:***@db/chat?password=***"),
        ("postgresql://chat:hun:ter2@db:5432/chat", "postgresql://chat:***@db:5432/chat"),
        ("postgresql://chat:hun/t@er#2@db/chat", "postgresql://chat:***@db/chat"),
        (f"auth {JWT}", "auth ***"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000/"),
        ("many tokens", "many tokens"),
    ],
)
def test_a_secret_inside_a_text_is_masked(text: str, shown: str) -> None:
    assert masked(url=text) == {"url": shown}
    assert masked(error=ValueError(text)) == {"error": f"ValueError: {shown}"}
    assert masked(places=(text, Path("/srv"))) == {"places": [shown, "/srv"]}


def test_numbers_and_none_stay_unchanged() -> None:
    assert masked(a=1, b=0.5, c=None, d=True) == {"a": 1, "b": 0.5, "c": None, "d": True}


def test_log_lines_can_not_be_forged_or_control_a_terminal() -> None:
    assert masked(name="ada\nERROR \x1b[31m\ud800\u202e") == {"name": r"ada\nERROR \x1b[31m\ud800\u202e"}
    assert masked(name="Аня 😀") == {"name": "Аня 😀"}


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_traceback_shows_neither_secrets_nor_the_values_of_variables(capsys: Capture, style: Any) -> None:
    configure_logging(style=style)
    hidden = "hunter2"
    try:
        raise ValueError(f"/ws?token={hidden}")
    except ValueError:
        structlog.get_logger("chat").exception("broken")
        logging.getLogger("trio").exception("broken, says %s", JWT)
    got = capsys.readouterr().err
    assert got.count("Traceback (most recent call last)") == 2
    assert got.count("ValueError: /ws?token=***") == 2
    assert "hunter2" not in got.replace('hidden = "hunter2"', "")
    assert JWT not in got


ADDRESSES = [
    ("192.0.2.77", "192.0.2.0/24"),
    ("::ffff:192.0.2.77", "192.0.2.0/24"),
    ("2001:db8:1:2::77", "2001:db8:1::/48"),
    ("unknown", "unknown"),
]


@pytest.mark.parametrize(("address", "masked"), ADDRESSES)
def test_a_clients_address_is_logged_as_it_is_configured(
    address: str, masked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = []
    for how in ("full", "masked", "none"):
        configure_logging("info", "json", how)
        structlog.get_logger("test").info("client connected", address=address, connection=7)
        shown.append(json.loads(capsys.readouterr().err).get("address"))
    assert shown == [address, masked, None]
