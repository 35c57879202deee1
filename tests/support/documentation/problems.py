"""Finds mistakes in a command that a page names, by asking the program that it runs.

`chat` is asked by its own parser, `make` by a dry run, whose commands are looked at too, a script of ours by its
--help; of the rest bash looks at the syntax.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from itertools import pairwise

import click

from chat.cli import main
from chat.domain.startup import CannotStart
from chat.settings.sources import read_config
from tests.support.documentation.commands import ASSIGNMENT, ROOT, Command

_OPERATORS = {"&&", "||", "|", ";", "&", "(", ")"}


def problems(command: Command) -> Iterator[str]:
    """Yield the mistakes in a command."""
    if command.whole:
        done = subprocess.run(["bash", "-n", "-c", command.text], capture_output=True, text=True, check=False)
        if done.returncode:
            yield done.stderr
            return
    for words in _simple(command.text):
        yield from _problems(words, command.whole)


def options_of_ours() -> set[str]:
    """The options of `chat` with all its commands."""
    return {option for each in _walk(main) for parameter in each.params for option in parameter.opts}


@cache
def help_of(*program: str) -> str:
    """Return the output of a script or module of ours for --help."""
    done = subprocess.run(
        [sys.executable, *program, "--help"], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    return done.stdout


def makefile_targets() -> dict[str, str]:
    """The targets that `make help` lists, with their descriptions."""
    return dict(re.findall(r"^([a-z-]+):.*## (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE))


def _simple(text: str) -> Iterator[list[str]]:
    """Split at `&&` and the like; drop assignments before a command, and everything after an ellipsis."""
    lexer = shlex.shlex(text.partition("…")[0], posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word in _OPERATORS:
            while words and (ASSIGNMENT.match(words[0]) or words[0] in ("exec", "sudo")):
                words.pop(0)
            if words:
                yield words
            words = []
        else:
            words.append(word)


def _problems(words: list[str], whole: bool) -> Iterator[str]:
    match words[0].rpartition("/")[2], words[1:]:
        case "make", rest:
            yield from _problems_of_make(rest)
        case "chat", rest:
            yield from _problems_of_chat(rest, whole)
        case "pytest", _:
            yield "a bare pytest is not the project's own: .venv/bin/python -m pytest"
        case "python" | "python3", ["-m", "chat", *rest]:
            yield from _problems_of_chat(rest, whole)
        case "python" | "python3", ["-m", "pytest", *rest]:
            where = [word for word in rest if word.startswith("tests")]
            yield from (f"there is no {path}" for path in where if not (ROOT / path).exists())
        case ("python" | "python3", ["-m", "pip", *rest]) | ("pip", rest):
            files = [file for option, file in pairwise(rest) if option in ("-c", "-r")]
            yield from (f"there is no {file}" for file in files if not (ROOT / file).is_file())
        case "python" | "python3", ["-m", module, *rest]:
            if not _is_there(module):
                yield f"there is no module {module}"
            elif module.partition(".")[0] in ("bench", "tests"):
                yield from _problems_of_flags(rest, "-m", module)
        case "python" | "python3", [script, *rest] if not script.startswith("-"):
            if not (ROOT / script).is_file():
                yield f"there is no {script}"
            else:
                yield from _problems_of_flags(rest, script)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _problems_of_make(words: list[str]) -> Iterator[str]:
    for target in (word for word in words if "=" not in word and not word.startswith("-")):
        if target not in makefile_targets():
            yield f"there is no target {target}"
            return
    for line in _dry_run(*words):
        for simple in _simple(line):
            yield from _problems(simple, whole=True)


@cache
def _dry_run(*words: str) -> tuple[str, ...]:
    # USABLE, as the Makefile has it, may remove a .venv that is another directory's.
    command = ["make", "--dry-run", "--no-print-directory", "USABLE=", *words]
    # ARGS and the like are ours, where make runs the tests.
    path = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=path)
    lines = done.stdout.replace("\\\n", " ").splitlines()
    return tuple(line for line in lines if ".venv/bin/python" in line and " -m pip " not in line)


def _problems_of_chat(words: list[str], whole: bool) -> Iterator[str]:
    group: click.Command = main
    context = click.Context(main, info_name="chat")
    while isinstance(group, click.Group) and words and not words[0].startswith("-"):
        name, *words = words
        found = group.get_command(context, name)
        if found is None and (default := getattr(group, "default", None)):  # `chat backup TARGET`
            found, words = group.get_command(context, default), [name, *words]
        if found is None:
            yield f"there is no command {name}"
            return
        group = found
    known = {option for parameter in group.get_params(context) for option in parameter.opts}
    unknown = [
        flag for word in words if (flag := word.partition("=")[0]).startswith("-") and flag not in known
    ]
    yield from (f"there is no flag {flag}" for flag in unknown)
    if not whole or unknown:
        return
    try:
        parsed = group.make_context("chat", list(words), parent=context)
        if group.name == "serve" and not parsed.params["config"]:
            read_config(parsed.params, {})
    except click.exceptions.Exit:  # --help
        return
    except (click.UsageError, CannotStart) as error:
        yield error.format_message() if isinstance(error, click.UsageError) else str(error)


def _problems_of_flags(words: list[str], *program: str) -> Iterator[str]:
    """The options and choices that are not in the --help of a script of ours."""
    for word, value in pairwise([*words, ""]):
        flag, equals, given = word.partition("=")
        if not flag.startswith("--"):
            continue
        said = help_of(*program)
        if not re.search(rf"{flag}(?![\w-])", said):
            yield f"there is no flag {flag}"
        choices = re.search(rf"{flag} {{([^}}]*)}}", said)
        if choices and (given if equals else value) not in choices[1].split(","):
            yield f"{flag} is one of {choices[1]}"


def _walk(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            found = [command.get_command(context, name) for name in command.list_commands(context)]
        for each in filter(None, found):
            yield from _walk(each)
