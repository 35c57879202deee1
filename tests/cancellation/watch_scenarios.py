"""The server while it is watched: by an admin over HTTP, and by the owner of the data directory."""

from contextlib import AsyncExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import trio
import trio._core._run as trio_run
from trio_cancel_sweep import Run

from chat.domain.accounts.tokens import Tokens
from chat.domain.entities import Person
from chat.domain.ports import NewPerson
from chat.inspection.control_path import SOCKET
from chat.server import open_chat
from tests.cancellation.gateway_scenarios import GONE, Wire, config
from tests.reference.storage import MemoryStorage
from tests.support.chat_world import SECRET


async def watched(run: Run) -> None:
    """Two clients are looked at and cancelled: nothing that measures is left, nor the control socket."""
    storage = MemoryStorage()
    olga = await storage.users.add(NewPerson(name="olga", password_hash=b"x", is_admin=True))
    assert isinstance(olga, Person)
    token = Tokens(SECRET, 60).issue(olga)
    ready, done = trio.Event(), trio.Event()
    addresses: list[str] = []
    replies: list[Any] = []
    instruments = _instruments()

    async def serve(data: Path) -> None:
        async with open_chat(config(), storage, SECRET, local=data) as opened:
            addresses.extend(opened.addresses)
            ready.set()
            await done.wait()

    async def watch(data: Path) -> None:
        await ready.wait()
        port = int(addresses[0].rpartition(":")[2])
        try:
            async with AsyncExitStack() as stack:
                clients = await stack.enter_async_context(trio.open_nursery())
                for _ in range(2):
                    wire = Wire(
                        await stack.enter_async_context(await trio.open_tcp_stream("127.0.0.1", port))
                    )
                    await wire.opens("/", token)
                    if b"authorised" not in wire.got:  # it may have come with the handshake's answer
                        await wire.until(b"authorised")
                    clients.start_soon(_is_cut, wire)
                replies.extend([await _asks(data, question) for question in QUESTIONS])
                admin = Wire(await stack.enter_async_context(await trio.open_tcp_stream("127.0.0.1", port)))
                replies.append(await admin.asks("POST", "/admin/clients/2/cancel", None, token))
                for path in ("/admin/tree.json", "/admin/nodes", "/admin/why", "/admin/why/1"):
                    await admin.asks("GET", path, None, token)
                bearer = f"Authorization: Bearer {token}".encode()
                await admin.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n" + bearer + b"\r\n\r\n")
                await admin.until(b"chat_connections")
        except* GONE:
            pass
        done.set()

    with TemporaryDirectory(prefix="chat-") as name:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch, Path(name))
            await run.target(serve, Path(name))
            if not addresses:
                nursery.cancel_scope.cancel()
        assert not (Path(name) / SOCKET).exists(), "the control socket is left, and nobody answers there"
    assert _instruments() == instruments, "an instrument measures for nobody"
    if not run.fired:
        tree, healthy, first, nobody, ends, report, metrics, second = replies
        assert healthy["result"] == {"status": "ok"}
        assert len(tree["result"]["clients"]) == 2
        for cancelled in (first["result"], second):
            assert all(task["seconds"] is not None for task in cancelled["tasks"]), cancelled
        assert nobody["error"]
        assert len(ends["result"]) == 1
        assert report["result"]["summary"]["connection"] == 1
        assert "chat_connections" in metrics["result"]


QUESTIONS = ("tree 5", "health", "cancel 1", "cancel 99", "why", "why 1", "metrics")


async def _is_cut(wire: Wire) -> None:
    await wire.until(b"\x88")
    await wire.stream.aclose()


async def _asks(data: Path, question: str) -> Any:
    """Ask on the data directory's socket; None where no answer came."""
    with suppress(*GONE, msgspec.DecodeError):
        async with await trio.open_unix_socket(data / SOCKET) as stream:
            wire = Wire(stream)
            await wire.send(f"{question}\n".encode())
            await wire.until(b"\n")
            return msgspec.json.decode(wire.got)
    return None


def _instruments() -> int:
    return len(trio_run.GLOBAL_RUN_CONTEXT.runner.instruments["_all"])
