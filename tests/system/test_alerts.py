"""deploy/alerts.yaml and deploy/grafana.json: evaluated by Debian's promtool and Prometheus, against a real server."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from chat.backup.state import note_made, note_proven
from chat.backup.wal_state import WalState, write_wal_state
from chat.domain.closing import UNAUTHENTICATED
from tests.support.campaign import in_campaign
from tests.support.people import PATIENCE, client, eventually, member, post
from tests.support.processes import child
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.system.alert_cases import CASES, IMPLIES, WELL, series
from tests.system.proxying import free_port

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy" / "alerts.yaml"
OPERATING = ROOT / "docs" / "operating.md"

EXPRESSIONS = dict(re.findall(r"- alert: (\w+)\n +expr: (.+)\n", ALERTS.read_text()))
"""The alerts' expressions by name."""

METRIC = re.compile(r"\b(?:chat|process)_\w+")

PANELS: list[dict[str, Any]] = json.loads((ROOT / "deploy" / "grafana.json").read_text())["panels"]
QUERIES = [
    (panel["title"], target["expr"].replace("$instance", ".*").replace("$__rate_interval", "1m"))
    for panel in PANELS
    for target in panel.get("targets", ())
]
"""Title and expression of each line of the dashboard."""


@pytest.fixture
def promtool() -> str:
    return program("promtool")


def program(name: str) -> str:
    """The path of a program of Debian's package prometheus; skips the test where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install prometheus (Debian, Ubuntu)")
    return found


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def watched() -> Generator[ServerProcess]:
    """One of several servers that a Prometheus on this machine may scrape."""
    port = free_port()
    arguments = ["--metrics-listen", f"127.0.0.1:{port}", "--bus", "notify"]
    with used_data_path() as data, running_server(data, *arguments) as server:
        note_made(data, data, time.time(), 60.0, 1)
        note_proven(data, data, time.time())
        now = time.time()
        write_wal_state(data, WalState(target="", since=now, until=now + 3600, gap_at=now - 86_400))
        server.metrics = f"127.0.0.1:{port}"  # type: ignore[attr-defined]
        yield server


def metrics_of(server: ServerProcess) -> str:
    target: str = server.metrics  # type: ignore[attr-defined]
    return target


def real_series(server: ServerProcess) -> tuple[dict[str, set[frozenset[str]]], set[str]]:
    """The server's series as the sets of labels of each name, and all names, also of what has not been counted yet."""
    text = httpx.get(f"http://{metrics_of(server)}/metrics", timeout=PATIENCE).text
    real: dict[str, set[frozenset[str]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            real.setdefault(sample.name, set()).add(frozenset(sample.labels))
    return real, set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))


def test_the_rules_are_valid_and_each_says_what_to_do(promtool: str) -> None:
    assert f"{len(EXPRESSIONS)} rules found" in run(promtool, "check", "rules", ALERTS)
    for rule in ALERTS.read_text().split("- alert: ")[1:]:
        assert re.search(
            r"severity: (warning|critical)\}\n +annotations:\n +summary: .+\n +action: >-\n +\S", rule
        ), rule


def test_each_alert_fires_when_it_must_and_none_of_a_server_that_is_well(
    promtool: str, tmp_path: Path
) -> None:
    assert CASES.keys() == EXPRESSIONS.keys()
    firing = 'count by (alertname) (ALERTS{alertstate="firing"})'

    def case(values: dict[str, str], alerts: list[str], *at: str) -> dict[str, Any]:
        samples = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in alerts]
        return {
            "interval": "1m",
            "input_series": [{"series": series(name), "values": each} for name, each in values.items()],
            "promql_expr_test": [{"expr": firing, "eval_time": each, "exp_samples": samples} for each in at],
        }

    tests = [case(WELL, [], "5m", "60m", "75m")]
    tests += [case(each.bad, [name, *IMPLIES.get(name, [])], each.at) for name, each in CASES.items()]
    whole = {"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "tests.yaml").write_text(json.dumps(whole))  # JSON is YAML
    assert "SUCCESS" in run(promtool, "test", "rules", tmp_path / "tests.yaml")


def test_metrics_of_alerts_and_dashboard_are_a_real_servers(watched: ServerProcess) -> None:
    _make_traffic(watched)
    real, declared = real_series(watched)
    used = [*EXPRESSIONS.values(), *(query for _, query in QUERIES)]
    named = {name for each in used for name in METRIC.findall(each)}
    assert named - real.keys() - declared == set()
    for values in (WELL, *(each.bad for each in CASES.values())):
        for name in values.keys() - {"up"}:
            metric, labels = name.partition("{")[0], frozenset(re.findall(r"(\w+)=\"", name))
            assert labels in real[metric], f"no series of {metric} has the labels {sorted(labels)}"


@in_campaign
def test_a_real_prometheus_evaluates_all_rules_and_the_dashboard(
    promtool: str, watched: ServerProcess, tmp_path: Path
) -> None:
    (config,) = re.findall(r"^```yaml\n(rule_files.*?)^```$", OPERATING.read_text(), re.MULTILINE | re.DOTALL)
    config = config.replace("127.0.0.1:9100", metrics_of(watched)).replace("15s", "1s")
    (tmp_path / "prometheus.yml").write_text("global: {evaluation_interval: 1s}\n" + config)
    shutil.copy(ALERTS, tmp_path)
    assert "SUCCESS" in run(promtool, "check", "config", tmp_path / "prometheus.yml")
    port = free_port()
    own = [
        f"--web.listen-address=127.0.0.1:{port}",
        f"--storage.tsdb.path={tmp_path}/data",
        "--log.level=warn",
    ]
    with (
        (tmp_path / "log").open("wb") as log,
        child(
            program("prometheus"), f"--config.file={tmp_path}/prometheus.yml", *own, stdout=log, stderr=log
        ),
        httpx.Client(timeout=PATIENCE) as prometheus,
    ):
        _make_traffic(watched)

        def ask(path: str, **query: str) -> Any:
            try:
                answer = prometheus.get(f"http://127.0.0.1:{port}/api/v1/{path}", params=query)
            except httpx.TransportError:
                return None
            return answer.json()["data"] if answer.status_code == 200 else None

        def has_samples() -> bool:
            counted = ask("query", query="count_over_time(up{job='chat'}[1m]) > 2 and up == 1")
            return bool(counted and counted["result"])

        eventually(has_samples, "Prometheus has scraped the server three times")

        def rules() -> list[dict[str, Any]]:
            return [rule for group in ask("rules")["groups"] for rule in group["rules"]]

        eventually(lambda: all(rule["health"] == "ok" for rule in rules()), "all rules are evaluated")
        assert len(rules()) == len(EXPRESSIONS)
        assert [rule["name"] for rule in rules() if rule["state"] == "firing"] == []
        counted = real_series(watched)[0]
        for title, query in QUERIES:
            if counted.keys().isdisjoint(METRIC.findall(query)):
                continue  # nothing of it has happened yet
            assert ask("query", query=query)["result"], (
                f"the dashboard shows nothing under {title!r}: {query}"
            )


def _make_traffic(server: ServerProcess) -> None:
    """Have one sample of each metric that is counted by a label."""
    with member(server.url, f"ada_{free_port()}") as ada, client(server.url) as ben:
        ada.say("hello")
        ben.hear()
    answer = post(f"{server.url}/api/login", {"username": "nobody", "password": "a wrong one"})
    assert answer.status_code == 401
    with client(server.url, "/support") as stranger:
        stranger.send('{"method": "message.auth", "params": ["a wrong token"], "id": 1}')
        eventually(lambda: stranger.socket.close_code == UNAUTHENTICATED.code, "it is closed")
