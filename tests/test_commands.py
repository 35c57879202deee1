"""README and docs name existing commands, flags, make targets, files and settings."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from chat.settings.config import FIELDS, SECRETS, default_data_directory, variable
from tests.support.documentation.commands import (
    PAGES,
    ROOT,
    Command,
    commands,
    links,
    mentioned_flags,
    shell_blocks,
)
from tests.support.documentation.problems import help_of, makefile_targets, options_of_ours, problems

SCRIPTS = (
    ("-m", "bench"),
    ("-m", "tests.conformance"),
    ("-m", "tests.mutants"),
    ("-m", "tests.simulation"),
    ("-m", "tests.campaign"),
)
"""Programs of ours whose flags are mentioned too."""

OTHERS = {
    "--max-examples": "schemathesis",
    "--deploy-hook": "certbot",
    "--synchronous": "pg_receivewal",
    "--sync-method": "pg_basebackup",
}
"""Flags of other programs that are mentioned."""

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@each_page
def test_each_command_can_be_run(page: Path) -> None:
    wrong = [f"{command}: {problem}" for command in commands(page) for problem in problems(command)]
    assert wrong == []


@each_page
def test_each_block_for_a_shell_is_one(page: Path) -> None:
    for block in shell_blocks(page):
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_examples_of_the_makefile_can_be_run() -> None:
    named = [
        Command(ROOT / "Makefile", f'make {target} ARGS="{arguments}"')
        for target, about in makefile_targets().items()
        for arguments in re.findall(r'ARGS="([^"]*)"', about)
    ]
    assert len(named) >= 4
    assert [f"{command}: {problem}" for command in named for problem in problems(command)] == []


@each_page
def test_each_flag_that_is_mentioned_exists(page: Path) -> None:
    assert [flag for flag in mentioned_flags(page) if flag not in known_flags()] == []


@each_page
def test_each_link_leads_somewhere(page: Path) -> None:
    assert [str(path) for path in links(page) if not path.exists()] == []


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "Containerfile", ROOT / "compose.yaml"], ids=lambda page: page.name
)
def test_each_variable_is_a_setting(page: Path) -> None:
    settings = {variable(name) for name in FIELDS} | {
        "CHAT_TOKEN",
        "CHAT_CONFIG",
        *(f"{variable(name)}_FILE" for name in SECRETS),
    }
    settings |= {"CHAT_PORT", "CHAT_SERVICE_HOST"}  # of Kubernetes, which the server ignores
    assert set(re.findall(r"\bCHAT_[A-Z_]*[A-Z]\b", page.read_text())) - settings == set()


def test_a_selection_of_swept_tests_selects_some(request: pytest.FixtureRequest) -> None:
    """What `-k` takes there are names of scenarios and defects, which no file spells out."""
    files = {"tests/cancellation/test_sessions.py", "tests/cancellation/test_mutants.py"}
    swept = [each.nodeid for each in request.session.items if each.nodeid.partition("::")[0] in files]
    if {each.partition("::")[0] for each in swept} != files:
        pytest.skip("a whole run has the tests that are selected")
    texts = [
        command.text
        for command in commands(ROOT / "tests/cancellation/README.md")
        if "pytest" in command.text
    ]
    selections = [match[1] for text in texts if (match := re.search(r'-k "?([\w-]+)', text))]
    assert len(selections) == 2
    assert [selection for selection in selections if selection not in "\n".join(swept)] == []


def test_it_prints_the_data_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (ROOT / "README.md").read_text()
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert f"`{default_data_directory()}`" in readme
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    at_home = str(default_data_directory()).replace("/home/ada", "~")
    assert f"`{at_home}`" in readme


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("make tset", "no target tset"),
        ('make campaign ARGS="--only kilns"', "--only is one of"),
        ('make mutants ARGS="--sed 1"', "no flag --sed"),
        ("chat serve --trusted-proxies 10.0.0.0/8", "no flag --trusted-proxies"),
        ("chat serve --listen nine", "no port"),
        ("chat serve --grace 0", "--grace"),
        (".venv/bin/chat user ad grace", "no command ad"),
        ("chat user add", "Missing argument"),
        ("CHAT_DATA=/srv .venv/bin/python -m chat why here", "not a valid integer"),
        ("cd / && pytest tests", "bare pytest"),
        (".venv/bin/python -m pytest tests/nowhere -k x", "no tests/nowhere"),
        ("python -m bench --ony a", "no flag --ony"),
        ("python -m nothing", "no module nothing"),
        ("python -m bench.nothing", "no module bench.nothing"),
        ("python tests/nothing.py", "no tests/nothing.py"),
        (".venv/bin/python -m pip install -c nothing.txt websockets", "no nothing.txt"),
        ("curl 'http://127.0.0.1:9000", "unexpected EOF"),
    ],
)
def test_a_command_that_can_not_be_run_is_found(text: str, got: str) -> None:
    assert got in "".join(problems(Command(ROOT / "README.md", text)))


def test_commands_are_found_wherever_they_stand(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Say `make\ntest`, or `chat`.\n\n"
        '    make run     # here\n    make lint   says what\n    {"token": 1}\n\n    curl -s \\\n         -X POST x\n\n'
        "```sh\n# why\nCHAT_DATA=/srv .venv/bin/chat tree\ntrue\n```\n\n```text\nmake nothing\n```\n"
    )
    assert [(command.text, command.whole) for command in commands(page)] == [
        ("make run", True),
        ("make lint", True),
        ("curl -s -X POST x", True),
        ("CHAT_DATA=/srv .venv/bin/chat tree", True),
        ("make test", False),
    ]


@cache
def known_flags() -> frozenset[str]:
    scripts = (flag for script in SCRIPTS for flag in re.findall(r"--[a-z-]+", help_of(*script)))
    return frozenset({*options_of_ours(), *scripts, *OTHERS})
