"""`python -m chat.conformance [-k NAME] -- COMMAND`: plays each vector against a client, and says which it passes."""

import argparse
import sys
from collections.abc import Sequence

import trio

from chat.conformance.patterns import Vector, read_vectors
from chat.conformance.playing import play


def main() -> int:
    """Run the command; return its exit status: 0 if all vectors pass."""
    parser = argparse.ArgumentParser(prog="python -m chat.conformance", description=main.__doc__)
    parser.add_argument("-k", metavar="NAME", help="only the vectors with this in their names")
    parser.add_argument(
        "command", nargs="+", help="the client, as docs/protocols/conformance.md describes it"
    )
    given = parser.parse_args()
    vectors = [each for each in read_vectors() if given.k is None or given.k in each.name]
    if not vectors:
        parser.error(f"no vector has {given.k} in its name")
    return trio.run(_play_all, vectors, given.command)


async def _play_all(vectors: Sequence[Vector], command: Sequence[str]) -> int:
    failed = 0
    for vector in vectors:
        try:
            failure = await play(vector, command)
        except OSError as error:
            print(f"{command[0]} cannot be started: {error.strerror}", file=sys.stderr)
            return 2
        failed += failure is not None
        print(
            f"pass  {vector.name}"
            if failure is None
            else f"FAIL  {vector.name}: {vector.about}\n      {failure}"
        )
    print(f"{len(vectors) - failed} of {len(vectors)} pass")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
