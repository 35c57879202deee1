"""How PostgreSQL is started: no network, nothing acknowledged before it is on the disk, a small footprint.

They are given on the command line, which overrides the cluster's postgresql.conf; all other settings are in that file.
"""

from collections.abc import Iterable
from pathlib import Path

from chat.domain.startup import CannotStart
from chat.embedded_postgres.cluster import Cluster
from chat.embedded_postgres.memory import usable_memory
from chat.embedded_postgres.socket_directory import PORT

IS_EMBEDDED = "coalesce(current_setting('chat.is_embedded', true) = 'on', false)"
"""An SQL expression: whether the PostgreSQL that computes it is a server's own."""

SETTINGS = {
    "chat.is_embedded": "on",
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    # Full pages are most of what a message costs: each page is logged whole once between two checkpoints. How long the
    # recovery after a crash takes is bounded by max_wal_size.
    "wal_compression": "on",
    "checkpoint_timeout": "30min",
    "min_wal_size": "80MB",  # of files that are used again: to make a new one takes a commit tens of milliseconds
    "max_slot_wal_keep_size": "2GB",  # an archive that is away must not fill the disk
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


REQUIRED = {
    *("listen_addresses", "port", "unix_socket_permissions", "unix_socket_directories", "max_connections"),
    *("fsync", "full_page_writes", "synchronous_commit", "chat.is_embedded"),
}
"""The settings that an operator cannot change: the server's promises depend on them."""

NOT_DURABLE = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
"""The settings of a database that is removed soon: others' commits would wait for what it flushes."""

_MIB = 1 << 20

FEWEST_CONNECTIONS = 50
"""Connections for one server with its pool, a `chat user` beside it, and an operator's psql."""

_BESIDE_THE_POOL = 6
"""Connections of one worker that are not of its pool: the journal's, those that listen, and some to spare."""


def connections_for(workers: int, pool_size: int) -> int:
    """Return how many connections PostgreSQL takes: enough for all workers, and the successor of one of them."""
    if workers == 1:
        return FEWEST_CONNECTIONS
    return FEWEST_CONNECTIONS + (workers + 1) * (pool_size + _BESIDE_THE_POOL)


def by_memory(memory: int) -> dict[str, str]:
    """Return the settings for a machine with so many bytes of memory, which others use too. Sync and pure.

    A large `max_wal_size` saves WAL, since each page is written whole after a checkpoint; it also bounds how long the
    recovery after a crash takes.
    """
    return {
        "shared_buffers": f"{min(max(memory // 16 // _MIB, 64), 512)}MB",
        "max_wal_size": f"{min(max(memory // 8 // _MIB, 256), 1024)}MB",
    }


def refuse_required(settings: Iterable[str]) -> None:
    """Raise CannotStart if one of the settings, as NAME=VALUE, is one that the server depends on. Sync."""
    for setting in settings:
        name = setting.partition("=")[0].lower()
        if name in REQUIRED:
            raise CannotStart(f"the embedded PostgreSQL needs its own value of {name}: do not set it")


def command(
    cluster: Cluster, sockets: Path, connections: int = FEWEST_CONNECTIONS, own: Iterable[str] = ()
) -> list[str | Path]:
    """Return the command line that runs PostgreSQL on `cluster` with its socket in the directory `sockets`.

    `own` are the operator's settings, as NAME=VALUE; they win over the defaults.
    """
    settings = (
        SETTINGS
        | by_memory(usable_memory())
        | {name.lower(): value for name, _, value in (each.partition("=") for each in own)}
        | {"max_connections": str(connections), "unix_socket_directories": _quoted(sockets)}
    )
    options = [f"--{name}={value}" for name, value in settings.items()]
    return [cluster.binaries.directory / "postgres", "-D", cluster.path, *options]


def _quoted(path: Path) -> str:
    """As one entry of a list: a path may have commas and spaces in it."""
    return '"' + str(path).replace('"', '""') + '"'
