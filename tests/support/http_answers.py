"""Answers the HTTP requests of one connection, for servers of other programs that tests play."""

import re
from collections.abc import Callable

import trio


async def answer_requests(stream: trio.abc.Stream, answer: Callable[[str, bytes], bytes | None]) -> None:
    """Send what `answer` returns for the head and the body of each request, until the client leaves; None: nothing."""
    rest = b""
    try:
        while True:
            while b"\r\n\r\n" not in rest:
                rest += (some := await stream.receive_some())
                if not some:
                    return
            head, _, rest = rest.partition(b"\r\n\r\n")
            size = int((re.findall(rb"content-length: (\d+)", head.lower()) or [b"0"])[0])
            while len(rest) < size:
                rest += (some := await stream.receive_some())
                if not some:
                    return
            body, rest = rest[:size], rest[size:]
            answered = answer(head.decode("latin-1"), body)
            if answered is None:
                await trio.sleep_forever()
            else:
                await stream.send_all(answered)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass
