"""The kit itself: what it takes as equal, and how it reports differences."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conformance.player import CannotPlay, Differs, Target, play
from tests.conformance.templates import compare
from tests.conformance.transcripts import BadTranscript, Transcript, load, steps_of
from tests.support.server import ServerProcess

ROOT = Path(__file__).parents[2]


def transcript(
    script: str, *, people: str = "", operators: str = "", admins: str = "", needs: str = ""
) -> Transcript:
    return Transcript(
        load("talker"),
        "mine",
        "",
        False,
        needs,
        tuple(people.split()),
        tuple(operators.split()),
        tuple(admins.split()),
        tuple(steps_of(script)),
    )


@pytest.mark.parametrize(
    ("template", "came"),
    [
        ("pong", "pong"),
        ("...", "whatever"),
        ('{"a": 1, "b": [2]}', '{"b":[2],"a":1}'),
        ('{"a": {any}, "b": ...}', '{"a":null,"b":{"c":1}}'),
        ('{"id": {id}}', '{"id":7}'),
        ('{"text": "{x*3}"}', '{"text":"xxx"}'),
        ("[1, ...]", "[1,2,3]"),
        ("[..., 3]", "[1,2,3]"),
        ('{"name": "{ada}"}', '{"name":"ada_1"}'),
        ("hello, {ada}", "hello, ada_1"),
        ('{"a": "{{"}', '{"a":"{{"}'),
    ],
)
def test_a_matching_frame_is_accepted(template: str, came: str) -> None:
    assert compare(template, came, {"ada": "ada_1"})[0] == []


def test_a_time_is_now() -> None:
    assert compare('{"at": {seconds}}', f'{{"at":{int(time.time())}}}', {})[0] == []


@pytest.mark.parametrize(
    ("template", "came", "difference"),
    [
        ("pong", "ping", 'expected "pong", came ping'),
        ('{"a": 1}', "a", "expected JSON, came a"),
        ('{"a": 1}', '{"a":2}', "a: expected 1, came 2"),
        ('{"a": 1}', '{"a":true}', "a: expected 1, came true"),
        ('{"a": 1}', '{"a":1.0}', "a: expected 1, came 1.0"),
        ('{"a": {"b": 1}}', '{"a":{}}', "a.b: is missing"),
        ('{"a": 1}', '{"a":1,"b":2}', "b: expected no such key, came 2"),
        ("[1, 2]", "[1]", "expected 2 items, came [1]"),
        ("[1]", "[1, 2]", "expected 1 items, came [1, 2]"),
        ('{"id": {id}}', '{"id":"7"}', "id: expected a positive number, came 7"),
        ('{"id": {id}}', '{"id":0}', "id: expected a positive number, came 0"),
        ('{"at": {time}}', '{"at":"2001-01-01T00:00:00Z"}', "at: expected a time of today"),
        ('{"name": "{ada}"}', '{"name":"eve"}', 'name: expected "ada_1", came eve'),
        ('{"id": {ada.id}}', '{"id":8}', "id: expected 7, which {ada.id} is, came 8"),
    ],
)
def test_a_difference_is_reported_with_its_place(template: str, came: str, difference: str) -> None:
    differences, _ = compare(template, came, {"ada": "ada_1", "ada.id": 7})
    assert len(differences) == 1
    assert differences[0].startswith(difference)


def test_a_placeholder_with_a_dot_takes_the_first_value() -> None:
    _, found = compare('{"id": {ben.id}, "token": "{ben.token}"}', '{"id":8,"token":"t"}', {})
    assert found == {"ben.id": 8, "ben.token": "t"}
    _, found = compare("Connected with id {ben.id}", "Connected with id 8", {})
    assert found == {"ben.id": 8}
    differences, _ = compare("[{new.id}, {new.id}]", "[1, 2]", {})
    assert differences == ["[1]: expected 1, which {new.id} is, came 2"]


def test_a_server_may_send_more_fields_than_its_seed() -> None:
    assert compare('{"a": 1}', '{"a":1,"b":2}', {}, lenient=True)[0] == []


@pytest.mark.parametrize(
    "line", ["ada says hello", "ada", "GET", "= twenty", "ada > hello\n  Accept: text/plain"]
)
def test_a_malformed_transcript_line_is_reported_with_its_number(line: str) -> None:
    with pytest.raises(BadTranscript, match="script:2: "):
        list(steps_of(f"ada connects\n{line}"))


def test_an_indented_line_continues_the_one_before() -> None:
    (step,) = steps_of('ada > {"a": 1,\n       "b": 2}')
    assert step.action == ("ada", '{"a": 1, "b": 2}', False)


@pytest.mark.parametrize(
    ("script", "got"),
    [
        ("GET /healthz\n= 404", "line 2: = 404\n    expected status 404, came 200"),
        ('GET /healthz\n= 200 {"status": "ill"}', 'status: expected "ill", came ok'),
        ("GET /healthz\n= 200", 'expected "", came {"status":"ok"}'),
        ("GET /healthz\nada connects", "nobody looked at this answer: 200"),
        ("= 200", "there is no answer to look at"),
        ("ada connects\n= 401 ...", "there is no answer to look at"),
        ("ada connects /nothing\nada > hello", "nobody looked at this answer: 404"),
        ("ada connects\nada > hello\nada < hello", 'expected "hello", came {"name":"server"'),
        ("ada connects\nada < hello", "nothing came in 0.3 s"),
        ("ada connects\nada < closed", "expected the end, nothing came in 0.3 s"),
        ("ada connects\nada > {x*65537}\nada < closed 1000", "expected close code 1000, came 1009"),
        ("ada connects\nada > hello\nada < closed", 'expected the end, came {"name":"server"'),
        ("ada connects\nada > hello\nada < ...\nada never < ...", "came: "),
        ("ada connects\nada > hello\nada <~ pong", "before: {"),
        (
            'ada connects\nada > {"name": "{ben}", "message": "auth {ben.token}"}',
            "nothing is known of 'ben.token'",
        ),
        ("ben > hello", "nothing is known of 'ben'"),
    ],
)
def test_a_differing_server_is_reported_with_the_place(server: ServerProcess, script: str, got: str) -> None:
    with pytest.raises(Differs) as differs:
        play(transcript(script), Target(server.url, patience=0.3))
    assert got in str(differs.value)


@pytest.mark.parametrize("script", ["GET /healthz\n= 200 ...", "ada connects"])
def test_an_unreachable_server_is_reported(script: str) -> None:
    with pytest.raises(Differs, match=r"^line 1: .*\n    Connect\w*Error: "):
        play(transcript(script), Target("http://127.0.0.1:1"))


def test_unexpected_frames_are_reported_at_the_end(server: ServerProcess) -> None:
    script = "ada connects\nada > one\nada > two\nada < ...\neve connects\neve > three\neve < ..."
    with pytest.raises(Differs, match="nothing was expected, but this came:\n    ada < "):
        play(transcript(script), Target(server.url))


@pytest.mark.parametrize(
    ("needing", "got"),
    [
        (transcript("", operators="olga"), "it needs 1 operators"),
        (transcript("", admins="eve"), "it needs 1 admins"),
        (transcript("", needs="wings"), "a server with wings"),
        (transcript("")._replace(ours=True), "no original has it"),
    ],
)
def test_missing_requirements_of_a_transcript_are_reported(
    server: ServerProcess, needing: Transcript, got: str
) -> None:
    with pytest.raises(CannotPlay, match=got):
        play(needing, Target(server.url, originals_only=True))


def test_the_command_plays_and_reports(server: ServerProcess) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.conformance",
        server.url,
        "--dialect",
        "support",
        "--skip",
        "ours",
        "--only",
        "*auth*",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert "ok       support/auth" in lines
    assert "skipped  support/auth-first: no original has it" in lines
    assert lines[-1].endswith("0 differs, 2 skipped")
