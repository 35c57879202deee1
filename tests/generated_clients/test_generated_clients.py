"""Clients that generators of three languages make of the OpenAPI document are compiled and used against a server.

`make clients` installs the generators and runs all of them. Without them, as in `make test` on a machine where that was
never done, a language skips; and Go does where CLIENTS is not set, because it compiles its library first.
"""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from tests.support.people import PATIENCE
from tests.support.server import ServerProcess, running_server, used_data_path

HERE = Path(__file__).parent
TOOLS = HERE.parents[1] / "build" / "clients"
BIN, NODE_MODULES = TOOLS / "venv" / "bin", TOOLS / "node_modules"

OPERATIONS = (
    *("server_info", "register", "log_in", "refresh", "me", "change_me", "sessions", "people", "person"),
    *("new_room", "room", "own_rooms", "change_room", "mine", "new_invite", "invite", "upload", "download"),
    *("send", "history", "edit", "react", "read", "search", "delete", "log_out"),
)

LONGEST = 540.0
"""Seconds for a generator or a compiler; on a machine that never did it, Go compiles its whole library."""


@pytest.fixture(scope="module")
def server() -> Generator[ServerProcess]:
    with used_data_path() as data, running_server(data) as server:
        yield server


@pytest.fixture
def document(server: ServerProcess, tmp_path: Path) -> Path:
    """The document as a generator is given it."""
    answer = httpx.get(f"{server.url}/api/v1/openapi.json", trust_env=False, timeout=PATIENCE)
    path = tmp_path / "openapi.json"
    path.write_bytes(answer.content)
    return path


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    path = f"{BIN}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"PATH": path} | variables,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def needs(tool: Path) -> None:
    if not tool.exists():
        pytest.skip(f"no {tool.name}: `make clients` installs it")


def test_python(server: ServerProcess, document: Path, tmp_path: Path) -> None:
    needs(BIN / "openapi-python-client")
    run(
        *(BIN / "openapi-python-client", "generate", "--path", document),
        *("--output-path", tmp_path / "generated", "--meta", "none"),
        cwd=tmp_path,
    )
    program = tmp_path / "operations.py"
    program.write_bytes((HERE / "operations.py").read_bytes())
    assert run(BIN / "python", program, server.url, "python", cwd=tmp_path).split() == list(OPERATIONS)


def test_typescript(server: ServerProcess, document: Path, tmp_path: Path) -> None:
    needs(NODE_MODULES / "openapi-typescript")
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    (tmp_path / "package.json").write_text(json.dumps({"type": "module"}))
    run(
        "node",
        NODE_MODULES / "openapi-typescript" / "bin" / "cli.js",
        document,
        "-o",
        "schema.d.ts",
        cwd=tmp_path,
    )
    program = tmp_path / "operations.ts"
    program.write_bytes((HERE / "operations.ts").read_bytes())
    options = ("--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom")
    run("node", NODE_MODULES / "typescript" / "bin" / "tsc", *options, program, cwd=tmp_path)
    assert run("node", "operations.js", server.url, "typescript", cwd=tmp_path).split() == list(OPERATIONS)


def test_go(server: ServerProcess, document: Path, tmp_path: Path) -> None:
    needs(BIN / "openapi-generator-cli")
    if "CLIENTS" not in os.environ:
        pytest.skip("Go compiles its library first: `make clients` does")
    generated = tmp_path / "generated"
    run(
        *(BIN / "openapi-generator-cli", "generate", "-g", "go", "-i", document, "-o", generated),
        *("--global-property", "apiTests=false,modelTests=false,apiDocs=false,modelDocs=false"),
        "--additional-properties=packageName=generated,withGoMod=false",
        cwd=tmp_path,
    )
    (generated / "go.mod").write_text("module generated\n\ngo 1.21\n")
    program = tmp_path / "program"
    program.mkdir()
    (program / "go.mod").write_text(
        "module program\n\ngo 1.21\n\nrequire generated v0.0.0\n\nreplace generated => ../generated\n"
    )
    (program / "operations.go").write_bytes((HERE / "operations.go").read_bytes())
    # Nothing is fetched: what is generated needs the standard library alone.
    offline = {"GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOCACHE": str(TOOLS / "go")}
    run("go", "vet", "./...", cwd=program, **offline)
    run("go", "build", "-o", "operations", cwd=program, **offline)
    assert run(program / "operations", server.url, "go", cwd=program).split() == list(OPERATIONS)
