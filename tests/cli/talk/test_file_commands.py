"""Files that are sent and saved, with names that others chose."""

from pathlib import Path

import pytest

from chat.cli.talk.commands import run
from chat.cli.talk.context import CommandError, Context
from chat.cli.talk.settings import TalkSettings
from chat.cli.talk.state import State
from chat.client import File, Room
from tests.cli.talk.contexts import with_chat
from tests.cli.talk.test_view import room, said, state_of


class Files:
    """Takes every file, and gives each its own name back as its bytes."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, bytes, str, str]] = []

    async def upload(self, room: int, data: bytes, name: str, *, media_type: str) -> File:
        self.taken.append((room, data, name, media_type))
        return File(id=len(self.taken), name=name, type=media_type, size=len(data))

    async def download(self, file: File) -> bytes:
        return file.name.encode()


def with_files(*names: str) -> Room:
    lobby = room(1, "lobby", "lobby", len(names))
    for n, name in enumerate(names, 1):
        lobby.load(said(n, "", files=(File(id=n, name=name, type="", size=n * 999_999),)))
    return lobby


def files_below(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("rose.png", "rose.png"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\x", "_x"),
        (".bashrc", "bashrc"),
        ("...", "file 1"),
        ("a\nb\x1b[2J", "a b\ufffd[2J"),
    ],
)
async def test_a_file_is_saved_here_whatever_it_is_called(here: Path, name: str, saved: str) -> None:
    state = state_of(with_files(name))
    await run(with_chat(Files(), state), "/save")
    assert files_below(here) == {saved}
    assert state.notice == f"saved {here / saved}"


async def test_saving_overwrites_nothing(here: Path) -> None:
    (here / "a.txt").write_text("mine")
    (here / "there").mkdir()
    context = with_chat(Files(), state_of(with_files("a.txt", "b.txt")))
    for command in ("/save 2", "/save 2", "/save 2 there", "/save there/c d", "/save there/c d"):
        await run(context, command)
    assert (here / "a.txt").read_text() == "mine"
    assert files_below(here) == {
        "a.txt",
        "a (2).txt",
        "a (3).txt",
        "there/a.txt",
        "there/c d",
        "there/c d (2)",
    }
    with pytest.raises(CommandError, match="No such file or directory"):
        await run(context, "/save nowhere/x")
    with pytest.raises(CommandError, match="not that many files"):
        await run(context, "/save 3")


async def test_files_are_listed_with_their_sizes_the_newest_first() -> None:
    state = state_of(with_files("a.txt", "b\x1b.txt"))
    await run(with_chat(Files(), state), "/files")
    assert state.page is not None
    assert [line[0][1] for line in state.page.lines] == [
        "  1  b\ufffd.txt  2.0 MB, ben",
        "  2  a.txt  1.0 MB, ben",
    ]


async def test_uploaded_files_become_one_message_of_the_open_room(here: Path) -> None:
    (here / "my picture.png").write_bytes(b"png")
    (here / "plan").write_bytes(b"plan")
    state, files = state_of(room(1, "lobby", "lobby")), Files()
    said: list[tuple[object, ...]] = []

    def say(text: str, reply: int | None = None, *, room: int | None = None, files: object = ()) -> None:
        said.append((text, room, files))

    context = Context(files, state, TalkSettings(here / "settings.toml"), say)  # type: ignore[arg-type]
    for command in ("/upload my picture.png", "/upload 'my picture.png' plan", "/upload my\\ picture.png"):
        await run(context, command)
    assert [each[2:] for each in files.taken] == [
        ("my picture.png", "image/png"),
        ("my picture.png", "image/png"),
        ("plan", "application/octet-stream"),
        ("my picture.png", "image/png"),
    ]
    assert [(text, room, len(sent)) for text, room, sent in said] == [("", 1, 1), ("", 1, 2), ("", 1, 1)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("command", "got"),
    [
        ("/upload", "takes a path"),
        ("/upload nothing.png", "no file nothing.png"),
        ("/upload 'half", "no file 'half"),
        ("/upload .", "no file ."),
        ("/upload " + "a " * 11, "10 files at most"),
        ("/save", "there is no file here to save"),
        ("/save 0", "1 is the last"),
    ],
)
async def test_a_failed_file_command_is_reported(here: Path, command: str, got: str) -> None:
    (here / "a").touch()
    state = State({}, 1, "ada", "chat.example")
    with pytest.raises(CommandError, match=r"in no room|no file here|1 is the last"):
        await run(with_chat(Files(), state), command)
    with pytest.raises(CommandError, match=got.replace(".", r"\.")):
        await run(with_chat(Files(), state_of(room(1, "lobby", "lobby"))), command)
