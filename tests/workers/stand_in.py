"""A small program in a worker's place: `stand_in.py BEHAVIOUR JOURNAL LIFELINE`.

It speaks as a worker does on its control pipe, needs nothing of the server, and writes a line to the journal for
whatever happens to it. Its behaviours:

    serves    is ready, and ends on request
    waits     is ready, and ends at a second signal
    hangs     is ready, and heeds nothing
    dies      is ready, and ends with status 3
    refuses   does not start, and says why
    silent    never becomes ready, and ends on request
    stuck     never becomes ready, and heeds nothing
"""

import json
import os
import signal
import socket
import sys
import threading

behaviour, journal, control_pipe = sys.argv[1:]
slot = "?"


def note(what: str) -> None:
    with open(journal, "a") as file:
        file.write(f"{slot} {os.getpid()} {what}\n")


# Blocked, and waited for below: none is lost between two lines.
signals = {signal.SIGTERM, signal.SIGINT}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
with socket.socket(fileno=int(control_pipe)) as parent:
    lines = parent.makefile("rb")
    slot = str(json.loads(lines.readline())["seat"])
    note("started")
    if behaviour == "refuses":
        parent.sendall(b'{"type": "refused", "reason": "it does not like it here"}\n')
        sys.exit(1)
    if behaviour not in ("silent", "stuck"):
        parent.sendall(b'{"type": "from tomorrow"}\n{"type": "ready"}\n')
    if behaviour == "dies":
        os._exit(3)

    def hear() -> None:
        for line in lines:
            message = json.loads(line)
            note(" ".join(str(part) for part in message.values()))
            if message["type"] == "leave" and behaviour not in ("hangs", "stuck"):
                os._exit(0)
        note("alone")
        if behaviour not in ("hangs", "stuck"):
            os._exit(0)

    threading.Thread(target=hear, daemon=True).start()
    while True:
        name = signal.Signals(signal.sigwait(signals)).name
        note(name)
        if behaviour in ("serves", "silent") or (behaviour == "waits" and name == "SIGINT"):
            os._exit(0)
