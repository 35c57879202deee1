"""How PostgreSQL is started: no network, nothing acknowledged before it is on the disk, a small footprint.

They are given on the command line, which overrides the cluster's postgresql.conf; all other settings are in that file.
"""

from pathlib import Path

from chat.embedded_postgres.cluster import Cluster
from chat.embedded_postgres.socket_directory import PORT

SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",  # bounds how long recovery takes, and with it a start after a crash
    "jit": "off",  # our queries are short
    "restart_after_crash": "on",
    # The log is ours, kept short, and has no message text in it: no statements, no details of rows.
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_checkpoints": "off",
    "log_statement": "none",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


FEWEST_CONNECTIONS = 50
"""Connections for one server with its pool, a `chat user` beside it, and an operator's psql."""

_BESIDE_THE_POOL = 6
"""Connections of one worker that are not of its pool: the journal's, those that listen, and some to spare."""


def connections_for(workers: int, pool_size: int) -> int:
    """Return how many connections PostgreSQL takes: enough for all workers, and the successor of one of them."""
    if workers == 1:
        return FEWEST_CONNECTIONS
    return FEWEST_CONNECTIONS + (workers + 1) * (pool_size + _BESIDE_THE_POOL)


def command(cluster: Cluster, sockets: Path, connections: int = FEWEST_CONNECTIONS) -> list[str | Path]:
    """Return the command line that runs PostgreSQL on `cluster` with its socket in the directory `sockets`."""
    settings = SETTINGS | {
        "max_connections": str(connections),
        "unix_socket_directories": _quoted(sockets),
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return [cluster.binaries.directory / "postgres", "-D", cluster.path, *options]


def _quoted(path: Path) -> str:
    """As one entry of a list: a path may have commas and spaces in it."""
    return '"' + str(path).replace('"', '""') + '"'
