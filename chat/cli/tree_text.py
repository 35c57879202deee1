"""A snapshot of `chat tree` as text: counters, a table of clients, the tree of tasks."""

from collections.abc import Iterator

from chat.cli.server_query import Json
from chat.cli.table import printable, table


def snapshot_lines(snapshot: Json, rows: int | None = None) -> list[str]:
    """Return the lines of a snapshot. If `rows` is given, the table takes a third of them at most.

    In the tree clients come first, so a small terminal shows them too.
    """
    return [printable(line) for line in _lines(snapshot, rows)]


def cancellation_report(unwound: Json) -> str:
    """Return how a cancelled client ended, one line for each task."""
    lines = [f"cancelled connection {unwound['connection']}, {unwound['name'] or 'nobody yet'}"]
    for task in unwound["tasks"]:
        when = "still there" if task["seconds"] is None else f"+{task['seconds'] * 1000:.1f} ms"
        lines.append(f"  {when:>11}  {task['task']}, from {task['awaited']}")
    return "\n".join(map(printable, lines))


def duration(seconds: float) -> str:
    """Return a time in units that fit: 0.4 s, 12 s, 3 min 5 s, 2 h 1 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _lines(snapshot: Json, rows: int | None) -> Iterator[str]:
    rates = snapshot["per_second"]
    clients = len(snapshot["clients"]) + snapshot["more"]
    listed = snapshot["clients"] if rows is None else snapshot["clients"][: max(1, rows // 3 - 2)]
    counters = "   ".join(
        f"{rates[name]:,.0f} {name}/s" for name in ("messages", "deliveries", "commits", "connections")
    )
    yield f"{clients:,} client{'' if clients == 1 else 's'}   {counters}"
    yield ""
    if listed:
        yield from table([_HEAD, *map(_client, listed)])
        if more := clients - len(listed):
            yield f"and {more:,} more"
        yield ""
    tree, _ = _clients_first(snapshot["tree"])
    yield from _branch(tree, "", "", {each["connection"]: each for each in snapshot["clients"]})


def _clients_first(task: Json) -> tuple[Json, bool]:
    """Sort nurseries and tasks that contain clients first; return the task and whether it contains any."""
    nests = []
    for nursery in task["nurseries"]:
        tasks = sorted(map(_clients_first, nursery["tasks"]), key=lambda pair: not pair[1])
        nests.append(({**nursery, "tasks": [child for child, _ in tasks]}, any(has for _, has in tasks)))
    nests.sort(key=lambda pair: not pair[1])
    ordered = {**task, "nurseries": [nursery for nursery, _ in nests]}
    return ordered, task["client"] is not None or any(has for _, has in nests)


_HEAD = ("CLIENT", "NAME", "DIALECT", "ADDRESS", "AGE", "SILENT", "MESSAGES IN", "BYTES IN", "OUTBOX")


def _client(client: Json) -> tuple[str, ...]:
    outbox = (
        f"{client['queued_bytes']:,} bytes in {client['queued_batches']}" if client["queued_bytes"] else "-"
    )
    return (
        str(client["connection"]),
        client["name"] or "-",
        client["dialect"],
        client["address"],
        duration(client["age"]),
        duration(client["silent"]),
        f"{client['messages_in']:,}",
        f"{client['bytes_in']:,}",
        outbox if client["closing"] is None else f"closing {client['closing']}",
    )


def _branch(task: Json, first: str, rest: str, clients: Json) -> Iterator[str]:
    awaits, who = task["awaits"], clients.get(task["client"])
    name = (
        task["name"] if who is None else f"client {who['connection']} {who['name'] or '-'} ({who['dialect']})"
    )
    where = f"{awaits['where']} {awaits['function']}" + (f" ‹{awaits['calls']}›" if awaits["calls"] else "")
    yield f"{first}{name}  {where}{_waiting(awaits)}"
    for scope in task["scopes"]:
        yield f"{rest}{'│' if task['nurseries'] else ' '}  scope {_scope(scope)}"
    for place, nursery in enumerate(task["nurseries"]):
        last = place == len(task["nurseries"]) - 1
        yield f"{rest}{'└' if last else '├'}─ nursery {_scope(nursery['scope'])}".rstrip()
        inner = rest + ("   " if last else "│  ")
        tasks, more = nursery["tasks"], nursery["more"]
        for child_place, child in enumerate(tasks):
            end = child_place == len(tasks) - 1 and not more
            yield from _branch(
                child, inner + ("└─ " if end else "├─ "), inner + ("   " if end else "│  "), clients
            )
        if more:
            yield f"{inner}└─ and {more:,} more"


def _waiting(awaits: Json) -> str:
    if awaits["seconds"] is None:
        return ""
    return f"  {'at least ' if awaits['at_least'] else ''}{duration(awaits['seconds'])}"


def _scope(scope: Json) -> str:
    marks = [f"of {scope['where']}"] if scope["where"] else []
    if scope["deadline"] is not None:
        marks.append(f"{scope['deadline']:.1f} s left")
    marks += [mark for mark, held in (("shield", scope["shield"]), ("CANCELLED", scope["cancelled"])) if held]
    return ", ".join(marks)
