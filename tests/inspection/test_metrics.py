"""The server's metrics, as Prometheus scrapes them and as the watch shows them."""

import platform

import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families
from trio.testing import MockClock, wait_all_tasks_blocked

from chat import __version__
from chat.domain.closing import GOING_AWAY, TOO_SLOW
from chat.engine import journal
from chat.inspection.loop_lag import measure_lag
from chat.inspection.metrics import LabelledReading, Metrics


def read(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }


def test_each_event_is_counted_under_its_own_name() -> None:
    metrics = Metrics()
    metrics.committed(3, 0.25)
    metrics.committed(200, 0.004)
    metrics.changed(["message"] * 190 + ["edited"] * 9 + ["join"] * 4)
    metrics.refused(2)
    metrics.fanned_out(0.75)
    for closing in (TOO_SLOW, GOING_AWAY, TOO_SLOW):
        metrics.closed(closing)
    metrics.over_budget("messages")
    samples = read(metrics)
    for name, value in {
        ("chat_messages_total",): 190,
        ("chat_changes_total", "edited"): 9,
        ("chat_changes_total", "join"): 4,
        ("chat_batch_messages_sum",): 203,
        ("chat_batch_messages_count",): 2,
        ("chat_batch_messages_bucket", "5.0"): 1,
        ("chat_commit_seconds_count",): 2,
        ("chat_commit_seconds_sum",): 0.254,
        ("chat_commit_seconds_bucket", "0.005"): 1,
        ("chat_messages_refused_total",): 2,
        ("chat_fan_out_seconds_sum",): 0.75,
        ("chat_fan_out_seconds_count",): 1,
        ("chat_closed_total", "4008"): 2,
        ("chat_closed_total", "1001"): 1,
        ("chat_over_budget_total", "messages"): 1,
    }.items():
        assert samples[name] == value, name


def test_the_buckets_of_batches_end_with_the_largest_batch_that_there_is() -> None:
    buckets = [labels[1] for labels in read(Metrics()) if labels[0] == "chat_batch_messages_bucket"]
    assert buckets[-2:] == [f"{journal._BATCH}.0", "+Inf"]


def test_gauges_are_read_at_each_scrape() -> None:
    metrics, clients, got = Metrics(), [5], [100]
    metrics.watch(
        lambda: [("chat_connections", "Clients", clients[0])],
        lambda: [("chat_deliveries", "Told", got[0])],
    )
    assert read(metrics)["chat_connections",] == 5
    assert read(metrics)["chat_deliveries_total",] == 100
    clients[0], got[0] = 6, 101
    metrics.committed(4, 0.1)
    metrics.changed(["message"] * 4)
    metrics.refused(1)
    assert metrics.totals() == {
        "messages": 4,
        "commits": 1,
        "deliveries": 101,
        "refused": 1,
        "clients": 6,
    }


def test_two_servers_in_one_process_share_nothing() -> None:
    one, other = Metrics(), Metrics()
    one.changed(["message"] * 1)
    assert read(other)["chat_messages_total",] == 0


def test_a_reading_with_a_label_has_a_sample_for_each_value() -> None:
    metrics = Metrics()
    metrics.watch(lambda: [LabelledReading("chat_clients", "Clients", "dialect", {"native": 2, "rooms": 1})])
    samples = read(metrics)
    assert (samples["chat_clients", "native"], samples["chat_clients", "rooms"]) == (2, 1)


def test_publishing_is_measured_from_the_oldest_write_of_a_fan_out() -> None:
    metrics = Metrics()
    metrics.committed(1, 0.1, taken=100.0)
    metrics.committed(1, 0.1, taken=101.0)
    metrics.fanned_out(0.01, now=102.0)
    metrics.fanned_out(0.01, now=109.0)  # of another server's changes
    samples = read(metrics)
    assert (samples["chat_publish_seconds_count",], samples["chat_publish_seconds_sum",]) == (1, 2.0)


def test_a_request_is_counted_by_route_and_status_and_a_failed_query_by_reason() -> None:
    metrics = Metrics()
    metrics.answered("GET", "/rooms/<int:room>", 200, 0.25)
    metrics.answered("GET", "/rooms/<int:room>", 503, 0.5)
    metrics.queried(5.0)
    metrics.query_failed("timeout")
    samples = read(metrics)
    assert samples["chat_http_requests_total", "GET", "/rooms/<int:room>", "503"] == 1
    assert samples["chat_http_seconds_sum",] == 0.75
    assert samples["chat_query_seconds_sum",] == 5.0
    assert samples["chat_query_failures_total", "timeout"] == 1


def test_the_build_and_the_process_are_in_it() -> None:
    samples = read(Metrics())
    assert samples["chat_build_info", platform.python_version(), __version__] == 1
    assert samples["process_open_fds",] > 0


async def test_a_held_event_loop_is_measured_as_lag(mock_clock: MockClock) -> None:
    lags: list[float] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(measure_lag, lags.append)
        await wait_all_tasks_blocked()
        mock_clock.jump(0.75)  # it wanted to wake after 0.25 s
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert lags == [pytest.approx(0.5)]
