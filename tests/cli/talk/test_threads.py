"""Threads in a terminal, with a real server."""

import re
from pathlib import Path

from tests.cli.talk.test_terminal import END, enter, talk
from tests.support.server import ServerProcess


def test_a_thread_is_shown_unfollowed_and_followed(server: ServerProcess, tmp_path: Path) -> None:
    with talk(tmp_path / "state", server.url, "--register", LANG="C.UTF-8") as screen:
        enter(screen, "threading ada", is_new=True)
        screen.type("/new threaded-roses\r")
        screen.wait(lambda: screen.lines[0] == " #threaded-roses")
        for typed, text in (
            ("tea?", "tea?"),
            ("beside it", "beside it"),
            ("/reply 2 with milk", "with milk"),
        ):
            screen.type(f"{typed}\r")
            screen.wait(
                lambda text=text: (
                    re.search(rf":\d\d threading ada: {re.escape(text)}", screen.text) is not None
                )
            )  # type: ignore[misc]
        screen.type("/thread\r")
        screen.wait("thread in #threaded-roses: 1 reply, you follow it")
        screen.wait("threading ada: with milk")
        assert "beside it" not in screen.text
        screen.type("\x1b")
        screen.wait("beside it")
        screen.type("/unfollow 3\r")
        screen.wait("you do not follow this thread any more")
        screen.type("/follow\r")
        screen.wait("you follow this thread")
        screen.type(END)
