"""Answers downloads: browsers show images inline and save all other files; none can run scripts."""

from collections.abc import AsyncGenerator
from functools import partial
from typing import Self
from urllib.parse import quote

import trio
from quart import Response, request
from quart_trio.wrappers.response import TrioFileBody, TrioResponse

from chat.domain.messages.files import ANY_TYPE, IMAGE_TYPES, NO_FILE
from chat.domain.ports import KeptFile
from chat.protocols.services import Services
from chat.storage.archives import ArchiveFile
from chat.web_api.answers import refuse

_PIECE = 262_144
"""Bytes of an archive read at once."""

_HEADERS = {
    # Browsers must not guess the type, and a file that is opened as a page must not run scripts.
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    # The browser may cache it but must revalidate: a person who has left the room can't read it any more.
    "Cache-Control": "private, no-cache",
}

_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
"""For a file whose address is its content. No proxy keeps it, so it is gone where nobody has seen it."""


def send_file(services: Services, kept: KeptFile, *, is_lasting: bool = False) -> Response:
    """Answer with the file's bytes, which are read from the disk as fast as the client takes them. Sync.

    `is_lasting`: its address never means another file.
    """
    etag = f'"{kept.digest.hex()}"'
    headers = {**_HEADERS, "ETag": etag, **(_FOR_EVER if is_lasting else {})}
    if etag in request.headers.get("If-None-Match", ""):
        return Response(b"", 304, headers)
    file = kept.file
    is_image = file.type in IMAGE_TYPES
    headers["Content-Disposition"] = f"{'inline' if is_image else 'attachment'}; {_file_name(file.name)}"
    headers["Content-Length"] = str(file.size)

    async def send() -> AsyncGenerator[bytes]:
        async with services.uploads.reading(kept) as pieces:
            async for piece in pieces:
                yield piece

    response = Response(send(), 200, headers, content_type=file.type if is_image else ANY_TYPE)
    response.timeout = None  # the gateway has a deadline for each piece
    return response


async def send_archive(archive: ArchiveFile) -> Response:
    """Answer with an export, or the asked range of it, so that a download can be resumed. Cancelling truncates it."""
    headers = {**_HEADERS, "Cache-Control": "no-store", "ETag": f'"{archive.path.stem}"'}
    headers["Content-Disposition"] = f"attachment; {_file_name(archive.file_name)}"
    try:
        body = await trio.to_thread.run_sync(partial(ArchiveBody, archive.path, buffer_size=_PIECE))
    except FileNotFoundError:
        return refuse(NO_FILE)  # its time ended just now
    headers["Content-Length"] = str(body.size)
    response: Response = TrioResponse(body, 200, headers, content_type="application/zip")
    response.timeout = None  # the gateway has a deadline for each piece
    return await response.make_conditional(request, accept_ranges=True, complete_length=body.size)


class ArchiveBody(TrioFileBody):
    """A file whose ranges may end behind it, or count from its end, as RFC 9110 has it."""

    async def __aenter__(self) -> Self:
        """Open the file at the beginning of the range. Cancelling leaves no open file."""
        self.file = await trio.open_file(self.file_path, "rb")
        self.file.wrapped.seek(self.begin)  # no await since it is open: nobody else would close it
        return self

    async def make_conditional(self, begin: int, end: int | None, max_partial_size: int | None = None) -> int:
        begin = max(0, self.size + begin) if begin < 0 else begin
        end = self.size if end is None else min(end, self.size)
        return await super().make_conditional(begin, end, max_partial_size)


def _file_name(name: str) -> str:
    """Return both parameters of RFC 6266: one in ASCII for old clients, and one with all letters (RFC 8187)."""
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%' else "_" for char in name)
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
