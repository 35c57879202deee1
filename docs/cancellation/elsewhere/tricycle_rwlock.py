"""tricycle 0.4.1: a reader waits on, although the writer that it let go first has given up.

pip install tricycle==0.4.1 trio && python tricycle_rwlock.py
"""

import tricycle
import trio


async def read(lock: tricycle.RWLock, name: str, seconds: float) -> None:
    began = trio.current_time()
    async with lock.read_locked():
        print(f"{name} waited {trio.current_time() - began:.1f} s")
        await trio.sleep(seconds)


async def main() -> None:
    lock = tricycle.RWLock()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(read, lock, "the first reader", 3)
        await trio.sleep(0.1)
        with trio.move_on_after(0.5):
            async with trio.open_nursery() as writing:
                writing.start_soon(lock.acquire_write)
                await trio.sleep(0.1)
                nursery.start_soon(read, lock, "the reader that came while a writer waited", 0)
        print("the writer has given up:", lock)
        nursery.start_soon(read, lock, "the reader that came later", 0)


trio.run(main)
