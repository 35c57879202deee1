"""docs/cancellation is up to date: every file, name, test, mutant and quoted line exists."""

import ast
import os
import re
import runpy
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import pytest
import trio
import trio.testing

from tests.cancellation.mutants import MUTANTS

ROOT = Path(__file__).parents[1]
TOY = ROOT / "docs" / "cancellation" / "toy.py"
CHAPTERS = sorted(
    page for page in (ROOT / "docs" / "cancellation").glob("*.md") if page.name != "elsewhere.md"
)
"""The walk and its index; elsewhere.md is about the programs of others."""
BREAKS = {mutant.name: mutant.breaks for mutants in MUTANTS.values() for mutant in mutants}

each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)


class Link(NamedTuple):
    """`[label](target)`, the target resolved."""

    label: str
    path: Path


class Block(NamedTuple):
    """What stands between two fences; `kind` is the first one's word or words."""

    kind: str
    text: str


@each_chapter
def test_its_links_lead_somewhere(chapter: Path) -> None:
    assert links(chapter)
    assert [link for link in links(chapter) if not link.path.exists()] == []


@each_chapter
def test_each_name_is_defined_in_the_file_that_it_links_to(chapter: Path) -> None:
    named = [(re.fullmatch(r"`([\w.]+)`", link.label), link.path) for link in links(chapter)]
    lost = [
        f"{match[1]} in {path.name}"
        for match, path in named
        if match and path.suffix == ".py" and match[1] not in {*definitions(path), path.name}
    ]
    assert lost == []


@each_chapter
def test_methods_that_are_named_without_a_link_exist(chapter: Path) -> None:
    ours = set().union(*map(definitions, (ROOT / "chat").rglob("*.py")))
    named = re.findall(r"`((\w+)\.\w+)`", prose(chapter))
    assert [method for method, owner in named if owner in ours and method not in ours] == []


@each_chapter
def test_quoted_code_stands_in_a_file_that_the_chapter_links_to(chapter: Path) -> None:
    sources = [lines(link.path.read_text()) for link in links(chapter) if link.path.suffix == ".py"]
    quoted = [block.text for block in blocks(chapter) if block.kind == "python"]
    assert [text for text in quoted if not any(lines(text) in source for source in sources)] == []


@each_chapter
def test_each_command_selects_a_test(chapter: Path) -> None:
    commands = "".join(block.text for block in blocks(chapter) if block.kind == "sh").splitlines()
    for command in commands:
        match = re.fullmatch(r"\.venv/bin/python -m pytest (tests/\S+) -k (\w+)( -s)?", command)
        assert match, command
        where, what, loud = match.groups()
        assert loud is None or what in BREAKS, f"{what} is no mutant"
        assert any(what in name for name in selectable(ROOT / where)), command


@each_chapter
def test_each_mutant_agrees_with_its_table(chapter: Path) -> None:
    shown = dict(
        block.text.splitlines()[0].split(": ", 1)
        for block in blocks(chapter)
        if block.kind == "text" and "--cancel-at=" in block.text
    )
    assert shown == {name: BREAKS.get(name) for name in shown}
    run = {what for block in blocks(chapter) for what in re.findall(r"-k (\w+) -s", block.text)}
    assert run == set(shown)


def test_the_example_programs_print_the_documented_output() -> None:
    found = [block for chapter in CHAPTERS for block in blocks(chapter)]
    programs = [pair for pair in pairwise(found) if pair[0].kind == "python run"]
    assert len(programs) == 10
    with ThreadPoolExecutor(4) as pool:
        for (_, output), done in zip(programs, pool.map(run_program, programs), strict=True):
            assert done.stdout == output.text, done.stderr


def test_the_chapters_are_all_in_the_index() -> None:
    index, *chapters = sorted(CHAPTERS, key=lambda chapter: chapter.name != "README.md")
    assert index.name == "README.md"
    assert len(chapters) == 10
    assert {link.path for link in links(index)} >= set(chapters)


def test_chapter_3_lists_every_shield() -> None:
    chapter = ROOT / "docs" / "cancellation" / "03-commit.md"
    rows = re.findall(r"^\| \[`([\w.]+)`\]\(([^)]+)\) \|", chapter.read_text(), re.MULTILINE)
    listed = sorted(((chapter.parent / path).resolve(), name) for name, path in rows)
    assert listed == sorted(shields())


def test_the_toy_has_sixty_lines() -> None:
    assert len([line for line in TOY.read_text().splitlines() if line]) <= 60


async def test_the_toy_sends_only_messages_of_the_file(tmp_path: Path) -> None:
    toy, clients = runpy.run_path(str(TOY)), set[Any]()
    path = tmp_path / "log.txt"
    log = os.open(path, os.O_WRONLY | os.O_CREAT)
    submit, submitted = trio.open_memory_channel[bytes](0)

    async def connect() -> trio.SocketStream:
        there = len(clients)
        stream = await trio.testing.open_stream_to_socket_listener(listener)
        while len(clients) == there:
            await trio.lowlevel.checkpoint()
        return stream

    with trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
            nursery.start_soon(toy["commit"], clients, submitted, log)
            nursery.start_soon(trio.serve_listeners, partial(toy["serve"], clients, submit), [listener])
            ada, ben = await connect(), await connect()
            await ben.send_all(b"hello\n")
            assert await ada.receive_some() == b"hello\n"
            assert path.read_bytes() == b"hello\n"
            ada.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await ada.aclose()  # a reset, which nobody else notices
            while len(clients) == 2:
                await trio.lowlevel.checkpoint()
            charles = await connect()
            await charles.send_all(b"bye\n")
            assert await charles.receive_some() == b"bye\n"
            nursery.cancel_scope.cancel()
        for each in (ben, charles, listener):
            await each.aclose()
    os.close(log)


def run_program(program: tuple[Block, Block]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program[0].text]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def shields() -> Iterator[tuple[Path, str]]:
    """Return each function of the product that opens a shield, once for each, with its file."""
    for path in (ROOT / "chat").rglob("*.py"):
        text = path.read_text()
        if "shield" in text:
            for name, node in _functions(ast.parse(text).body):
                if any(map(_is_shield, ast.walk(node))):
                    yield path, name


def _functions(body: list[ast.stmt], inside: str = "") -> Iterator[tuple[str, ast.AST]]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield inside + node.name, node
            case ast.ClassDef():
                yield from _functions(node.body, f"{inside}{node.name}.")


def _is_shield(node: ast.AST) -> bool:
    match node:
        case ast.keyword(arg="shield", value=ast.Constant(value=True)):
            return True
        case ast.Assign(targets=[ast.Attribute(attr="shield")]):
            return True
    return False


def test_elsewhere_names_each_library_and_each_reproduction() -> None:
    page = (ROOT / "docs" / "cancellation" / "elsewhere.md").read_text()
    programs = sorted((ROOT / "docs" / "cancellation" / "elsewhere").glob("*.py"))
    assert [each.name for each in programs if f"](elsewhere/{each.name})" not in page] == []
    examples = (ROOT / "sweep" / "examples" / "run.py").read_text()
    versions = re.findall(r'"([\w-]+)(?:\[[\w,]+\])?==([\d.]+)"', examples)
    assert len(versions) >= 9
    assert [each for each in versions if f"{each[0]} {each[1]}" not in page] == []


def blocks(chapter: Path) -> list[Block]:
    """Return the chapter's fenced blocks."""
    found = re.findall(r"^```([^\n]+)\n(.*?)^```$", chapter.read_text(), re.MULTILINE | re.DOTALL)
    return [Block(kind, text) for kind, text in found]


def prose(chapter: Path) -> str:
    """Return the chapter without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", chapter.read_text(), flags=re.MULTILINE | re.DOTALL)


def links(chapter: Path) -> list[Link]:
    """Return the chapter's links; none leads out of the project."""
    found = re.findall(r"\[([^\]]+)\]\(([^)]+)\)", prose(chapter))
    return [Link(label, (chapter.parent / target).resolve()) for label, target in found]


def lines(text: str) -> str:
    """Return the text without indentation, so that a quotation may be dedented."""
    return "\n".join(line.strip() for line in dedent(text).strip().splitlines()) + "\n"


@cache
def definitions(path: Path) -> frozenset[str]:
    """Return the names of a module's functions, classes, methods and constants."""
    return frozenset(_defined(ast.parse(path.read_text()).body))


def _defined(body: list[ast.stmt], inside: str = "") -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield inside + node.name
            case ast.ClassDef():
                yield inside + node.name
                yield from _defined(node.body, f"{inside}{node.name}.")
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield inside + name


def selectable(where: Path) -> Iterator[str]:
    """Name the tests of a file or directory, the mutants and scenarios of the sweeps among them."""
    for path in [where] if where.is_file() else where.rglob("test_*.py"):
        yield from (name for name in definitions(path) if name.startswith("test_"))
    if where.name == "cancellation":
        yield from BREAKS
    elif where.name == "test_gateway.py":
        yield from definitions(where.with_name("gateway_scenarios.py"))
