"""Series with which each alert of deploy/alerts.yaml fires, and with which none does, as promtool writes them."""

from typing import NamedTuple


class Case(NamedTuple):
    """Series by name, as in `0+1x60` (from 0, by 1, 60 times), a minute each: those that raise an alert."""

    bad: dict[str, str]
    at: str = "60m"


INSTANCE = 'instance="a:9100",job="chat"'


def series(text: str) -> str:
    """`name{label="x"}` or `name`, with the labels that Prometheus adds."""
    name, _, labels = text.rstrip("}").partition("{")
    return f"{name}{{{INSTANCE}{',' * bool(labels)}{labels}}}"


def _slow(name: str) -> dict[str, str]:
    """A histogram in which one in ten takes more than a second."""
    return {f'{name}_bucket{{le="1.0"}}': "0+9x80", f'{name}_bucket{{le="5.0"}}': "0+10x80"} | {
        f'{name}_bucket{{le="+Inf"}}': "0+10x80"
    }


CASES = {
    "ChatDown": Case({"up": "0x80"}),
    "ChatRestartsOften": Case({"process_start_time_seconds": "1x30 2x5 3x5 4x40"}),
    "ChatNotSaving": Case({"chat_journal_working": "0x80"}),
    "ChatWritesWait": Case({"chat_journal_oldest_seconds": "6x80"}),
    "ChatWritesRefused": Case({"chat_messages_refused_total": "0+1x80"}),
    "ChatPublishesSlowly": Case(_slow("chat_publish_seconds")),
    "ChatLoopLags": Case(_slow("chat_loop_lag_seconds")),
    "ChatPoolUsedUp": Case({"chat_pool_waiting": "3x80"}),
    "ChatQueriesFail": Case({'chat_query_failures_total{reason="timeout"}': "0x57 1x20"}),
    "ChatDatabaseDown": Case({"chat_database_up": "0x80"}),
    "ChatPostgresRestarted": Case(
        {"chat_postgres_start_time_seconds": "100x50 200x30", "process_start_time_seconds": "50x80"}
    ),
    "ChatConnectionsNearlyUsedUp": Case(
        {"chat_postgres_connections": "95x80", "chat_postgres_max_connections": "100x80"}
    ),
    "ChatTransactionStaysOpen": Case({"chat_postgres_longest_transaction_seconds": "4000x80"}),
    "ChatTransactionIdsOld": Case({"chat_postgres_xid_age": "1100000000x80"}),
    "ChatDiskFillsUp": Case(
        {'chat_disk_free_bytes{of="wal"}': "9x80", 'chat_disk_bytes{of="wal"}': "100x80"}
    ),
    "ChatDiskFull": Case({'chat_disk_free_bytes{of="data"}': "2x80", 'chat_disk_bytes{of="data"}': "100x80"}),
    "ChatInodesRunOut": Case(
        {'chat_disk_free_inodes{of="files"}': "4x80", 'chat_disk_inodes{of="files"}': "100x80"}
    ),
    "ChatSearchBehind": Case({"chat_search_lag": "20000x80"}),
    "ChatCleanerStuck": Case({"chat_cleaner_messages": "500x80"}, at="75m"),
    "ChatLeaseLapsed": Case({"chat_lease_seconds": "0x80"}),
    "ChatBusInterrupted": Case({"chat_bus_interruptions_total": "0+1x80"}),
    "ChatBusDropsPayloads": Case({'chat_bus_dropped_total{reason="unauthenticated"}': "0x55 2x25"}),
    "ChatHttpErrors": Case(
        {
            'chat_http_requests_total{method="GET",route="/api/v1/me",status="503"}': "0+10x80",
            'chat_http_requests_total{method="GET",route="/api/v1/me",status="200"}': "0+90x80",
        }
    ),
    "ChatLoginsFail": Case({'chat_accounts_total{what="login failed"}': "0+90x80"}),
    "ChatClientsTooSlow": Case({'chat_closed_total{code="4008"}': "0+20x80"}),
    "ChatConnectionsRefused": Case({"chat_connections_refused_total": "0+1x80"}),
    "ChatBackupOld": Case({"chat_backup_timestamp_seconds": "-100000x80"}),
    "ChatBackupNotProven": Case({"chat_backup_proven_timestamp_seconds": "-200000x80"}),
    "ChatBackupFailed": Case({"chat_backup_failed": "0x40 1x40"}),
    "ChatBackupWalBehind": Case({"chat_backup_wal_timestamp_seconds": "0+30x80"}),
    "ChatBackupWalGap": Case({"chat_backup_wal_gap_timestamp_seconds": "3000x80"}),
    "ChatFilesNearlyUsedUp": Case({"process_open_fds": "900x80", "process_max_fds": "1000x80"}),
}

IMPLIES = {"ChatDiskFull": ["ChatDiskFillsUp"]}
"""Alerts that fire with another."""

WELL = {
    "up": "1x80",
    "process_start_time_seconds": "50x80",
    "chat_journal_working": "1x80",
    "chat_journal_oldest_seconds": "0.01x80",
    "chat_messages_refused_total": "7x80",
    'chat_publish_seconds_bucket{le="0.01"}': "0+100x80",
    'chat_publish_seconds_bucket{le="+Inf"}': "0+100x80",
    'chat_loop_lag_seconds_bucket{le="0.01"}': "0+240x80",
    'chat_loop_lag_seconds_bucket{le="+Inf"}': "0+240x80",
    "chat_pool_waiting": "0x40 2x1 0x40",
    'chat_query_failures_total{reason="timeout"}': "3x80",
    "chat_database_up": "1x80",
    "chat_postgres_start_time_seconds": "40x80",
    "chat_postgres_connections": "20x80",
    "chat_postgres_max_connections": "100x80",
    "chat_postgres_longest_transaction_seconds": "2x80",
    "chat_postgres_xid_age": "200000000x80",
    'chat_disk_free_bytes{of="data"}': "40x80",
    'chat_disk_bytes{of="data"}': "100x80",
    'chat_disk_free_inodes{of="data"}': "40x80",
    'chat_disk_inodes{of="data"}': "100x80",
    "chat_search_lag": "12x80",
    "chat_cleaner_messages": "90000-1000x80",
    "chat_lease_seconds": "4x80",
    "chat_bus_interruptions_total": "1x80",
    'chat_bus_dropped_total{reason="unreadable"}': "0x80",
    'chat_http_requests_total{method="GET",route="/api/v1/me",status="200"}': "0+90x80",
    'chat_http_requests_total{method="GET",route="/readyz",status="503"}': "0+30x80",
    'chat_accounts_total{what="login failed"}': "0+2x80",
    'chat_closed_total{code="4008"}': "0+1x80",
    "chat_connections_refused_total": "0x80",
    "chat_backup_timestamp_seconds": "-80000x80",
    "chat_backup_proven_timestamp_seconds": "-90000x80",
    "chat_backup_failed": "0x80",
    "chat_backup_wal_timestamp_seconds": "-10+60x80",
    "chat_backup_wal_gap_timestamp_seconds": "-90000x80",
    "process_open_fds": "100x80",
    "process_max_fds": "1000x80",
}
"""A server of which no alert is raised."""
