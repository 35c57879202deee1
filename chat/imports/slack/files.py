"""Fetches the files that an export of Slack only links to, by the token in the link or by one of the workspace."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import structlog
import trio

from chat.outbound.client import Outbound
from chat.outbound.failures import RequestFailed

ORIGIN = "https://files.slack.com"
"""Where files of a workspace are. Nothing else is asked, and no token goes anywhere else."""

_MOST_BYTES = 256 * 2**20
"""Of one file: it is held in memory."""

_TIMEOUT = 300.0
_TRIES = 4
_LONGEST_WAIT = 60.0
"""Seconds for one file, and for which Slack may ask to wait when it is asked too often."""

logger = structlog.get_logger(__name__)


class Wanted(NamedTuple):
    """A file: its id, its link, its size in bytes if the export says it, and its type."""

    id: str
    url: str
    size: int | None
    type: str


class SlackFiles:
    """Fetches files, and keeps them in a directory, so that another run need not fetch them again.

    Args:
        outbound: makes the requests.
        directory: where files are kept, by their ids.
        token: of the workspace; "": the links have their own.
        origin: where files are.
    """

    def __init__(self, outbound: Outbound, directory: Path, token: str = "", origin: str = ORIGIN) -> None:
        self._outbound = outbound
        self._directory = directory
        self._token = token
        self._origin = origin

    async def fetch(self, wanted: Wanted) -> Path | None:
        """Return where the file is; None: it could not be had. Raises OSError. Cancelling: it is fetched later."""
        path = self._directory / wanted.id
        if not wanted.id.isalnum() or not wanted.url.startswith(f"{self._origin}/"):
            return None
        if await trio.Path(path).is_file():
            return path
        body = await self._body(wanted)
        if body is None:
            return None
        await trio.to_thread.run_sync(_keep, path, body)
        return path

    async def _body(self, wanted: Wanted) -> bytes | None:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        for _ in range(_TRIES):
            try:
                answer = await self._outbound.send(
                    "GET", wanted.url, headers=headers, most_bytes=_MOST_BYTES, total_timeout=_TIMEOUT
                )
            except RequestFailed as error:
                logger.warning("file of Slack not fetched", file=wanted.id, error=str(error))
                return None
            if answer.status == 429:
                await trio.sleep(_wait(answer.headers))
                continue
            if answer.status != 200 or _is_page(wanted, answer.headers):
                logger.warning("file of Slack not fetched", file=wanted.id, status=answer.status)
                return None
            return answer.body if wanted.size in (None, len(answer.body)) else None
        return None


def _wait(headers: Mapping[str, str]) -> float:
    said = headers.get("retry-after", "")
    return min(float(said), _LONGEST_WAIT) if said.isdecimal() and len(said) < 6 else 1.0


def _is_page(wanted: Wanted, headers: Mapping[str, str]) -> bool:
    """Whether it is a page for people: that is what Slack answers to a wrong token."""
    return headers.get("content-type", "").startswith("text/html") and wanted.type != "text/html"


def _keep(path: Path, body: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(body)
    new.chmod(0o600)
    new.replace(path)
