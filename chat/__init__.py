"""A chat server in structured concurrency: seven protocols over one core, and a client.

The floors, highest first; a file imports only from floors below its own:

    cli, __main__        the command
    server               the only wiring, one `async with`
    http_side            the HTTP application, metrics on a port of their own; cluster_config: how to join others;
                         start_notices: what it logs for its operator when it has started
    data_access          what a command does on the data of a server, running or not
    workers/             several processes: what a parent hands down, supervises, and asks all of them
    protocols/           a package each: codec, commands, handlers, HTTP routes; none knows another; a registry
    web_api/             the HTTP application: endpoints, bodies, answers, OpenAPI, pages
    gateway/             one port: listener, admission, TLS; http1/ and websocket/
    features/            a package each, with all that one subject is on the server; none knows another; a registry
    operations/          what an operation is, and the values that operations share
    application/         use cases: plain async functions, whatever the protocol
    engine/              what is alive now: session, hub, journal, broadcaster, send queue, history, memberships
    inspection/          watching the server: records of connections, task tree, metrics, control socket
    bus/                 announcements between servers: sockets between workers, PostgreSQL's NOTIFY, Redis
    storage/             the ports in PostgreSQL, and files in a directory
    embedded_postgres/   supervises a PostgreSQL of our own
    settings/            one frozen record, and where it is read from
    domain/              values, rules and the ports of the storage: no wire, no SQL
    channels, caseless,  take all that waits; JSON keys in any case;
    durable, frames,     files that are there after a crash; the bytes of WebSocket frames;
    logs, shutdown,      how a line is logged; how long each step of a stop may take;
    signals              waiting for a condition, for server and client

Beside them all stands client/, which talks with a server from elsewhere and imports nothing of it but signals.
"""

__version__ = "0.2.0"
