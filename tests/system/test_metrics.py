"""The metrics of a real server, by which its operator steers."""

from collections.abc import Generator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.people import PATIENCE, eventually, member
from tests.support.server import ServerProcess, running_server, used_data_path


@pytest.fixture(scope="module")
def public() -> Generator[ServerProcess]:
    """A server that shows its metrics to everybody."""
    with used_data_path() as data, running_server(data, "--metrics-access", "public") as server:
        yield server


def scrape(server: ServerProcess) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels."""
    text = httpx.get(f"{server.url}/metrics", timeout=PATIENCE).text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_people_do_is_in_the_metrics(public: ServerProcess) -> None:
    before = scrape(public)
    with member(public.url, "ada") as ada:
        ada.say("hello")
        eventually(
            lambda: scrape(public)["chat_publish_seconds_count",] > before["chat_publish_seconds_count",],
            "a message was published",
        )
        seen = scrape(public)
        assert sum(value for (name, *_), value in seen.items() if name == "chat_clients") == 1
        assert seen["chat_messages_total",] == before["chat_messages_total",] + 1
    assert httpx.get(f"{public.url}/no/such/path", timeout=PATIENCE).status_code == 404
    assert scrape(public)["chat_http_requests_total", "other", "other", "404"] == 1


def test_the_state_of_all_parts_is_in_the_metrics(public: ServerProcess) -> None:
    seen = scrape(public)
    for name in ("chat_journal_working", "chat_database_up"):
        assert seen[name,] == 1, name
    for name in ("chat_database_bytes", "chat_pool_size", "chat_postgres_xid_age", "process_open_fds"):
        assert seen[name,] > 0, name
    for name in ("chat_pool_waiting", "chat_journal_depth", "chat_search_lag", "chat_cleaner_rooms"):
        assert seen[name,] == 0, name
    for part in ("data", "wal", "files"):
        assert 0 < seen["chat_disk_free_bytes", part] <= seen["chat_disk_bytes", part]
    eventually(lambda: scrape(public)["chat_loop_lag_seconds_count",] > 0, "the lag was measured")
