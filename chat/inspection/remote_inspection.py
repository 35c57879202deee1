"""Inspects another process of this server by its control socket."""

from pathlib import Path
from typing import Any

import msgspec
import trio

from chat.inspection.connection_report import ConnectionReport, Summary
from chat.inspection.control_path import reachable
from chat.inspection.control_socket import Reply
from chat.inspection.inspection import DATABASE_DOWN, InspectionFailed
from chat.inspection.watch import Snapshot, Unwound

_TIMEOUT = 6.0
"""Seconds for an answer: longer than a cancelled client is watched, shorter than our caller waits."""


class RemoteInspection:
    """The port `Inspection`, answered on the control socket `name` in `directory` by the process called `who`."""

    def __init__(self, directory: Path, name: str, who: str) -> None:
        self.who = who
        self._directory = directory
        self._name = name

    async def tree(self, most: int) -> Snapshot:
        answer: Snapshot = await self._ask_for(Snapshot, "tree", most)
        return answer

    async def cancel(self, connection: int) -> Unwound | None:
        answer: Unwound | None = await self._ask_for(Unwound | None, "cancel", connection)
        return answer

    async def ends(self) -> list[Summary]:
        answer: list[Summary] = await self._ask_for(list[Summary], "why")
        return answer

    async def report(self, connection: int) -> ConnectionReport | None:
        answer: ConnectionReport | None = await self._ask_for(ConnectionReport | None, "why", connection)
        return answer

    async def metrics(self) -> str:
        answer: str = await self._ask_for(str, "metrics")
        return answer

    async def health(self) -> None:
        reply = await self._ask("health")
        if reply.error is not None:
            raise InspectionFailed(reply.error, reply.public or DATABASE_DOWN)

    async def _ask_for(self, kind: Any, *question: object) -> Any:  # noqa: ANN401 - as many as there are answers
        reply = await self._ask(*question)
        try:
            return msgspec.convert(reply.result, kind)
        except msgspec.ValidationError as error:  # of another version; or it said why there is none
            raise InspectionFailed(f"{self.who}: {reply.error or error}") from error

    async def _ask(self, *question: object) -> Reply:
        answer = bytearray()
        try:
            with trio.fail_after(_TIMEOUT):
                with reachable(self._directory, self._name) as path:
                    stream = await trio.open_unix_socket(path)
                async with stream:
                    await stream.send_all(" ".join(map(str, question)).encode() + b"\n")
                    async for part in stream:
                        answer += part
                    return msgspec.json.decode(answer, type=Reply)
        except (OSError, trio.BrokenResourceError, trio.TooSlowError, msgspec.DecodeError) as error:
            raise InspectionFailed(f"{self.who} does not answer") from error
