"""`python -m tests.support.forking FD`: fork a process that runs `chat` whenever the socket FD asks for one.

It has imported and read all that a server needs, and hides what only tests install. It ends when the socket does.
"""

import array
import gc
import json
import os
import signal
import socket
import sys
from typing import Any

from tests.support.as_installed.sitecustomize import ONLY_OF_TESTS

sys.modules.update(dict.fromkeys(ONLY_OF_TESTS))  # type: ignore[arg-type]  # None: it can't be imported

import chat.cli.serve  # noqa: E402
import chat.server  # noqa: E402, F401
from chat.cli import main  # noqa: E402
from chat.domain.text.skeletons import read_tables  # noqa: E402
from chat.web_api.web_client import web_files  # noqa: E402

LARGEST = 1 << 18
"""Bytes that are asked for at once: a command line and an environment."""


SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
"""Those that go to all processes of a terminal or a run: what is forked heeds them, and whoever forks does not."""


def answer(asking: socket.socket) -> None:
    """Fork as often as it is asked for; what is asked comes with a process's input, output, errors and who waits."""
    read_tables()
    for file in web_files().files.values():
        _ = file.zipped  # compressed once for all servers
    gc.freeze()  # so that a server that collects its garbage does not copy all of this
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those who wait need nobody who waits for them
    while True:
        asked, descriptors, _, _ = socket.recv_fds(asking, LARGEST, 4)
        if not asked:
            return
        if os.fork() == 0:
            asking.close()
            wait(json.loads(asked), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def wait(asked: dict[str, Any], given: int, output: int, errors: int, waiting: int) -> None:
    """Fork it, send its process id and its status to the waiting process, and exit."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(waiting)
        run(asked, given, output, errors)
    for each in (given, output, errors):
        os.close(each)
    os.write(waiting, array.array("i", [pid]).tobytes())
    _, status = os.waitpid(pid, 0)
    os.write(waiting, array.array("i", [os.waitstatus_to_exitcode(status)]).tobytes())
    os._exit(0)


def run(asked: dict[str, Any], *streams: int) -> None:
    """Run the command, as `python -m chat` does."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(asked["place"])
    os.environ.clear()
    os.environ |= asked["environment"]
    sys.exit(main(asked["arguments"], prog_name="chat"))


if __name__ == "__main__":
    answer(socket.socket(fileno=int(sys.argv[1])))
