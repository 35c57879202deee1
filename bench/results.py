"""What is measured and kept: one `Run` for each start of a server, in one JSON file."""

from pathlib import Path
from typing import Any

import msgspec

from bench.machine import Machine

MICRO = 1e6


class Run(msgspec.Struct, kw_only=True):
    """One server, one scenario, one round. CPU is of the window, in seconds; latencies are microseconds."""

    server: str
    round: int
    ok: bool
    errors: list[str]
    window_seconds: float = 0.0
    deliveries: int = 0
    messages: int = 0
    cpu_main: float = 0.0
    """Of the server's own process."""
    cpu_total: float = 0.0
    """Of it and all its children; PostgreSQL is one."""
    cpu_others: float = 0.0
    """Of everything on the machine but the server and the generator."""
    cpu_workers: list[float] = []
    """Of each process of our server that serves, alone."""
    latency_us: dict[str, float] = {}
    lateness_us: dict[str, float] = {}
    """How late the generator was, where it paces itself."""
    rss_kib: int = 0
    """Of the server's own process at the window's end."""
    pss_kib: int = 0
    """Of it and all its children."""
    rss_before_kib: int = 0
    """Of the server's own process before anybody connected."""
    connections: int = 0
    connect_seconds: float = 0.0
    said: int = 0
    saved: int | None = None
    """Rows in its database at the end, if it saves."""
    generator_cpu: float = 0.0
    """Share of a core."""
    silence_us: float = 0.0
    """The longest in which nobody heard anything."""
    deliveries_per_read: float = 0.0
    bytes_per_read: float = 0.0
    one_commit_us: float = 0.0
    """One small commit in its database, alone, if it saves."""
    storm_us: dict[str, dict[str, float]] = {}
    """Since the storm began: when clients were let in (`open`), authenticated (`ready`), had a line, all lines."""
    notes: list[str] = []

    @property
    def deliveries_per_s(self) -> float:
        return self.deliveries / self.window_seconds if self.window_seconds else 0.0

    @property
    def messages_per_s(self) -> float:
        return self.messages / self.window_seconds if self.window_seconds else 0.0

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU, children included, for each delivery."""
        return self.cpu_total / self.deliveries * MICRO if self.deliveries else 0.0

    @property
    def cpu_share(self) -> float:
        """Of a core, children included."""
        return self.cpu_total / self.window_seconds if self.window_seconds else 0.0

    @property
    def serving_share(self) -> float:
        """Cores that the processes of our server used that serve."""
        return sum(self.cpu_workers) / self.window_seconds if self.window_seconds else 0.0

    @property
    def kib_per_connection(self) -> float:
        return (self.rss_kib - self.rss_before_kib) / self.connections if self.connections else 0.0

    @property
    def clients_per_s(self) -> float:
        """Of a storm: all clients, by the moment the last had its first line."""
        last = self.storm_us.get("first", {}).get("max", 0.0)
        return self.connections / last * MICRO if last else 0.0

    def latency(self, which: str) -> float:
        """Return `p50`, `p99` or `p999` in microseconds."""
        return self.latency_us.get(which, 0.0)


class Measured(msgspec.Struct, kw_only=True):
    """All runs of one scenario, and when and on what they were made."""

    title: str
    date: str
    revision: str
    machine: Machine
    runs: list[Run]

    def of(self, server: str) -> list[Run]:
        """Return the good runs of a server, in the order of rounds."""
        return [run for run in self.runs if run.server == server and run.ok]

    def servers(self) -> list[str]:
        """Return who took part, in order."""
        return list(dict.fromkeys(run.server for run in self.runs))


class Results(msgspec.Struct):
    """The newest measurement of each scenario."""

    scenarios: dict[str, Measured] = {}


def load(path: Path) -> Results:
    """Return what was saved there; nothing if there is nothing."""
    return msgspec.json.decode(path.read_bytes(), type=Results) if path.exists() else Results()


def save(results: Results, path: Path) -> None:
    """Write it whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    new.replace(path)


def storm_times(result: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Pick the storm's times out of the generator's result."""
    return {
        name: result[f"storm_{name}_us"]
        for name in ("open", "ready", "first", "last")
        if f"storm_{name}_us" in result
    }
