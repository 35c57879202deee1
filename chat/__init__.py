"""A chat server in structured concurrency: five protocols over one core.

The floors, highest first; a file imports only from floors below its own:

    cli, __main__    the command
    server           the only wiring, one `async with`
    gateway/         the edges: one port, the WebSocket door, HTTP routes
    live/            what is alive now: hub, broadcaster, journal, outbox, session
    services/        the rules: accounts, history, rooms, support, direct
    dialects/        pure codecs, one a protocol
    storage/         ports, and two implementations: memory and PostgreSQL
    configure        where the settings come from
    config, logs, waiting   one frozen record; how a line is logged; take all that is waiting
    model/           values without await or I/O
"""

__version__ = "0.1.0"
