"""A PostgreSQL of its own for a peer that saves: the same programs, settings and fsync as our server's own.

    python -m bench.database DATA

runs it until SIGTERM and prints its address as JSON once it is ready.
"""

import json
import signal
import sys
from pathlib import Path

import trio

from chat.embedded_postgres.data_directory import open_data_directory
from chat.embedded_postgres.embedded import open_embedded_postgres
from chat.logs import configure_logging

_GRACE = 5.0
"""Seconds for it to stop."""


async def serve(path: Path) -> None:
    """Run it until SIGTERM."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with (
            open_data_directory(path) as data,
            open_embedded_postgres(data, grace=_GRACE) as postgres,
        ):
            print(json.dumps(postgres.address), flush=True)
            async for _ in signals:
                return


if __name__ == "__main__":
    configure_logging("warning", "text")
    trio.run(serve, Path(sys.argv[1]))
