"""Commands for files: `/upload`, `/files` and `/save`."""

import mimetypes
import os
import shlex
from collections.abc import Iterator
from itertools import count as counting
from pathlib import Path

import trio

from chat.cli.talk.context import CommandError, Context, count, needed
from chat.cli.talk.width import clean
from chat.client import File, Message, Room

_MAX_FILES = 10
"""Files of one message."""

_MAX_BYTES = 1 << 30
"""No server takes a larger file."""


async def upload(context: Context, rest: str) -> None:
    """Send files of this machine."""
    room = context.state.current
    if room is None:
        raise CommandError("you are in no room")
    paths = _paths(needed(rest, "a path, as /upload ~/picture.png"))
    if len(paths) > _MAX_FILES:
        raise CommandError(f"a message has {_MAX_FILES} files at most")
    files = []
    for path in paths:
        context.state.notice = f"uploading {path.name} …"
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        files.append(
            await context.chat.upload(
                room.info.id, await trio.to_thread.run_sync(_read, path), path.name, media_type=media_type
            )
        )
    context.send("", room=room.info.id, files=files)
    context.state.notice = f"uploaded {', '.join(path.name for path in paths)}"


async def files(context: Context, _rest: str) -> None:
    """List the files of the open room."""
    room = context.state.current
    if room is None:
        raise CommandError("you are in no room")
    lines = [
        f"  {n}  {_name(file)}  {_size(file.size)}, {clean(message.sender.name)}"
        for n, (message, file) in enumerate(_files(room), 1)
    ]
    context.state.show("files, newest first: /save N", lines or ["the loaded messages have no files"])


async def save(context: Context, rest: str) -> None:
    """Save a file of the open room on this machine."""
    which, _, where = rest.partition(" ")
    if which and not which.isdecimal():
        which, where = "", rest
    room = context.state.current
    found = [] if room is None else [file for _, file in _files(room)]
    n = count(which)
    if n > len(found):
        raise CommandError(
            "there are not that many files here: /files lists them"
            if found
            else "there is no file here to save"
        )
    file = found[n - 1]
    context.state.notice = f"downloading {_name(file)} …"
    data = await context.chat.download(file)
    try:
        path = await trio.to_thread.run_sync(_write_new, where.strip(), _bare(file), data)
    except OSError as error:
        raise CommandError(f"not saved: {error.strerror or error}: {error.filename}") from None
    context.state.notice = f"saved {path}"


def _paths(rest: str) -> list[Path]:
    """The paths of a line: one path, perhaps with spaces, or several as in a shell."""
    whole = Path(rest).expanduser()
    if whole.is_file():
        return [whole]
    try:
        paths = [Path(each).expanduser() for each in shlex.split(rest)]
    except ValueError:  # an unmatched quotation mark
        paths = [whole]
    for path in paths:
        if not path.is_file():
            raise CommandError(f"there is no file {path}")
    return paths


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise CommandError(f"{path.name} is too big to upload")
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None


def _files(room: Room) -> Iterator[tuple[Message, File]]:
    """The files of the messages held, newest first."""
    for _, message in sorted(room.messages.items(), reverse=True):
        if message.deleted is None:
            for file in reversed(message.files):
                yield message, file


def _write_new(where: str, name: str, data: bytes) -> Path:
    """Write a new file at the given path, in the given directory, or here. Overwrite none."""
    place = Path(where or ".").expanduser()
    wanted = place / name if place.is_dir() else place
    for n in counting(1):
        path = wanted if n == 1 else wanted.with_stem(f"{wanted.stem} ({n})")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        return path.absolute()
    raise AssertionError


def _bare(file: File) -> str:
    """A safe file name made of the one that another person chose."""
    return _name(file).replace("/", "_").replace("\\", "_").lstrip(".") or f"file {file.id}"


def _name(file: File) -> str:
    return clean(file.name).replace("\n", " ")


def _size(size: int) -> str:
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1000:.0f} KB" if size < 999_500 else f"{size / 1_000_000:.1f} MB"
