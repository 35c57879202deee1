"""What `chat doctor` makes of settings, disks, certificates and facts of a database."""

import datetime
import json
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import trustme
from click.testing import CliRunner

from chat.backup import keeping, state
from chat.backup.manifest import MANIFEST
from chat.backup.wal_state import WalState, write_wal_state
from chat.cli import main
from chat.cli.doctor import backups, contradictions, database, machine, site
from chat.cli.doctor.finding import Finding
from chat.cli.doctor.identity_provider import check_identity_provider
from chat.settings.config import Config
from chat.settings.sources import read_config
from tests.web.site import other_site

FACTS = {"fsync": "on", "full_page_writes": "on", "most": 100, "reserved": 3, "servers": 1, "ahead": 0.01}


def config(**settings: Any) -> Config:
    return read_config({"data": "/nowhere", **settings}, {})


def levels(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.level, finding.subject) for finding in findings]


def test_settings_that_go_together_contradict_nothing() -> None:
    proxied = {"trusted_proxies": ("127.0.0.1",), "forwarded_header": "x-forwarded-for"}
    for settings in ({}, proxied, {"metrics_listen": "127.0.0.1:9100"}):
        assert levels(list(contradictions.check_settings(config(**settings)))) == [("ok", "settings")]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"listen": ("0.0.0.0:9000",)}, "unencrypted"),
        ({"metrics_listen": "0.0.0.0:9100"}, "reads the metrics"),
        ({"trusted_proxies": ("10.0.0.1",)}, "forwarded_header is auto"),
        ({"forwarded_header": "forwarded"}, "no effect without trusted_proxies"),
        ({"trusted_proxies": ("0.0.0.0/0",), "forwarded_header": "forwarded"}, "every address"),
        ({"metrics_listen": "127.0.0.1:9100", "metrics_access": "public"}, "metrics_access has no effect"),
        ({"metrics_access": "public"}, "everybody reads the metrics"),
        ({"files": "/files", "file_bytes": "0"}, "files has no effect"),
        ({"bus": "notify"}, "nobody can attach files"),
        ({"origins": ("*",)}, "every site's pages"),
        ({"pong_timeout": "60"}, "longer than ping_interval"),
        ({"direct_trust_from": "true"}, "outside of labs"),
    ],
)
def test_each_contradiction_is_named(settings: dict[str, Any], said: str) -> None:
    found = list(contradictions.check_settings(config(**settings)))
    assert [finding.level for finding in found] == ["warn"], found
    assert said in found[0].text


def test_an_unknown_setting_is_the_only_finding() -> None:
    done = CliRunner().invoke(main, ["doctor"], env={"CHAT_POOL_SZIE": "8"})
    (line,) = done.output.splitlines()
    assert line.startswith("fail  settings: CHAT_POOL_SZIE: unknown setting; is CHAT_POOL_SIZE meant?")
    assert done.exit_code == 1


def test_connections_are_added_up_for_all_servers_and_workers() -> None:
    many = config(workers="4", pool_size="8")
    assert levels(list(database.judge(many, FACTS)))[-1] == ("ok", "database connections")
    found = list(database.judge(many, {**FACTS, "servers": 3}))
    assert levels(found)[-1] == ("warn", "database connections")
    assert found[-1].text.startswith("122 needed (3 × 4 × (8 + 2) + 2), 97 allowed")


def test_a_server_that_mails_has_to_know_its_address() -> None:
    mailing = config(mail_url="smtps://mail.example", mail_from="chat@chat.example")
    assert ("warn", "public address") in levels(list(database.judge(mailing, FACTS)))
    for known, facts in (
        (config(), FACTS),
        (mailing, {**FACTS, "public_url": "https://chat.example"}),
        (
            config(mail_url="smtps://m.example", mail_from="a@b.example", public_url="https://c.example"),
            FACTS,
        ),
    ):
        assert "public address" not in {subject for _, subject in levels(list(database.judge(known, facts)))}


PROVIDER = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "chat"}
KNOWN = {"public_url": "https://chat.example", "outbound_hosts": ["127.0.0.1"]}


@pytest.mark.parametrize(
    ("settings", "facts", "level", "said"),
    [
        ({}, {"login": "sso"}, "fail", "nobody can log in"),
        (PROVIDER, {"login": "password"}, "warn", "has no effect"),
        (PROVIDER, {}, "fail", "public_url is not set"),
        (PROVIDER, {"public_url": "http://chat.example"}, "fail", "public_url is http://chat.example"),
        (PROVIDER, {**KNOWN, "outbound_hosts": []}, "fail", "outbound_hosts"),
        (PROVIDER, KNOWN, "fail", "accepts no connection"),
    ],
)
def test_an_identity_provider_that_cannot_be_used_is_found(
    settings: dict[str, Any], facts: dict[str, Any], level: str, said: str
) -> None:
    (found,) = check_identity_provider(config(**settings), facts)
    assert (found.level, found.subject) == (level, "identity provider")
    assert said in found.text


def test_without_an_identity_provider_nothing_is_said_of_one() -> None:
    assert list(check_identity_provider(config(), {"login": "both"})) == []


def test_a_provider_that_describes_itself_is_fine_and_sso_wants_a_linked_admin() -> None:
    with other_site() as place:
        issuer = place.url
        endpoints = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        described = {
            "issuer": issuer,
            **dict.fromkeys(endpoints, f"{issuer}/x"),
            "backchannel_logout_supported": True,
        }
        place.pages["/.well-known/openid-configuration"] = (
            {"Content-Type": "application/json"},
            json.dumps(described),
        )
        about = config(oidc_issuer=issuer, oidc_client_id="chat")
        (found,) = check_identity_provider(about, KNOWN)
        assert (found.level, "logs people out here" in found.text) == ("ok", True)
        found, fine = check_identity_provider(about, {**KNOWN, "login": "sso"})
        assert (found.level, fine.level) == ("warn", "ok")
        assert "no admin's account is linked" in found.text
        (found,) = check_identity_provider(config(oidc_issuer=f"{issuer}/", oidc_client_id="chat"), KNOWN)
        assert "set oidc_issuer to exactly this" in found.text


def test_a_database_that_may_lose_commits_or_has_another_time_is_found() -> None:
    found = list(database.judge(config(), {**FACTS, "fsync": "off", "ahead": -90.0}))
    assert levels(found)[:2] == [("fail", "database"), ("warn", "database's clock")]
    assert "turn fsync on" in found[0].text


@pytest.mark.parametrize(
    ("blocks", "inodes", "level"),
    [(50, 50, "ok"), (9, 50, "warn"), (50, 9, "warn"), (2, 50, "fail"), (50, 0, "fail")],
)
def test_little_space_and_few_inodes_are_found(
    blocks: int, inodes: int, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SimpleNamespace(f_bavail=blocks, f_blocks=100, f_frsize=4096, f_favail=inodes, f_files=100)
    monkeypatch.setattr(os, "statvfs", lambda _path: disk)
    assert machine.check_space("data", Path("/data")).level == level


def test_a_directory_that_is_not_there_or_not_ours_is_found(tmp_path: Path) -> None:
    assert machine.check_space("files", tmp_path / "gone").level == "fail"
    assert machine.check_fsync(tmp_path / "gone").level == "fail"
    assert machine.check_fsync(tmp_path).level in ("ok", "warn")
    assert list(tmp_path.iterdir()) == []


def test_the_age_of_the_newest_backup_is_judged(tmp_path: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    for hours, level in ((None, "fail"), (40, "warn"), (20, "ok")):
        if hours is not None:
            backup = tmp_path / (now - datetime.timedelta(hours=hours)).strftime(keeping.NAME)
            backup.mkdir()
            (backup / MANIFEST).touch()
        (tmp_path / "partial-1").mkdir(exist_ok=True)
        assert backups.check_backups(tmp_path).level == level
    assert backups.check_backups(tmp_path / "gone").level == "fail"


def test_a_failed_backup_and_a_missing_proof_are_found(tmp_path: Path) -> None:
    def found() -> list[tuple[str, str]]:
        return levels(list(backups.check_proof(tmp_path)))

    assert found() == [("warn", "restore")]
    state.note_proven(tmp_path, tmp_path, 0.0)
    assert found() == [("ok", "restore")]
    state.note_problem(tmp_path, "no space left")
    assert found() == [("fail", "backup"), ("ok", "restore")]
    long_ago = msgspec.structs.replace(state.read_backup_state(tmp_path), proven_at=1.0, problem=None)
    (tmp_path / state.STATE).write_bytes(msgspec.json.encode(long_ago))
    assert found() == [("warn", "restore")]


def test_a_wal_archive_that_is_behind_or_has_no_backup_is_found(tmp_path: Path) -> None:
    archived = Config(data=tmp_path, backup=tmp_path, backup_wal=True)

    def found(**changes: object) -> list[tuple[str, str]]:
        state = WalState(target="", since=time.time(), until=time.time(), wants_base=False)
        write_wal_state(tmp_path, msgspec.structs.replace(state, **changes))
        return levels(list(backups.check_wal(archived)))

    assert levels(list(backups.check_wal(Config(data=tmp_path)))) == []
    assert levels(list(backups.check_wal(archived))) == [("warn", "wal")], "the server has not run with it"
    assert found() == [("ok", "wal")]
    assert found(wants_base=True) == [("warn", "wal")]
    assert found(until=time.time() - 400) == [("fail", "wal")]


@pytest.mark.parametrize(
    ("days", "level", "said"), [(90, "ok", "valid for"), (5, "warn", "ends in"), (-1, "fail", "expired")]
)
def test_the_end_of_a_certificate_is_found(days: int, level: str, said: str, tmp_path: Path) -> None:
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days, minutes=5)
    issued = trustme.CA().issue_cert("chat.example", not_after=until)
    chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    finding = machine.check_certificate(chain, key)
    assert (finding.level, said in finding.text) == (level, True), finding


def test_a_key_of_another_certificate_is_found(tmp_path: Path) -> None:
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    one, other = (trustme.CA().issue_cert("chat.example") for _ in range(2))
    chain.write_bytes(one.cert_chain_pems[0].bytes())
    other.private_key_pem.write_to_path(str(key))
    assert machine.check_certificate(chain, key).level == "fail"


def arrived(**changes: Any) -> dict[str, Any]:
    headers = {"host": "chat.example", "x-forwarded-for": "198.51.100.7"}
    seen = {"headers": headers, "is_trusted": True, "peer": "10.0.0.1", "address": "198.51.100.7"}
    return {**seen, "scheme": "https", "host": "chat.example", "body": 0, **changes}


@pytest.mark.parametrize(
    ("seen", "level", "said"),
    [
        (arrived(), "ok", "10.0.0.1 is believed"),
        (arrived(is_trusted=False), "fail", "add 10.0.0.1 to trusted_proxies"),
        (
            arrived(is_trusted=False, headers={"host": "chat.example"}),
            "fail",
            "10.0.0.1 ends TLS and names no client",
        ),
    ],
)
def test_headers_are_judged_by_what_the_server_believes(seen: dict[str, Any], level: str, said: str) -> None:
    public = site.Site("https://chat.example", None)
    trusting = config(trusted_proxies=("10.0.0.1",), forwarded_header="x-forwarded-for")
    (finding,) = site._headers(trusting, public, seen, seen)
    assert (finding.level, said in finding.text) == (level, True), finding


def test_a_proxy_may_append_to_what_a_client_claims() -> None:
    public = site.Site("https://chat.example", None)
    trusting = config(trusted_proxies=("10.0.0.1",), forwarded_header="x-forwarded-for")
    appended = arrived(headers={"host": "chat.example", "x-forwarded-for": "203.0.113.9, 198.51.100.7"})
    assert [each.level for each in site._headers(trusting, public, arrived(), appended)] == ["ok"]
    taken = arrived(headers={"x-forwarded-for": "203.0.113.9"}, address="203.0.113.9")
    assert [each.level for each in site._headers(trusting, public, arrived(), taken)] == ["fail"]
