"""Prepares a child process and replaces it by one of PostgreSQL's programs.

A script: `python -I -S launcher.py PARENT UID GID DIRECTORY PROGRAM ARGUMENT…`. Popen's `preexec_fn` could do the
same, but it runs Python in a fork of a process that may have threads; a lock that another thread held is never
released there.
"""

import os
import signal
import sys
from contextlib import suppress

# Imported now: the other user may not reach it. A Python may lack it.
with suppress(ImportError):
    import ctypes

CANNOT_BECOME = 124
"""Exit status: we may not change to the program's user."""
CANNOT_ENTER = 125
"""Exit status: the program's user may not enter the directory."""
CANNOT_RUN = 126
"""Exit status: the program is missing, or its user may not run it."""

PR_SET_PDEATHSIG = 1


def main(parent: str, uid: str, gid: str, directory: str, program: str, *arguments: str) -> None:
    """Drop to user `uid` (unless "-"), ask to be stopped when `parent` ends, and become `program`."""
    # Python ignores these signals, and exec keeps that.
    for changed in (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(changed, signal.SIG_DFL)
    if uid != "-":
        try:
            os.setgroups([])
            os.setgid(int(gid))
            os.setuid(int(uid))
        except OSError as error:
            refuse(CANNOT_BECOME, error)
    die_with_parent()  # after setuid, which resets it
    if os.getppid() != int(parent):  # it ended before the prctl
        sys.exit(1)
    try:
        os.chdir(directory)
    except OSError as error:
        refuse(CANNOT_ENTER, error)
    try:
        os.execv(program, (program, *arguments))
    except OSError as error:
        refuse(CANNOT_RUN, error)


def die_with_parent() -> None:
    """Get SIGINT, PostgreSQL's fast shutdown, when the parent ends, also by kill -9. Linux only."""
    if sys.platform == "linux" and "ctypes" in sys.modules:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def refuse(status: int, error: OSError) -> None:
    sys.stderr.write(f"{error}\n")
    sys.exit(status)


if __name__ == "__main__":
    main(*sys.argv[1:])
