"""The configuration record, its three sources, and the text for each mistake."""

import os
from pathlib import Path

import pytest

from chat.settings.config import (
    FIELDS,
    Config,
    ConfigError,
    Listen,
    default_data_directory,
    describe,
    flag,
    variable,
)
from chat.settings.sources import read_config
from chat.web_api.bodies import LONGEST_BODY

SECRET = "a-secret-of-thirty-two-bytes-or-more"


def refused(flags: dict[str, object], **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_config(flags, environ)
    return str(caught.value)


def toml(directory: Path, text: str) -> str:
    file = directory / "chat.toml"
    file.write_text(text)
    return str(file)


def test_nothing_given_is_the_defaults() -> None:
    config = read_config({}, {"PATH": "/bin"})
    assert config == Config()
    assert config.listen == (Listen("127.0.0.1", 9000, "talker"),)


def test_flags_win_over_the_environment_which_wins_over_the_file(tmp_path: Path) -> None:
    file = toml(tmp_path, "bcrypt_cost = 4\nmin_password = 4\ngrace = 4")
    config = read_config(
        {"config": file, "grace": "6"}, {"CHAT_MIN_PASSWORD": "5", "CHAT_GRACE": "5", "CHAT_LISTEN": ""}
    )
    assert (config.bcrypt_cost, config.min_password, config.grace) == (4, 5, 6.0)


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    assert read_config({}, {"CHAT_CONFIG": toml(tmp_path, "pool_size = 3")}).pool_size == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9000", Listen("127.0.0.1", 9000)),
        ("0", Listen("127.0.0.1", 0)),
        ("127.0.0.1:9000", Listen("127.0.0.1", 9000)),
        ("[::1]:9000", Listen("::1", 9000)),
        ("chat.example:80", Listen("chat.example", 80)),
        ("5000=messenger", Listen("127.0.0.1", 5000, "messenger")),
        ("0.0.0.0:5000=messenger", Listen("0.0.0.0", 5000, "messenger")),
    ],
)
def test_a_listener_is_a_port_with_or_without_host_and_dialect(text: str, expected: Listen) -> None:
    assert Listen.parse(text) == expected
    assert Listen.parse(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":9000",
        "::1:9000",
        "[::1]",
        "[nine]:9000",
        "host:",
        "host:nine",
        "65536",
        "-1",
        "²",
        "9000=",
        "9000=A",
    ],
)
def test_a_listener_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Listen.parse(text)


def test_several_listeners_come_from_each_source(tmp_path: Path) -> None:
    expected = (Listen("127.0.0.1", 1), Listen("::1", 2), Listen("127.0.0.1", 3, "messenger"))
    written = ["1", "[::1]:2", "3=messenger"]
    assert read_config({"listen": tuple(written)}, {}).listen == expected
    assert read_config({}, {"CHAT_LISTEN": "1, [::1]:2 3=messenger"}).listen == expected
    assert read_config({"config": toml(tmp_path, f"listen = {written}")}, {}).listen == expected


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("CHAT_DATA", "/srv/chat", Path("/srv/chat")),
        ("CHAT_DATABASE_URL", "postgresql://chat@db/chat", "postgresql://chat@db/chat"),
        ("CHAT_SECRET", SECRET, SECRET),
        ("CHAT_BCRYPT_COST", "4", 4),
        (
            "CHAT_ORIGINS",
            "https://A.example, http://b.example:8080",
            ("https://a.example", "http://b.example:8080"),
        ),
        ("CHAT_TRUSTED_PROXIES", "10.0.0.1 fd00::/8", ("10.0.0.1/32", "fd00::/8")),
        ("CHAT_FORWARDED_HEADER", "x-forwarded-for", "x-forwarded-for"),
        ("CHAT_HEAD_TIMEOUT", "2.5", 2.5),
        ("CHAT_LOG_FORMAT", "json", "json"),
    ],
)
def test_a_variable_is_read_as_its_field(name: str, text: str, value: object) -> None:
    assert getattr(read_config({}, {name: text}), name.removeprefix("CHAT_").lower()) == value


def test_every_field_has_a_description_and_its_own_flag_and_variable() -> None:
    assert all(describe(name).endswith(".") for name in FIELDS)
    assert len({flag(name) for name in FIELDS}) == len({variable(name) for name in FIELDS}) == len(FIELDS)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CHAT_BCRYPT_COST", "twelve"),
        ("CHAT_BCRYPT_COST", "3"),
        ("CHAT_BCRYPT_COST", "21"),
        ("CHAT_GRACE", "nan"),
        ("CHAT_GRACE", "inf"),
        ("CHAT_GRACE", "-1"),
        ("CHAT_MAX_CONNECTIONS", "0"),
        ("CHAT_LOG_LEVEL", "loud"),
        ("CHAT_FORWARDED_HEADER", "x-real-ip"),
        ("CHAT_LISTEN", ","),
        ("CHAT_LISTEN", "9000 nine"),
        ("CHAT_ORIGINS", "https://chat.example/path"),
        ("CHAT_ORIGINS", "null"),
        ("CHAT_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("CHAT_DATABASE_URL", "mysql://db/chat"),
        ("CHAT_DATA", "/srv/\udcff"),
        ("CHAT_SECRET", "short"),
        ("CHAT_CONFIG", "/nowhere/chat.toml"),
        ("CHAT_SECRET_FILE", "/nowhere/secret"),
    ],
)
def test_a_bad_value_is_called_by_its_variable(name: str, text: str) -> None:
    assert refused({}, **{name: text}).startswith(f"{name}: ")


def test_a_bad_value_is_called_by_its_flag() -> None:
    assert refused({"database_url": "mysql://db"}, CHAT_DATABASE_URL="postgresql://db").startswith(
        "--database: "
    )
    assert refused({"listen": ("nine",)}).startswith("--listen: ")
    assert refused({"secret_file": "/nowhere"}).startswith("--secret-file: ")


@pytest.mark.parametrize(
    "line",
    [
        'grace = "5"',
        "bcrypt_cost = 4.5",
        "data = 5",
        "listen = 1.5",
        "origins = [5]",
        'data = "\\u0000"',
        'data = ""',
    ],
)
def test_a_bad_value_is_called_by_its_key_and_file(tmp_path: Path, line: str) -> None:
    file = toml(tmp_path, line)
    assert refused({"config": file}).startswith(f"{line.split()[0]} in {file}: ")


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("CHAT_WORKERS", "x", "expected a whole number, got text"),
        ("CHAT_WORKERS", "0", "expected a whole number >= 1"),
        ("CHAT_GRACE", "inf", "expected a number <= 86400"),
        ("CHAT_DIRECT_TRUST_FROM", "maybe", "expected true or false, got text"),
        ("CHAT_LOBBY", "shut", "expected members or open, got 'shut'"),
        ("CHAT_REGISTRATION", "shut", "expected closed or invite or open, got 'shut'"),
        ("CHAT_SERVER_NAME", " x", "expected one line of text without spaces at its ends"),
        ("CHAT_LISTEN", ",", "expected [HOST:]PORT, got nothing"),
    ],
)
def test_an_invalid_value_is_reported_in_plain_words(name: str, text: str, wrong: str) -> None:
    assert refused({}, **{name: text}).startswith(f"{name}: {wrong} (")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("workers = '4'", "expected a whole number, got text"),
        ("workers = 2024-01-01", "expected a whole number, got a date"),
        ("secret = 5", "expected text, got a whole number"),
        ("tls_cert = []", "expected a path, got a list"),
        ("listen = []", "expected [HOST:]PORT, got nothing"),
        ("data = ''", "expected a path, got nothing"),
    ],
)
def test_an_invalid_key_is_reported_in_plain_words(tmp_path: Path, line: str, wrong: str) -> None:
    file = toml(tmp_path, line)
    assert refused({"config": file}).startswith(f"{line.split()[0]} in {file}: {wrong} (")


def test_an_empty_flag_is_not_the_default() -> None:
    assert refused({"data": ""}).startswith("--data: expected a path, got nothing (")


def test_an_unknown_setting_is_named_as_it_was_written_and_the_known_one_beside_it(tmp_path: Path) -> None:
    assert (
        refused({}, CHAT_BCRYPT_COSTS="4") == "CHAT_BCRYPT_COSTS: unknown setting; is CHAT_BCRYPT_COST meant?"
    )
    assert refused({}, CHAT_ZZZ="1") == "CHAT_ZZZ: unknown setting"
    file = toml(tmp_path, "bcrypt-cost = 4")
    assert refused({"config": file}) == f"bcrypt-cost in {file}: unknown setting; is bcrypt_cost meant?"


LINKS = {
    "CHAT_SERVICE_HOST": "10.0.0.1",
    "CHAT_SERVICE_PORT": "9000",
    "CHAT_SERVICE_PORT_HTTP": "9000",
    "CHAT_PORT": "tcp://10.0.0.1:9000",
    "CHAT_PORT_9000_TCP": "tcp://10.0.0.1:9000",
    "CHAT_PORT_9000_TCP_PROTO": "tcp",
    "CHAT_PORT_9000_TCP_PORT": "9000",
    "CHAT_PORT_9000_TCP_ADDR": "10.0.0.1",
    "CHAT_METRICS_SERVICE_HOST": "10.0.0.2",
    "CHAT_METRICS_PORT": "udp://10.0.0.2:9100",
    "CHAT_METRICS_PORT_9100_UDP_ADDR": "10.0.0.2",
}
"""What Kubernetes gives a container for the Services `chat` and `chat-metrics`."""


def test_variables_that_kubernetes_sets_for_a_service_are_no_settings() -> None:
    assert read_config({}, LINKS) == Config()


@pytest.mark.parametrize("name", ["CHAT_PORT", "CHAT_SERVICE", "CHAT_PORTS", "CHAT_TCP_PORT"])
def test_a_setting_that_only_looks_like_one_of_kubernetes_is_unknown(name: str) -> None:
    assert refused({}, **{name: "9000"}).startswith(f"{name}: unknown setting")


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    assert "is not TOML" in refused({"config": toml(tmp_path, "listen = [")})
    (tmp_path / "chat.toml").write_bytes(b"\xff")
    assert "is not UTF-8" in refused({"config": str(tmp_path / "chat.toml")})


def test_a_secret_comes_from_a_file_without_its_line_end(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    assert read_config({"secret_file": str(file)}, {"CHAT_SECRET": "x" * 32}).secret == SECRET
    assert read_config({}, {"CHAT_SECRET_FILE": str(file)}).secret == SECRET
    assert "CHAT_SECRET is given too" in refused({}, CHAT_SECRET_FILE=str(file), CHAT_SECRET=SECRET)


def test_the_previous_secret_comes_as_the_secret_does(tmp_path: Path) -> None:
    file = tmp_path / "previous"
    file.write_text(SECRET + "\n")
    assert read_config({"previous_secret_file": str(file)}, {}).previous_secret == SECRET
    assert read_config({}, {"CHAT_PREVIOUS_SECRET": SECRET}).previous_secret == SECRET
    assert "has under 32 bytes" in refused({}, CHAT_PREVIOUS_SECRET="e" * 31)


def test_a_secret_is_measured_in_bytes() -> None:
    assert read_config({}, {"CHAT_SECRET": "é" * 16}).secret == "é" * 16
    assert "has under 32 bytes" in refused({}, CHAT_SECRET="e" * 31)


def test_certificate_and_key_come_together() -> None:
    assert refused({"tls_cert": "cert.pem"}) == "--tls-cert: needs --tls-key (CHAT_TLS_KEY) too"
    assert refused({}, CHAT_TLS_KEY="key.pem") == "CHAT_TLS_KEY: needs --tls-cert (CHAT_TLS_CERT) too"
    config = read_config({"tls_cert": "cert.pem"}, {"CHAT_TLS_KEY": "~/key.pem"})
    assert config.tls_cert == Path.cwd() / "cert.pem"
    assert config.tls_key == Path.home() / "key.pem"


def test_settings_of_postgres_are_read_and_only_for_the_embedded_one(tmp_path: Path) -> None:
    assert read_config({}, {"CHAT_POSTGRES_SETTINGS": "work_mem=16MB, x.y=1"}).postgres_settings == (
        "work_mem=16MB",
        "x.y=1",
    )
    file = toml(tmp_path, 'postgres_settings = ["search_path=a, b"]')
    assert read_config({"config": file}, {}).postgres_settings == ("search_path=a, b",)
    for wrong in ("work_mem", "=1", "a b=1", "-c x=1"):
        assert refused({"postgres_settings": (wrong,)}).startswith("--postgres-setting: expected NAME=VALUE")
    both = {"postgres_settings": ("work_mem=16MB",), "database_url": "postgresql://db/chat"}
    assert "--postgres-setting: is for the server's own PostgreSQL" in refused(both)


def test_no_secret_shows_in_the_record_or_in_an_error() -> None:
    config = Config(
        secret=SECRET,
        previous_secret=SECRET,
        database_url="postgresql://chat:hunter2@db/chat?password=hunter3",
    )
    for shown in (repr(config), str(config), str(config.__rich_repr__())):
        assert SECRET not in shown
        assert "hunter" not in shown
    assert "hunter2" not in refused({}, CHAT_SECRET="hunter2")
    assert "hunter2" not in refused({}, CHAT_DATABASE_URL="mysql://chat:hunter2@db")


def test_the_longest_body_is_reported() -> None:
    assert f"{LONGEST_BODY:,}" in describe("max_frame_bytes")


PASSWORDS = (
    "hun/ter2",
    "hun#ter2",
    "hun?ter2",
    "hun[ter2",
    "hun]ter2",
    "h@hun:ter2",
    "h@hun",
    "12/ter2",
    "12#ter2",
    "12?ter2",
)


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_password_that_breaks_the_database_url_is_not_quoted(password: str) -> None:
    said = refused({}, CHAT_DATABASE_URL=f"postgresql://chat:{password}@127.0.0.1:5432/chat")
    assert said.startswith(
        "CHAT_DATABASE_URL: is not postgresql://USER:PASSWORD@HOST:PORT/NAME; in a password"
    )
    assert "hun" not in said
    assert "ter2" not in said


@pytest.mark.parametrize(
    "url", ["postgresql://chat:hun:ter2", "postgresql://chat:x@db:hun/chat", "postgres://db/chat?hunter2"]
)
def test_a_database_url_without_its_parts_is_not_quoted_either(url: str) -> None:
    assert "hun" not in refused({"database_url": url})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://chat@db/chat",
        "postgresql://chat:hun:ter2@db:5432/chat?sslmode=require",
        "postgresql://chat:hun%2Fter%402@[::1]:5432/chat",
        "postgres://chat:hun%ter2@one:5432,two/chat",
        "postgresql:///chat?host=/run/postgresql&user=chat@here",
        "postgresql://%2Frun%2Fpostgresql/chat",
        "postgresql://",
    ],
)
def test_a_database_url_is_taken_as_it_is(url: str) -> None:
    assert read_config({"database_url": url}, {}).database_url == url


def test_roots_data_lies_outside_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_data_directory() == Path("/var/lib/trio-chat")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_data_directory() == tmp_path / "trio-chat"


def test_somebody_without_a_home_is_asked_for_a_data_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_args, **_options: "~/.local/share/trio-chat")
    assert refused({}).startswith("--data or CHAT_DATA: ")


def test_an_address_of_a_collector_is_a_plain_url() -> None:
    assert read_config({"traces": "http://collector:4318"}, {}).traces == "http://collector:4318"
    for wrong in ("collector:4318", "http://", "grpc://collector:4317"):
        assert refused({"traces": wrong}).startswith("--traces: expected the URL of a collector")
    for wrong in ("http://ada:word@collector", "http://collector/?key=word", "http://collector#word"):
        assert refused({"traces": wrong}).startswith("--traces: takes no password and no query")
        assert "word (" not in refused({"traces": wrong})
