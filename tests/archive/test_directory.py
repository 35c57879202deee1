"""An archive on a disk: who may read it, how it goes on, and what is refused."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chat.archive.directory import HEAD, ArchiveReader, ArchiveWriter, BadArchive
from chat.archive.format import FORMAT, LONGEST_LINE, Head, Message, Person, Room
from chat.archive.plan import Plan

ADA = {"id": 1, "name": "ada", "created": 0}
GARDEN = {"id": 2, "kind": "room", "name": "garden", "created": 0}
HELLO = {"type": "message", "id": 5, "room": 2, "seq": 1, "pos": 1, "by": 1, "text": "hello", "at": 10}


def written(directory: Path, **files: Any) -> Path:
    """Write an archive of these lines: objects, or bytes as they are."""
    directory.mkdir()
    lines = {"people": [ADA], "rooms": [GARDEN], "log-000001": [HELLO], **files}
    parts = {}
    for name, each in lines.items():
        raw = b"".join(
            b"%b\n" % (line if isinstance(line, bytes) else json.dumps(line).encode()) for line in each
        )
        (directory / f"{name}.jsonl").write_bytes(raw)
        parts[f"{name}.jsonl"] = {"lines": raw.count(b"\n"), "sha256": hashlib.sha256(raw).hexdigest()}
    head = {"format": FORMAT, "source": "a test", "parts": parts}
    (directory / HEAD).write_text(json.dumps(head))
    return directory


def read(directory: Path) -> Plan:
    """Read all of an archive."""
    reader = ArchiveReader(directory)
    reader.check()
    plan = Plan(reader, is_whole=False)
    plan.count()
    return plan


def test_an_archive_is_its_owners_alone(tmp_path: Path) -> None:
    writer = ArchiveWriter(tmp_path / "a")
    writer.write("people.jsonl", [Person(id=1, name="ada", created=0)])
    digest = hashlib.sha256(b"bytes").hexdigest()
    assert writer.keep_file(digest, [b"by", b"tes"])
    assert not writer.keep_file("0" * 64, [b"others"])
    writer.finish(lambda parts: Head(format=FORMAT, source="a test", parts=parts))
    modes = {path: path.stat().st_mode & 0o777 for path in (tmp_path / "a").rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert {path.name for path in modes if path.is_file()} == {HEAD, digest, "people.jsonl"}
    reader = ArchiveReader(tmp_path / "a")
    reader.check()
    assert [person.name for person in reader.lines("people.jsonl", Person)] == ["ada"]
    assert [*reader.lines("rooms.jsonl", Room)] == []


def test_a_directory_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter").touch()
    with pytest.raises(BadArchive, match="not empty"):
        ArchiveWriter(tmp_path)


def test_an_unfinished_archive_is_no_archive_yet(tmp_path: Path) -> None:
    writer = ArchiveWriter(tmp_path / "a")
    writer.keep_state({})
    with pytest.raises(BadArchive, match="not whole"):
        ArchiveReader(tmp_path / "a")
    ArchiveWriter(tmp_path / "a")  # and goes on


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no JSON": ({"people": [b"{"]}, "people.jsonl, line 1"),
    "a field of the future": ({"people": [{**ADA, "colour": "red"}]}, "people.jsonl, line 1.*colour"),
    "a date before all": ({"log-000001": [{**HELLO, "at": -1}]}, "log-000001.jsonl, line 1"),
    "a date of the year 30,000": ({"log-000001": [{**HELLO, "at": 10**18}]}, "log-000001.jsonl, line 1"),
    "a NUL": ({"log-000001": [{**HELLO, "text": "a\0b"}]}, "line 1 has a NUL"),
    "half a surrogate": ({"log-000001": [b'{"type":"message","text":"\\ud800"}']}, "line 1"),
    "an endless line": ({"log-000001": [b'"%b"' % (b"x" * LONGEST_LINE)]}, "longer than"),
    "a tower of brackets": ({"log-000001": [b'{"data":' + b"[" * 100_000]}, "line 1"),
    "a long text": ({"log-000001": [{**HELLO, "text": "x" * 4001}]}, "line 1"),
    "two people of one id": ({"people": [ADA, ADA]}, "twice"),
    "two rooms of one id": ({"rooms": [GARDEN, GARDEN]}, "twice"),
    "a log out of order": ({"log-000001": [HELLO, {**HELLO, "seq": 2}]}, "after 5"),
    "seqs out of order": ({"log-000001": [HELLO, {**HELLO, "id": 6, "at": 11}]}, "comes after"),
    "a type of file that is none": (
        {
            "log-000001": [
                {**HELLO, "files": [{"id": 1, "name": "a", "type": "x", "size": 1, "sha256": "0" * 64}]}
            ]
        },
        "line 1",
    ),
    "a path for a digest": (
        {
            "log-000001": [
                {**HELLO, "files": [{"id": 1, "name": "a", "type": "a/b", "size": 1, "sha256": "../.."}]}
            ]
        },
        "line 1",
    ),
    "a conversation of one": ({"rooms": [{**GARDEN, "kind": "direct", "people": [1]}]}, "not two people"),
}


@pytest.mark.parametrize("wrong", BAD)
def test_a_bad_archive_is_refused_with_its_place(tmp_path: Path, wrong: str) -> None:
    files, message = BAD[wrong]
    with pytest.raises(BadArchive, match=message):
        read(written(tmp_path / "a", **files))


def as_link(directory: Path) -> None:
    (directory / "people.jsonl").rename(directory.parent / "people")
    (directory / "people.jsonl").symlink_to(directory.parent / "people")


def as_pipe(directory: Path) -> None:
    (directory / "people.jsonl").unlink()
    os.mkfifo(directory / "people.jsonl")


def as_path(directory: Path) -> None:
    head = json.loads((directory / HEAD).read_text())
    head["parts"]["../people.jsonl"] = head["parts"].pop("people.jsonl")
    (directory / HEAD).write_text(json.dumps(head))


def as_newer(directory: Path) -> None:
    head = json.loads((directory / HEAD).read_text())
    (directory / HEAD).write_text(json.dumps({**head, "format": FORMAT + 1, "more": 1}))


def cut_short(directory: Path) -> None:
    with (directory / "log-000001.jsonl").open("r+b") as file:
        file.truncate(10)


def removed(directory: Path) -> None:
    (directory / "people.jsonl").unlink()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (as_link, "is a link"),
        (as_pipe, "is no file"),
        (as_path, "is no file of an archive"),
        (as_newer, "a newer server reads it"),
        (cut_short, "damaged"),
        (removed, "missing"),
    ],
)
def test_a_changed_archive_is_refused(tmp_path: Path, change: Callable[[Path], None], message: str) -> None:
    change(written(tmp_path / "a"))
    with pytest.raises(BadArchive, match=message):
        read(tmp_path / "a")


def test_what_the_archive_does_not_have_is_counted(tmp_path: Path) -> None:
    log = [
        HELLO,
        {**HELLO, "id": 6, "room": 9},
        {**HELLO, "id": 7, "seq": 2, "by": 8},
        {
            **HELLO,
            "id": 8,
            "seq": 3,
            "at": 11,
            "reactions": {"thumbs": [1], "👍": [1, 77]},
            "mentions": [0, 77],
        },
    ]
    plan = read(written(tmp_path / "a", **{"log-000001": log}))
    assert plan.new == 2
    assert sorted(plan.lost.values()) == [1, 1, 1]
    assert isinstance(next(iter(ArchiveReader(tmp_path / "a").log())), Message)
