"""Answers a download: browsers show images inline and save all other files; none can run scripts."""

from collections.abc import AsyncGenerator
from urllib.parse import quote

from quart import Response, request

from chat.domain.messages.files import ANY_TYPE, IMAGE_TYPES
from chat.domain.ports import KeptFile
from chat.protocols.services import Services

_HEADERS = {
    # Browsers must not guess the type, and a file that is opened as a page must not run scripts.
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    # The browser may cache it but must revalidate: a person who has left the room can't read it any more.
    "Cache-Control": "private, no-cache",
}


def send_file(services: Services, kept: KeptFile) -> Response:
    """Answer with the file's bytes, which are read from the disk as fast as the client takes them. Sync."""
    etag = f'"{kept.digest.hex()}"'
    headers = {**_HEADERS, "ETag": etag}
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


def _file_name(name: str) -> str:
    """Return both parameters of RFC 6266: one in ASCII for old clients, and one with all letters (RFC 8187)."""
    plain = "".join(char if " " <= char <= "~" and char not in '"\\%' else "_" for char in name)
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
