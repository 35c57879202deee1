"""The server's metrics, as Prometheus scrapes them and as the watch shows them."""

from prometheus_client.parser import text_string_to_metric_families

from chat.domain.closing import GOING_AWAY, TOO_SLOW
from chat.engine import journal
from chat.inspection.metrics import Metrics


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
    metrics, clients, told = Metrics(), [5], [100]
    metrics.watch(
        lambda: [("chat_connections", "Clients", clients[0])],
        lambda: [("chat_deliveries", "Told", told[0])],
    )
    assert read(metrics)["chat_connections",] == 5
    assert read(metrics)["chat_deliveries_total",] == 100
    clients[0], told[0] = 6, 101
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
