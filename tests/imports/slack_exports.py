"""Exports as Slack makes them, after its page "How to read Slack data exports"."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

USERS = [
    {
        "id": "U1",
        "team_id": "T1",
        "name": "ada",
        "profile": {"email": "ada@example.org", "real_name": "Ada L."},
    },
    {"id": "U2", "team_id": "T1", "name": "ben", "profile": {"email": "ben@example.org"}},
    {"id": "U3", "team_id": "T1", "name": "cem", "deleted": True, "profile": {}},
]
GARDEN: dict[str, Any] = {
    "id": "C1",
    "name": "garden",
    "created": 1500000000,
    "creator": "U1",
    "members": ["U1", "U2"],
    "topic": {"value": "what grows"},
    "pins": [{"id": "1600000001.000100", "type": "C", "user": "U2", "created": 1600000500}],
}
SHED = {
    "id": "G1",
    "name": "shed",
    "created": 1500000000,
    "creator": "U2",
    "members": ["U2", "U3"],
    "is_archived": True,
}
THREE = {"id": "G2", "name": "mpdm-ada--ben--cem-1", "created": 1500000000, "members": ["U1", "U2", "U3"]}
PAIR = {"id": "D1", "created": 1500000000, "members": ["U1", "U2"]}


def message(ts: str, text: str = "hello", user: str = "U1", **more: Any) -> dict[str, Any]:
    """Return a message."""
    return {"type": "message", "ts": ts, "user": user, "text": text, **more}


def made(
    path: Path, days: Mapping[str, Sequence[Any]], others: Mapping[str, bytes] = {}, **lists: Any
) -> Path:
    """Write an export: `days` by their paths without `.json`, and other files by theirs."""
    lists = {"users": USERS, "channels": [GARDEN], "groups": [SHED], "mpims": [THREE], "dms": [PAIR], **lists}
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, each in {**lists, **days}.items():
            archive.writestr(f"{name}.json", json.dumps(each))
        for name, raw in others.items():
            archive.writestr(name, raw)
    return path
