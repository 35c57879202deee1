"""What a check of `chat doctor` found: one line, with what to do unless all is well."""

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """The result of one check. `subject` is what was checked; `text` says what was found, and what to do."""

    level: Literal["ok", "warn", "fail"]
    subject: str
    text: str


def ok(subject: str, text: str) -> Finding:
    """All is well."""
    return Finding("ok", subject, text)


def warn(subject: str, text: str) -> Finding:
    """It works, and should be changed."""
    return Finding("warn", subject, text)


def fail(subject: str, text: str) -> Finding:
    """It does not work, or will not for long."""
    return Finding("fail", subject, text)
