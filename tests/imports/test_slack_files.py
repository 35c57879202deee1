"""Files that an export of Slack links to, fetched from a real server on loopback."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from chat.archive.directory import ArchiveReader
from chat.archive.format import Message
from chat.cli import main
from chat.imports.slack import files as slack_files
from chat.imports.slack.convert import NOT_INSIDE, SlackExport
from chat.imports.slack.files import SlackFiles, Wanted
from chat.outbound.client import open_outbound
from tests.imports.slack_exports import made, message
from tests.outbound.test_client import LOOPBACK, Site, ok, site


def wanted(found: Site, path: str = "/files-pri/T1-F1/rose.txt?token=xoxe-1", size: int | None = 5) -> Wanted:
    return Wanted("F1", f"{found.url}{path}", size, "text/plain")


async def test_a_file_is_fetched_once_with_the_token(tmp_path: Path) -> None:
    async with site() as found, open_outbound(lambda: LOOPBACK) as outbound:
        found.answer = lambda _head: ok(b"roses")
        files = SlackFiles(outbound, tmp_path / "files", "xoxb-2", found.url)
        path = await files.fetch(wanted(found))
        assert path is not None
        assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"roses", 0o600)
        assert await files.fetch(wanted(found)) == path
        (head,) = found.heads
        assert "authorization: bearer xoxb-2" in head.lower()


async def test_nothing_but_the_workspaces_files_is_asked(tmp_path: Path) -> None:
    async with site() as found, open_outbound(lambda: LOOPBACK) as outbound:
        files = SlackFiles(outbound, tmp_path / "files", "xoxb-2")
        for url in (found.url, "https://files.slack.com.evil.example/x", "file:///etc/passwd", ""):
            assert await files.fetch(Wanted("F1", url, None, "")) is None
        own = SlackFiles(outbound, tmp_path / "files", "xoxb-2", found.url)
        assert await own.fetch(Wanted("../F1", f"{found.url}/x", None, "")) is None
        assert found.heads == []


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"<html>", "Content-Type: text/html; charset=utf-8"),
        ok(b"other"[:4]),
        b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        ok(bytes(200)),
    ],
    ids=["a page", "another size", "elsewhere", "gone", "too much"],
)
async def test_what_is_not_the_file_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(slack_files, "_MOST_BYTES", 100)
    async with site() as found, open_outbound(lambda: LOOPBACK) as outbound:
        found.answer = lambda _head: answer
        assert await SlackFiles(outbound, tmp_path / "files", "", found.url).fetch(wanted(found)) is None
        assert len(found.heads) == 1
        assert not (tmp_path / "files").exists()


async def test_who_asks_too_often_waits(tmp_path: Path) -> None:
    async with site() as found, open_outbound(lambda: LOOPBACK) as outbound:
        answers = [
            b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
            ok(b"roses"),
        ]
        found.answer = lambda _head: answers.pop(0)
        assert await SlackFiles(outbound, tmp_path / "files", "", found.url).fetch(wanted(found)) is not None


def test_fetched_files_come_along(tmp_path: Path) -> None:
    (tmp_path / "F1").write_bytes(b"roses")
    links = [
        {
            "id": "F1",
            "name": "rose.txt",
            "mimetype": "text/plain",
            "size": 5,
            "url_private_download": "https://x/F1",
        },
        {"id": "F2", "name": "thorn.txt", "url_private": "https://x/F2"},
    ]
    asked: list[Wanted] = []

    def fetch(file: Wanted) -> Path | None:
        asked.append(file)
        return tmp_path / "F1" if file.id == "F1" else None

    export = made(
        tmp_path / "export.zip", {"garden/2020-09-13": [message("1600000001.0", "look", files=links)]}
    )
    conversion = SlackExport(export, tmp_path / "archive", fetch=fetch)
    conversion.make()
    (said,) = ArchiveReader(tmp_path / "archive").log()
    assert isinstance(said, Message)
    assert [(file.name, file.size) for file in said.files] == [("rose.txt", 5)]
    assert asked == [Wanted("F1", "https://x/F1", 5, "text/plain"), Wanted("F2", "https://x/F2", None, "")]
    assert conversion.lost == {NOT_INSIDE: 1}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--fetch-files", "--token-file", "nowhere.token"], "nowhere.token"),
        (["--token-file", "nowhere.token"], "--token-file with --fetch-files"),
    ],
)
def test_a_token_that_is_none_is_refused(arguments: list[str], complaint: str) -> None:
    refused = CliRunner().invoke(main, ["import", "--from", "slack", *arguments, "export.zip"])
    assert (refused.exit_code, complaint in refused.output) == (2, True)
