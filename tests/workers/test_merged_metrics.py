"""The metrics of several workers as one text: sums, and each worker's own."""

from prometheus_client.parser import text_string_to_metric_families

from chat.domain.closing import GOING_AWAY, TOO_SLOW
from chat.inspection.metrics import Metrics
from chat.workers.merged_metrics import merge_metrics


def worker(*commits: int, **gauges: float) -> str:
    metrics = Metrics()
    for messages in commits:
        metrics.committed(messages, 0.003)
        metrics.changed(["message"] * messages)
    metrics.closed(TOO_SLOW)
    metrics.watch(
        lambda: [(name, name, value) for name, value in gauges.items()],
        lambda: [("chat_deliveries", "Deliveries", float(sum(commits)))],
    )
    return metrics.render().decode()


def test_samples_are_added_up_and_listed_for_each_worker() -> None:
    both = {
        "1": worker(1, 20, chat_connections=3, chat_outbox_bytes_most=70),
        "5": worker(4, chat_connections=5, chat_outbox_bytes_most=20),
    }
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(merge_metrics(both))
        for sample in family.samples
    }
    first, fifth = ("worker", "1"), ("worker", "5")
    for name, one, other, all_of_them in (
        ("chat_messages_total", 21, 4, 25),
        ("chat_deliveries_total", 21, 4, 25),
        ("chat_batch_messages_count", 2, 1, 3),
        ("chat_connections", 3, 5, 8),
        ("chat_outbox_bytes_most", 70, 20, 70),  # the slowest client is with one of them
    ):
        assert (samples[name, (first,)], samples[name, (fifth,)], samples[name, ()]) == (
            one,
            other,
            all_of_them,
        )
    code = ("code", str(TOO_SLOW.code))
    assert samples["chat_closed_total", (code,)] == 2
    assert samples["chat_closed_total", (code, first)] == 1
    assert ("chat_closed_total", (("code", str(GOING_AWAY.code)),)) not in samples
    assert samples["chat_batch_messages_bucket", (("le", "5.0"),)] == 2
    assert samples["chat_batch_messages_bucket", (("le", "+Inf"), fifth)] == 1
    began = [samples["chat_messages_created", each] for each in ((first,), (fifth,), ())]
    assert began[2] == min(began[:2])  # when counting began is no number to add up


def test_one_worker_has_the_same_types_and_meanings_as_a_server_alone() -> None:
    alone = worker(3, chat_connections=1)
    merged = merge_metrics({"1": alone})

    def described(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith("#")]

    assert described(merged) == described(alone)
    assert set(alone.splitlines()) <= set(merged.splitlines())
