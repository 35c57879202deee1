"""`chat why --notify`: why somebody was notified of messages or not. Works with and without a server on the data."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from chat.cli.command_failed import CommandFailed
from chat.cli.data_access import as_json, as_table, moment, with_storage

if TYPE_CHECKING:
    from chat.domain.messages.explanation import DeviceReport, Explanation, MailReport
    from chat.domain.ports import Storage


def explain(name: str, message: str | None, flags: Mapping[str, object], *, json_wanted: bool) -> str:
    """Return what a command prints about a person, and a message as ROOM/SEQ or their newest ones.

    Raises CommandFailed.
    """
    place = None if message is None else _place(message)
    found = _read(name, place, flags)
    if json_wanted:
        return as_json([_record(each) for each in found])
    rows = [
        (
            f"{each.room_id}/{each.seq}",
            _decision(each),
            each.rule or "-",
            f"{moment(each.at):%F %T}",
            "; ".join(map(_delivery, each.deliveries)) or "-",
            "-" if each.mail is None else _mail(each.mail),
        )
        for each in found
    ]
    return as_table(
        ("MESSAGE", "DECISION", "FOR", "AT", "SENT TO", "MAIL"),
        rows,
        "no message of the last 14 days was for them",
    )


def _place(message: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,16})/([0-9]{1,16})", message, re.ASCII)
    if match is None:
        raise click.BadParameter("write a message as ROOM/SEQ, as in its link: 7/42", param_hint="--message")
    return int(match[1]), int(match[2])


def _read(name: str, place: tuple[int, int] | None, flags: Mapping[str, object]) -> "list[Explanation]":
    from chat.features.registry import FEATURES  # late: --help need not wait for the import

    async def act(storage: "Storage") -> "list[Explanation] | CommandFailed":
        known = await storage.users.by_name(name)
        if known is None:
            return CommandFailed(f"nobody is called {name!r}: `chat user list` lists everybody")
        found: list[Explanation] = []
        for feature in FEATURES:
            if feature.explain is not None:
                found += await feature.explain(storage.feature_ports, known.person.id, place)
        return found

    return with_storage(flags, act)


def _decision(each: "Explanation") -> str:
    if each.held_until is None:
        return each.decision
    held = f"quiet hours until {moment(each.held_until):%F %T}"
    return held if each.decision == "quiet" else f"{each.decision} ({held})"


def _delivery(report: "DeviceReport") -> str:
    reports = (("shown", report.shown_at), ("clicked", report.clicked_at))
    seen = "".join(f", {name} {moment(at):%T}" for name, at in reports if at is not None)
    return f"{report.device or 'a browser'}: {report.state} ({report.status or report.error}){seen}"


def _mail(report: "MailReport") -> str:
    return report.decision if report.answer is None else f"{report.decision} ({report.answer})"


def _record(each: "Explanation") -> dict[str, object]:
    return {
        "room": each.room_id,
        "seq": each.seq,
        "decision": each.decision,
        "rule": each.rule,
        "at": moment(each.at).isoformat(),
        "held_until": None if each.held_until is None else moment(each.held_until).isoformat(),
        "deliveries": [
            {
                "device": one.device,
                "state": one.state,
                "status": one.status,
                "error": one.error,
                "at": moment(one.at).isoformat(),
                "shown_at": None if one.shown_at is None else moment(one.shown_at).isoformat(),
                "clicked_at": None if one.clicked_at is None else moment(one.clicked_at).isoformat(),
            }
            for one in each.deliveries
        ],
        "mail": None
        if each.mail is None
        else {
            "decision": each.mail.decision,
            "at": moment(each.mail.at).isoformat(),
            "answer": each.mail.answer,
        },
    }
