"""`python -m bench.hooking [--only calls,beside,outgoing] [--rounds N]`: measures, and prints a line for each round."""

import argparse

from bench.hooking.beside import measure_beside
from bench.hooking.calls import measure_calls
from bench.hooking.outgoing import measure_outgoing

_PARTS = {"calls": measure_calls, "beside": measure_beside, "outgoing": measure_outgoing}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m bench.hooking", description=main.__doc__)
    parser.add_argument("--only", default=",".join(_PARTS), help="parts, with commas between them")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    parts = given.only.split(",")
    if unknown := set(parts).difference(_PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    for part in parts:
        _PARTS[part](given.rounds)


if __name__ == "__main__":
    main()
