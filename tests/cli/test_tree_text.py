"""The drawing of `chat tree`: clients before the server's own tasks, also on a small screen."""

from typing import Any

from chat.cli.tree_text import snapshot_lines


def task(name: str, *nurseries: list[Any], client: int | None = None) -> dict[str, Any]:
    """A task as a snapshot tells it, with nurseries of tasks."""
    awaits = {"where": "here.py:1", "function": "run", "calls": "", "seconds": None, "at_least": False}
    scope = {"where": "", "deadline": None, "shield": False, "cancelled": False}
    nests = [{"scope": scope, "tasks": tasks, "more": 0} for tasks in nurseries]
    return {"name": name, "awaits": awaits, "scopes": [], "nurseries": nests, "client": client}


def snapshot(clients: int, tree: dict[str, Any]) -> dict[str, Any]:
    listed = {
        number: {
            "connection": number,
            "name": f"p{number}",
            "dialect": "talker",
            "address": "::1",
            "closing": None,
        }
        | dict.fromkeys(("age", "silent", "messages_in", "bytes_in", "queued_bytes", "queued_batches"), 0)
        for number in range(1, clients + 1)
    }
    rates = dict.fromkeys(("messages", "deliveries", "commits", "connections"), 0.0)
    return {"per_second": rates, "clients": list(listed.values()), "more": 0, "tree": tree}


def server(clients: int) -> dict[str, Any]:
    """Forty tasks that serve, and behind them those of the clients."""
    gateway = [task("accept"), *(task("serve", client=number) for number in range(1, clients + 1))]
    return task(
        "init", [task("run_sync_soon")], [task("main", *([task(f"t{n}")] for n in range(40)), gateway)]
    )


def test_on_24_rows_the_tree_shows_clients() -> None:
    for clients in (1, 40):
        seen = snapshot_lines(snapshot(clients, server(clients)), 24)[:22]
        assert any("client 1 p1 (talker)" in line for line in seen), "\n".join(seen)
        assert sum(line.endswith("-") for line in seen) == min(clients, 6)
        assert clients == 1 or "and 34 more" in seen


def test_all_that_is_there_is_drawn_once_whatever_comes_first() -> None:
    lines = snapshot_lines(snapshot(3, server(3)))
    for name in (
        "run_sync_soon",
        "accept",
        *(f"t{n} " for n in range(40)),
        *(f"client {n} " for n in (1, 2, 3)),
    ):
        assert sum(f"─ {name}" in line for line in lines) == 1, name
    assert "and" not in " ".join(lines[:7])
    assert lines.index(next(line for line in lines if "client 3" in line)) < lines.index(
        next(line for line in lines if "accept" in line)
    )
