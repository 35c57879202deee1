"""Merges several workers' Prometheus texts: the sum of each sample, and each worker's own with the label `worker`."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

_COMBINE: tuple[tuple[str, Callable[[Iterable[float]], float]], ...] = (
    ("_created", min),  # the Unix time at which counting began
    ("_most", max),
    ("_oldest_seconds", max),
    ("_lease_seconds", min),
    ("_working", min),  # whether all work
    ("_info", max),
    ("_start_time_seconds", max),
)
"""The samples that are not added up, by the end of their names."""


def merge_metrics(texts: Mapping[str, str]) -> str:
    """Merge the texts, which are keyed by the worker's number, into one. Sync."""
    families: dict[str, Metric] = {}
    values: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], list[float]]] = {}
    own: list[tuple[str, str, dict[str, str], float]] = []
    for worker, text in texts.items():
        for family in text_string_to_metric_families(text):
            families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            collected = values.setdefault(family.name, {})
            for sample in family.samples:
                key = sample.name, tuple(sorted(sample.labels.items()))
                collected.setdefault(key, []).append(sample.value)
                own.append((family.name, sample.name, {**sample.labels, "worker": worker}, sample.value))
    for name, collected in values.items():
        for (sample_name, labels), each in collected.items():
            families[name].add_sample(sample_name, dict(labels), _combined(sample_name, each))
    for name, sample_name, own_labels, value in own:
        families[name].add_sample(sample_name, own_labels, value)
    registry = CollectorRegistry()
    registry.register(_Merged(list(families.values())))
    return generate_latest(registry).decode()


def _combined(name: str, values: Iterable[float]) -> float:
    for end, combine in _COMBINE:
        if name.endswith(end):
            return combine(values)
    return sum(values)


class _Merged(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families
