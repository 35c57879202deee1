"""What a person has is exported beside the running server, and nothing of anybody else."""

import hashlib
import json
from pathlib import Path
from zipfile import ZipFile

from tests.support.command_line import chat as command
from tests.support.server import running_server, used_data_path
from tests.system.test_erasing import NAMES, SETTLED, WORDS, Town


def test_an_export_has_all_that_a_person_wrote_and_uploaded(tmp_path: Path) -> None:
    with used_data_path() as data, running_server(data, *SETTLED) as server:
        town = Town(server)
        path = tmp_path / "hers.zip"
        path.write_bytes(b"an earlier one")
        command(server, "user", "export", NAMES[0], str(path))
        assert path.stat().st_mode & 0o777 == 0o600
        assert [*tmp_path.iterdir()] == [path]
        with ZipFile(path) as archive:
            lines = {
                name.removesuffix(".jsonl"): [json.loads(line) for line in archive.read(name).splitlines()]
                for name in archive.namelist()
                if name.endswith(".jsonl")
            }
            files = {
                name.removeprefix("files/"): archive.read(name)
                for name in archive.namelist()
                if "files/" in name
            }
            assert json.loads(archive.read("archive.json")) == {"format": 1}
    (person,) = lines["person"]
    assert (person["name"], person["display_name"], person["email"]) == NAMES[:3]
    texts = [each["text"] for each in lines["messages"]]
    assert texts == [f"{WORDS[0]} again", WORDS[2], WORDS[3], WORDS[4], WORDS[0]]
    assert [each["text"] for each in lines["edits"]] == [WORDS[1]]
    assert [(each["room_id"], each["emoji"]) for each in lines["reactions"]] == [(town.direct, "👍")]
    assert (town.room, "garden", "member") in [
        (each["room_id"], each["room"], each["role"]) for each in lines["memberships"]
    ]
    assert files == {hashlib.sha256(each).hexdigest(): each for each in (b"her bytes", b"never sent")}
    assert sorted(each["sha256"] for each in lines["files"]) == sorted(files)
    assert len(lines["sessions"]) == 1
    assert lines["blocks"] == lines["canned_answers"] == lines["reports"] == []
    assert "an answer" not in str(lines)
    assert "password" not in str(lines)
