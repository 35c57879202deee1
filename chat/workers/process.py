"""One worker as a process: started with its control pipe, told to stop, and never left behind."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import trio

from chat.shutdown import LAST_WORDS, REAP
from chat.workers.control_pipe import ControlPipe
from chat.workers.messages import FROM_WORKER, CannotServe, FromWorker, Leave, Ready, Reload


def command() -> tuple[str, ...]:
    """Return the command of a worker, which runs this very package; its control pipe's descriptor is added to it."""
    root = Path(__file__).parents[2]
    # Without -P another `chat` in the working directory would be taken for ours.
    safely = () if root == Path.cwd() else ("-P",)
    return (sys.executable, *safely, "-m", "chat", "worker")


class WorkerProcess:
    """A worker. Only run() changes its public attributes.

    Args:
        command: what to start; the number of the control pipe's descriptor comes last.
        first: its first message.
        descriptors: what it inherits.
        stop_time: seconds that a worker has to stop before it is killed.
    """

    def __init__(
        self, command: Sequence[str], first: msgspec.Struct, descriptors: Sequence[int], stop_time: float
    ) -> None:
        self.ready = False  # it serves
        self.refusal: str | None = None  # why it does not start, in its own words
        self.pid: int | None = None
        self._command = command
        self._first = first
        self._descriptors = descriptors
        self._stop_time = stop_time
        self._process: trio.Process | None = None
        self._control_pipe: ControlPipe[FromWorker] | None = None
        self._must_stop = False
        self._lifetime = trio.CancelScope()  # its deadline: when a stopping worker is killed

    async def run(self, became_ready: trio.Event) -> int:
        """Run it until it has ended; return its exit status, below 0 for a signal. Raises OSError.

        `became_ready` is set when it serves. Cancelling: it is cut, as by a second signal, and killed if it hangs or
        has not got its first message.
        """
        ours, theirs = socket.socketpair()
        with ours, theirs:
            process = await trio.lowlevel.open_process(
                [*self._command, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), *self._descriptors),
                start_new_session=True,  # a Ctrl-C in our terminal is for us; we pass it on
            )
            # No await from here to the block that ends it.
            control_pipe = ControlPipe(socket.socket(fileno=os.dup(ours.fileno())), FROM_WORKER)
        self._process, self._control_pipe, self.pid = process, control_pipe, process.pid
        instructed = False
        try:
            if self._must_stop:  # stop() was called meanwhile
                process.terminate()
            with self._lifetime:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._hear, control_pipe, became_ready)
                    await control_pipe.send(self._first)
                    instructed = True
                    await process.wait()
                    # Its last message may still be on its way to us; then the control pipe ends.
                    nursery.cancel_scope.deadline = trio.current_time() + LAST_WORDS
        finally:
            self.ready = False
            await self._end(process, instructed)
            self._process = self._control_pipe = self.pid = None
            control_pipe.close()
        return -signal.SIGKILL if process.returncode is None else process.returncode

    def stop(self) -> None:
        """Tell it to stop as a single server does; after the stop time it is killed. Sync."""
        self._must_stop = True
        if self._process is not None:
            self._process.terminate()
        self._lifetime.deadline = min(self._lifetime.deadline, trio.current_time() + self._stop_time)

    async def leave(self, spread: float) -> None:
        """Tell it to send its clients away over `spread` seconds, and to end; at once, if it does not serve yet.

        Cancelling: the message may have been sent.
        """
        if self._control_pipe is None or not self.ready:
            self.stop()
            return
        self._lifetime.deadline = min(self._lifetime.deadline, trio.current_time() + spread + self._stop_time)
        await self._control_pipe.send(Leave(spread))

    async def reload(self, settings: Reload) -> None:
        """Send it new settings. Cancelling: they may have been sent."""
        if self._control_pipe is not None:
            await self._control_pipe.send(settings)

    async def _hear(self, control_pipe: ControlPipe[FromWorker], became_ready: trio.Event) -> None:
        async for message in control_pipe.messages():
            match message:
                case Ready():
                    self.ready = True
                    became_ready.set()
                case CannotServe(reason):
                    self.refusal = reason

    async def _end(self, process: trio.Process, instructed: bool) -> None:
        """Make sure that the process has ended."""
        if process.returncode is not None:
            return
        # Without its first message it holds nothing, and may ignore signals while it waits for one.
        if self._lifetime.cancel_called or not instructed:
            process.kill()
        else:  # we are cancelled: the first of these may be its first signal, the second cuts it
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGINT)
            # Without the shield a cancelled parent would leave its workers without PostgreSQL, and running.
            with trio.move_on_after(self._stop_time, shield=True):
                await process.wait()  # it ends by itself
                return
            process.kill()
        # Without the shield a zombie would be left; a process that was killed ends at once.
        with trio.move_on_after(REAP, shield=True):
            await process.wait()
