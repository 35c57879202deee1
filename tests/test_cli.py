"""The command, as a person meets it: its help, its refusals, its signals, and a real process with its database."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import httpx
import pytest
import trio
import trio.testing
from click.testing import CliRunner, Result
from websockets.sync.client import connect

import chat.server
from chat import __version__
from chat.cli import main
from chat.cli.command_failed import CommandFailed
from chat.cli.expected_errors import Misconfigured, expected_errors
from chat.cli.serve import serve, serve_until_signalled
from chat.cli.user import user
from chat.domain.startup import CannotStart
from chat.domain.text import skeletons
from chat.embedded_postgres.embedded import running_address
from chat.server import open_chat
from chat.settings.config import FIELDS, SECRETS, Config, ConfigError, describe, flag, variable
from chat.settings.listen import Listen
from chat.settings.sources import read_config
from tests.reference.storage import MemoryStorage
from tests.support import command_line
from tests.support.campaign import in_campaign
from tests.support.databases import execute
from tests.support.processes import child

SECRET = "a-secret-of-thirty-two-bytes-or-more"
PATIENCE = 60
"""Seconds for a process to do what it should; far more than it takes, also on a busy machine."""


def environment(**settings: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CHAT_")}
    return ours | {"CHAT_BCRYPT_COST": "4"} | settings


def invoke(*arguments: str, **settings: str) -> Result:
    hidden = {name: None for name in os.environ if name.startswith("CHAT_")}
    return CliRunner().invoke(main, arguments, env={**hidden, **settings})


def chat_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "chat", *arguments]


def run_chat(*arguments: str, stdin: str = "", **settings: str) -> "subprocess.CompletedProcess[str]":
    return command_line.run_chat(arguments, stdin, **{"CHAT_BCRYPT_COST": "4"} | settings)


class Running:
    """A `chat serve` process, and all that it says."""

    def __init__(self, *arguments: str, **settings: str) -> None:
        self.process = subprocess.Popen(
            chat_command("serve", "--listen", "127.0.0.1:0", *arguments),
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.url = ""  # set by who waits for it
        self.errors: list[str] = []
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self.errors.extend(self.process.stderr)

    def listening(self) -> str:
        assert self.process.stdout is not None
        overdue = threading.Timer(PATIENCE, self.process.kill)
        overdue.start()
        line = self.process.stdout.readline()
        overdue.cancel()
        assert line.startswith("listening on "), (line, self.errors)
        return line.removeprefix("listening on ").strip()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        try:
            status = self.process.wait(PATIENCE)
            self._reader.join(PATIENCE)
            return status
        finally:
            self.process.kill()
            for stream in (self.process.stdout, self.process.stderr):
                if stream is not None:
                    stream.close()

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()  # nothing, where it was stopped
        self.wait()


@pytest.fixture(scope="session")
def home() -> Generator[Path]:
    """A directory that root's PostgreSQL, which is not root, may enter; pytest's own are private."""
    with TemporaryDirectory(prefix="chat-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture(scope="session")
def data(home: Path) -> Path:
    """A data directory whose database exists and whose server has stopped; the first start makes it."""
    data = home / "data"
    with Running("--data", str(data)) as first:
        first.listening()
        assert first.stop() == 0, first.errors
    return data


@pytest.fixture
def running(data: Path) -> Generator[Running]:
    with Running("--data", str(data)) as server:
        server.url = server.listening()
        yield server
        assert server.stop() == 0, server.errors


# What it says about itself


def test_help_describes_every_setting_with_its_flag_and_variable() -> None:
    text = " ".join(invoke("serve", "--help").stdout.split())
    for name in FIELDS.keys() - {*SECRETS}:
        assert flag(name) in text
    for name in FIELDS:
        assert describe(name) in text
        assert f"[{variable(name)}" in text
    assert "--secret-file" in text
    assert "--previous-secret-file" in text
    assert "-secret " not in text


def test_a_setting_that_is_on_or_off_is_a_switch() -> None:
    def read(*arguments: str, **environ: str) -> bool:
        return read_config(serve.make_context("serve", list(arguments)).params, environ).direct_trust_from

    assert read("--direct-trust-from")
    assert not read()
    assert read(CHAT_DIRECT_TRUST_FROM="1")
    assert read("--direct-trust-from", CHAT_DIRECT_TRUST_FROM="0")
    with pytest.raises(click.UsageError):
        read("--direct-trust-from", "1")
    assert "--direct-trust-from N" not in " ".join(invoke("serve", "--help").stdout.split())


def test_a_flag_that_help_mentions_exists() -> None:
    with click.Context(main) as context:
        commands = [main.get_command(context, name) for name in main.list_commands(context)]
    for command in (main, *filter(None, commands), *user.commands.values()):
        with click.Context(command) as context:
            mentioned = re.findall(r"--[a-z][a-z-]+", command.get_help(context))
            known = {option for each in command.get_params(context) for option in each.opts}
        assert set(mentioned) - known == set(), command.name


def test_the_version_is_printed() -> None:
    assert invoke("--version").stdout == f"chat {__version__}\n"
    command = chat_command("--version")
    assert subprocess.check_output(command, text=True, timeout=PATIENCE) == f"chat {__version__}\n"


@pytest.mark.parametrize(
    ("imported", "left_out"),
    [
        ("chat.cli", ("trio", "asyncpg", "structlog")),
        ("chat.cli.health, chat.cli.why", ("trio", "asyncpg", "structlog", "urllib.request")),
        ("chat.cli.user, chat.cli.room, chat.cli.message, chat.cli.setting", ("chat.server", "quart")),
        ("chat.cli.user, chat.data_access", ("chat.server", "quart", "confusable_homoglyphs")),
    ],
    ids=["the version", "health", "the server", "letters"],
)
def test_a_command_imports_only_the_modules_it_needs(imported: str, left_out: tuple[str, ...]) -> None:
    """Among that is the table of letters that look alike, which takes a tenth of a second."""
    code = f"import sys, {imported}; print(*sorted({{*{left_out}}} & {{*sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert done.stdout.split() == []


async def test_a_server_has_read_which_letters_look_alike_before_anybody_comes() -> None:
    skeletons._prototypes.cache_clear()
    config = Config(data=Path("unused"), listen=(Listen("127.0.0.1", 0),), bcrypt_cost=4)
    with trio.fail_after(PATIENCE):
        async with open_chat(config, MemoryStorage(), SECRET):
            assert skeletons._prototypes.cache_info().currsize == 1


# What it refuses


@pytest.mark.parametrize(
    ("arguments", "settings", "says"),
    [
        (("--listen", "nine"), {}, "--listen: 'nine' has no port"),
        (("--bcrypt-cost", "99"), {}, "--bcrypt-cost: "),
        (("--config", "/nowhere"), {}, "--config: cannot read /nowhere"),
        ((), {"CHAT_SECRET": "short"}, "CHAT_SECRET: has under 32 bytes"),
        ((), {"CHAT_BCRYPT_COSTS": "4"}, "CHAT_BCRYPT_COSTS: unknown setting; is CHAT_BCRYPT_COST meant?"),
    ],
)
def test_a_wrong_setting_prints_one_line_and_exits_with_status_2(
    arguments: tuple[str, ...], settings: dict[str, str], says: str
) -> None:
    result = invoke("serve", *arguments, **settings)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"chat: {says}")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_an_unknown_flag_is_a_usage_error() -> None:
    assert invoke("serve", "--secret", SECRET).exit_code == 2
    assert invoke("sevre").exit_code == 2


def test_adding_somebody_without_a_terminal_asks_for_password_stdin() -> None:
    result = invoke("user", "add", "ada")
    assert result.exit_code == 2
    assert "--password-stdin" in result.stderr


def test_input_that_is_not_utf8_is_refused() -> None:
    assert invoke("user", "revoke", "ad\udcff").exit_code == 2
    for arguments in (("set", "server_name", "\udcff"), ("set", "\udcff", "1"), ("unset", "\udcff")):
        assert "not UTF-8" in invoke("setting", *arguments).stderr
    ada = [*chat_command("user", "add", "ada", "--password-stdin")]
    done = subprocess.run(
        ada, input=b"\xff", env=environment(), capture_output=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 2
    assert b"not UTF-8" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["user", "list"],
        ["user", "role", "ada", "admin"],
        ["user", "invite"],
        ["room", "list"],
        ["message", "delete", "7"],
        ["setting", "set", "registration", "closed"],
        ["nodes"],
    ],
)
@pytest.mark.parametrize("is_there", [False, True])
def test_a_mistyped_data_directory_is_reported_and_not_created(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], *, is_there: bool
) -> None:
    monkeypatch.setattr("chat.cli.data_access.configure_logging", lambda *_: None)  # the tests log as before
    data = tmp_path / "mistyped"
    if is_there:
        data.mkdir()
    result = invoke(*arguments, "--data", str(data))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"chat: there is no data of a server in {data}; pass --data or --database\n"
    assert [*tmp_path.rglob("*")] == [data] * is_there


def test_an_unreadable_data_directory_is_not_reported_as_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.cli.data_access.configure_logging", lambda *_: None)  # the tests log as before
    data, stat = tmp_path / "data", Path.stat

    def closed(path: Path, **options: bool) -> os.stat_result:  # root may see everything
        if path.parent == data:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", closed)
    result = invoke("user", "list", "--data", str(data))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        f"chat: cannot use the data directory {data}: [Errno 13] Permission denied"
    )


def test_a_refusal_is_found_inside_groups() -> None:
    with pytest.raises(CommandFailed, match=r"^port 80 is in use$") as caught, expected_errors():
        raise ExceptionGroup("outer", [ExceptionGroup("inner", [CannotStart("port 80\nis in use")])])
    assert caught.value.exit_code == 1
    with pytest.raises(Misconfigured), expected_errors():
        raise ExceptionGroup("", [ConfigError("CHAT_X: unknown setting")])


def test_a_bug_is_not_taken_for_a_refusal() -> None:
    with pytest.raises(ExceptionGroup) as caught, expected_errors():
        raise ExceptionGroup("", [CannotStart("no"), ZeroDivisionError()])
    assert caught.group_contains(ZeroDivisionError)
    with pytest.raises(ZeroDivisionError), expected_errors():
        raise ZeroDivisionError


# Its signals, on a server whose start and end take as long as the test likes


class SlowServer:
    """Stands where the server would, and starts and stops when the test lets it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.steps: list[str] = []
        self.may_start = trio.Event()
        self.may_stop = trio.Event()
        monkeypatch.setattr(chat.server, "open_server", self.open)

    @asynccontextmanager
    async def open(self, _config: Config) -> AsyncGenerator[chat.server.Server]:
        self.steps.append("starting")
        try:
            await self.may_start.wait()
            self.steps.append("started")
            yield chat.server.Server(
                ("http://127.0.0.1:9000", "https://[::1]:9001"), _no_certificate, trio.sleep
            )
            self.steps.append("stopping")
            await self.may_stop.wait()
            self.steps.append("stopped")
        finally:
            self.steps.append("gone")

    async def serve(self, numbers: tuple[int, ...]) -> bool:
        """Run the command's own part, send it the signals one by one, and return what it says of the end."""
        uncut: list[bool] = []

        async def run() -> None:
            uncut.append(await serve_until_signalled(Config(), Config))

        with trio.fail_after(30):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(run)
                await trio.testing.wait_all_tasks_blocked()
                for number in numbers:
                    os.kill(os.getpid(), number)
                    await trio.testing.wait_all_tasks_blocked()
        return uncut[0]


async def _no_certificate(_cert: Path, _key: Path) -> None:
    raise CannotStart("it has none")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_a_server_gracefully(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    server = SlowServer(monkeypatch)
    server.may_start.set()
    server.may_stop.set()
    assert await server.serve((number,))
    assert server.steps == ["starting", "started", "stopping", "stopped", "gone"]
    got = [line for line in capsys.readouterr().out.splitlines() if line.startswith("listening")]
    assert got == ["listening on http://127.0.0.1:9000", "listening on https://[::1]:9001"]


async def test_a_signal_during_the_start_undoes_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = SlowServer(monkeypatch)
    assert await server.serve((signal.SIGTERM,))
    assert server.steps == ["starting", "gone"]
    assert "listening" not in capsys.readouterr().out


async def test_a_second_signal_cuts_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    server = SlowServer(monkeypatch)
    server.may_start.set()
    assert not await server.serve((signal.SIGTERM, signal.SIGINT))
    assert server.steps == ["starting", "started", "stopping", "gone"]


async def test_a_hangup_during_the_start_undoes_nothing_and_is_heeded_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chat.cli.reload.configure_logging", lambda *_: None)  # the tests log as before
    server, read = SlowServer(monkeypatch), trio.Event()
    server.may_stop.set()

    def read_settings() -> Config:
        assert server.steps == ["starting", "started"]
        trio.from_thread.run_sync(read.set)
        return Config()

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve_until_signalled, Config(), read_settings)
            await trio.testing.wait_all_tasks_blocked()
            os.kill(os.getpid(), signal.SIGHUP)
            await trio.testing.wait_all_tasks_blocked()
            server.may_start.set()
            await read.wait()
            os.kill(os.getpid(), signal.SIGTERM)
    assert server.steps == ["starting", "started", "stopping", "stopped", "gone"]


async def test_an_error_that_ends_the_server_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def refuse(_config: Config) -> AsyncGenerator[chat.server.Server]:
        raise CannotStart("port 9000 is in use")
        yield

    monkeypatch.setattr(chat.server, "open_server", refuse)
    with pytest.raises(ExceptionGroup) as caught:
        await serve_until_signalled(Config(), Config)
    assert caught.group_contains(CannotStart)


# The real process


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=in_campaign)])
def test_it_listens_on_a_free_port_and_ends_with_status_0(data: Path, number: int) -> None:
    with Running("--data", str(data), "--listen", "127.0.0.1:0=messenger") as server:
        addresses = [server.listening(), server.listening()]
        assert all(re.fullmatch(r"http://127\.0\.0\.1:[0-9]+", address) for address in addresses)
        health = [httpx.get(f"{address}/healthz", trust_env=False, timeout=PATIENCE) for address in addresses]
        assert [answer.status_code for answer in health] == [200, 200]
        assert server.stop(number) == 0, server.errors


def test_a_signal_in_the_middle_of_the_first_start_ends_it_with_status_0(home: Path) -> None:
    with Running("--data", str(home / "interrupted")) as server:
        deadline = time.monotonic() + PATIENCE
        while not (home / "interrupted" / "postgres").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        assert server.stop() == 0, server.errors


def test_nobody_reading_stdout_is_no_reason_not_to_serve(data: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with Running("--data", str(data), "--listen", f"127.0.0.1:{port}") as server:
        assert server.process.stdout is not None
        server.process.stdout.close()
        answer = httpx.Client(transport=httpx.HTTPTransport(retries=10), trust_env=False, timeout=PATIENCE)
        with answer:
            assert answer.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
        assert server.stop() == 0, server.errors
    assert not any("BrokenPipe" in line for line in server.errors)


def refused(done: "subprocess.CompletedProcess[str]") -> str:
    """Check that a start was refused properly, and return the line that says why."""
    *logged, said = done.stderr.splitlines()
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert said.startswith("chat: "), logged
    return said


def test_a_port_in_use_prints_one_line(data: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        done = run_chat("serve", "--data", str(data), "--listen", f"127.0.0.1:{port}")
    assert str(port) in refused(done)


def test_a_second_server_on_the_same_data_prints_one_line(running: Running, data: Path) -> None:
    done = run_chat("serve", "--data", str(data), "--listen", "127.0.0.1:0")
    assert str(data) in refused(done)
    assert running.process.poll() is None


def test_a_foreign_directory_prints_one_line(home: Path) -> None:
    (home / "foreign").mkdir()
    (home / "foreign" / "thesis.tex").touch()
    assert str(home / "foreign") in refused(run_chat("serve", "--data", str(home / "foreign")))


def test_an_unreachable_database_prints_one_line(home: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as closed:
        port = closed.getsockname()[1]
    url = f"postgresql://chat:two hunters@127.0.0.1:{port}/chat"
    done = run_chat("serve", "--data", str(home / "remote"), "--listen", "127.0.0.1:0", CHAT_DATABASE_URL=url)
    assert "two hunters" not in refused(done) + done.stderr


# People


def people(data: Path) -> dict[str, dict[str, object]]:
    done = run_chat("user", "list", "--json", "--data", str(data))
    assert done.returncode == 0, done.stderr
    return {person["name"]: person for person in json.loads(done.stdout)}


def test_the_help_of_delete_explains_what_happens_to_messages() -> None:
    text = " ".join(invoke("user", "delete", "--help").stdout.split())
    assert "Messages stay under the name" in text
    assert "Nobody else can take the name" in text


def test_people_are_managed_while_the_server_runs(running: Running, data: Path) -> None:
    def user(*arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return run_chat("user", *arguments, "--data", str(data), stdin=stdin)

    added = user(
        "add", "ada", "--email", "ada@chat.example", "--operator", "--password-stdin", stdin="world of tea\n"
    )
    assert added.returncode == 0, added.stderr
    assert added.stdout == f"added ada, id {people(data)['ada']['id']}\n"
    assert people(data)["ada"]["email"] == "ada@chat.example"
    assert people(data)["ada"]["roles"] == ["operator"]
    head, *rows = user("list").stdout.splitlines()
    assert head.split() == ["ID", "NAME", "EMAIL", "ROLES", "CREATED"]
    assert any(row.split()[1:4] == ["ada", "ada@chat.example", "operator"] for row in rows)
    assert user("revoke", "ADA").stdout.startswith("revoked the tokens of ada, id ")
    assert user("role", "ada", "operator", "admin").stdout.endswith(": operator,admin\n")
    assert user("role", "Ada", "member").stdout.endswith(": member\n")
    assert people(data)["ada"]["roles"] == []
    assert user("logout", "ada").stdout.startswith("logged out ada, id ")
    assert user("password", "ada", "--password-stdin", stdin="new world\n").stdout.startswith(
        "changed the password of ada"
    )
    url = running.url
    for password, status in (("world of tea", 401), ("new world", 200)):
        assert httpx.post(url, json={"name": "ada", "password": password}).status_code == status
    assert user("disable", "ada").stdout.startswith("disabled ada, id ")
    assert people(data)["ada"]["disabled"]
    assert ",disabled" not in user("list").stdout
    assert any(row.split()[3] == "disabled" for row in user("list").stdout.splitlines())
    assert httpx.post(url, json={"name": "ada", "password": "new world"}).status_code == 401
    assert user("enable", "ada").stdout.startswith("enabled ada, id ")
    assert user("rename", "ada", "Zoë").stdout.startswith("renamed to Zoë, id ")
    assert httpx.post(url, json={"name": "Zoë", "password": "new world"}).status_code == 200
    assert user("delete", "Zoë").stdout.startswith("deleted Zoë, id ")
    assert "Zoë" not in people(data)
    for refusal in (
        user("rename", "Zoë", "ada"),
        user("add", "Server", "--password-stdin", stdin="secret word"),
        user("add", "zoe", "--password-stdin", stdin="x" * 73),
        user("role", "zoe", "admin"),
    ):
        assert refusal.returncode == 1
        assert refusal.stderr.startswith("chat: ")
        assert refusal.stderr.count("\n") == 1
    assert running.process.poll() is None


@in_campaign
def test_older_look_alike_names_are_listed_and_logged_at_the_start(
    home: Path,
) -> None:
    arguments = "--data", str(home / "alike")
    warning = "accounts have names that look like an older one's"
    with Running(*arguments) as server:
        server.listening()
        assert run_chat("user", "look-alikes", "--json", *arguments).stdout == "[]\n"
        trio.run(execute, running_address(home / "alike"), _ALIKE)
        listed = run_chat("user", "look-alikes", *arguments)
        assert [line.split() for line in listed.stdout.splitlines()] == [
            ["ID", "NAME", "LOOKS", "LIKE", "ITS", "ID"],
            ["2", "ａｄａ", "ada", "1"],
            ["4", "g\u043ene", "gone", "3,", "deleted"],
        ]
        looked = "'\u0251da' looks like the name of somebody else: choose another name"
        refusal = run_chat("user", "add", "\u0251da", "--password-stdin", *arguments, stdin="secret word")
        assert (refusal.returncode, refusal.stderr) == (1, f"chat: {looked}\n")
        assert server.stop() == 0, server.errors
    assert not any(warning in line for line in server.errors)
    with Running(*arguments) as server:
        server.listening()
        assert server.stop() == 0, server.errors
    (line,) = [line for line in server.errors if warning in line]
    got = json.loads(line)
    assert (got["accounts"], got["list_them_with"]) == (2, "chat user look-alikes")
    listed = run_chat("user", "look-alikes", "--json", *arguments)
    assert json.loads(listed.stdout) == [
        {"id": 2, "name": "ａｄａ", "looks_like": {"id": 1, "name": "ada", "deleted": False}},
        {"id": 4, "name": "g\u043ene", "looks_like": {"id": 3, "name": "gone", "deleted": True}},
    ]


_ALIKE = """
INSERT INTO users (name, name_key, password_hash, deleted_at) VALUES ('ada', 'ada', 'x', NULL),
    ('ａｄａ', 'ａｄａ', 'x', NULL), ('gone', 'gone', '', now()), ('g\u043ene', 'g\u043ene', 'x', NULL)"""
"""People of a version that did not ask what names look like; the o of the last is Cyrillic."""


def test_people_are_managed_while_no_server_runs(data: Path) -> None:
    added = run_chat("user", "add", "ben", "--password-stdin", "--data", str(data), stdin="secret word")
    assert added.returncode == 0, added.stderr
    assert people(data)["ben"]["roles"] == []


def test_a_password_is_asked_for_twice_and_not_shown_on_a_terminal(data: Path) -> None:
    ours, theirs = pty.openpty()
    with (
        open(ours, "r+b", buffering=0) as terminal,
        child(
            *chat_command("user", "add", "eve", "--data", str(data)),
            env=environment(),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,  # or it would ask on the terminal of the tests
        ) as command,
    ):
        os.close(theirs)
        overdue = threading.Timer(PATIENCE, command.kill)
        overdue.start()
        shown = b""
        for prompt in (b"Password: ", b"Repeat for confirmation: "):
            while not shown.endswith(prompt):
                shown += terminal.read(1)
            terminal.write(b"two hunters\n")
        while not shown.endswith(b"added eve, id "):
            shown += terminal.read(1)
        assert command.wait(PATIENCE) == 0
        overdue.cancel()
    assert b"two hunters" not in shown


def test_no_secret_gets_into_the_log(data: Path) -> None:
    with Running("--data", str(data), "--log-level", "debug", CHAT_SECRET=SECRET) as server:
        address = server.listening()
        with httpx.Client(base_url=address, trust_env=False, timeout=PATIENCE) as client:
            person = {"username": "faye", "password": "a-password"}
            token = client.post("/api/reg", json=person).raise_for_status().json()["token"]
            assert client.post("/api/login", json=person).json()["token"]
            assert client.post("/api/login", json={**person, "password": "a-wrong-one"}).status_code == 401
            client.get("/healthz", params={"token": token}, headers={"Authorization": f"Bearer {token}"})
        sockets = address.replace("http", "ws") + "/messenger"
        with (
            connect(f"{sockets}?token={token}", proxy=None) as faye,
            connect(sockets, proxy=None) as listener,
        ):
            for words in (f"auth {token}", "a-message"):
                faye.send(json.dumps({"username": "faye", "message": words}))
            assert json.loads(listener.recv(PATIENCE))["message"] == "a-message"
        assert server.stop() == 0, server.errors
    log = "".join(server.errors)
    assert log
    for hidden in (SECRET, token, token.rpartition(".")[2], "a-password", "a-wrong-one", "a-message"):
        assert hidden not in log
