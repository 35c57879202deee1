"""Ask for a password without showing it; the terminal is restored however the command ends."""

import signal
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

import click

from chat.cli.termination_signals import ENDING, leave_on_signals

_REPEAT_AFTER = 0.05
"""Seconds."""


def prompt_password(*, is_new: bool) -> str:
    """Ask for a password on the terminal; for a new one, twice. Raises click.Abort."""
    password: str | None = None
    with leave_on_signals(), _repeated_signals():  # or the terminal would stay without echo
        password = click.prompt("Password", hide_input=True, confirmation_prompt=is_new)
    if password is None:  # a signal is about to end the command
        raise click.Abort
    return password


@contextmanager
def _repeated_signals() -> Generator[None]:
    """Repeat a signal that ends the command to the main thread, until the block is left.

    Python notes a signal, and calls its handler once the main thread goes on. One that is noted just before a read
    begins, or in another thread, interrupts no read: the handler would wait for a line. Only in the main thread.
    """
    if not hasattr(signal, "pthread_kill"):  # on Windows
        yield
        return
    main, is_over = threading.get_ident(), threading.Event()

    def repeat(wire: socket.socket) -> None:
        while numbers := wire.recv(64):
            for number in numbers:
                while number in ENDING and not is_over.wait(_REPEAT_AFTER):
                    signal.pthread_kill(main, number)

    ours, pythons = socket.socketpair()
    pythons.setblocking(False)
    thread = threading.Thread(target=repeat, args=[ours], daemon=True)
    with ours:
        with pythons:
            before = signal.set_wakeup_fd(pythons.fileno(), warn_on_full_buffer=False)
            thread.start()
            try:
                yield
            finally:
                signal.set_wakeup_fd(before)
                is_over.set()
        thread.join()
