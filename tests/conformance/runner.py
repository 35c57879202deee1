"""Plays transcripts against any server and reports how its answers differ.

    python -m tests.conformance http://127.0.0.1:9000
    python -m tests.conformance http://127.0.0.1:9000 --dialect support --operator olga:secret
    python -m tests.conformance http://127.0.0.1:3000 --dialect direct --skip ours --sockets ws://127.0.0.1:8080/

It needs Python 3.11, httpx and websockets. Everybody it makes has a new name, so a server with a past is fine; but
nobody else should be talking meanwhile. Exit status: 0 if nothing differs, 1 if something does, 2 for wrong usage.
"""

import argparse
import fnmatch
from collections.abc import Sequence

from tests.conformance.player import PATIENCE, Account, CannotPlay, Differs, Target, play
from tests.conformance.transcripts import Transcript, dialects, load


def main(arguments: Sequence[str] | None = None) -> int:
    """Play what the command line asks for; return the exit status."""
    options = _options().parse_args(arguments)
    target = Target(
        options.url.rstrip("/"),
        options.sockets,
        options.irc,
        options.person,
        options.operator,
        options.admin,
        [*options.has, *(["irc"] if options.irc else [])],
        originals_only="ours" in options.skip,
        patience=options.patience,
    )
    counts = {"ok": 0, "differs": 0, "skipped": 0}
    for name in options.dialect or dialects():
        for transcript in load(name).transcripts:
            if not fnmatch.fnmatch(transcript.name, options.only):
                continue
            result, text = _result(transcript, target)
            counts[result] += 1
            print(f"{result:8} {transcript.title}{text}", flush=True)
    print(", ".join(f"{count} {result}" for result, count in counts.items()))
    return 1 if counts["differs"] else 0


def _result(transcript: Transcript, target: Target) -> tuple[str, str]:
    try:
        play(transcript, target)
    except CannotPlay as why:
        return "skipped", f": {why}"
    except Differs as how:
        return "differs", f"\n{how}"
    return "ok", ""


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance",
        description="Play transcripts against a server.",
        epilog="The transcripts' own README says how they read.",
    )
    parser.add_argument("url", help="where the server's HTTP is, as http://127.0.0.1:9000")
    parser.add_argument(
        "--dialect", action="append", choices=dialects(), help="only this one; may be repeated"
    )
    parser.add_argument("--only", default="*", metavar="PATTERN", help="only transcripts of such a name")
    parser.add_argument(
        "--skip", action="append", default=[], choices=["ours"], help="what no original document says"
    )
    for kind in ("operator", "admin"):
        parser.add_argument(f"--{kind}", action="append", default=[], type=_account, metavar="NAME:PASSWORD")
    parser.add_argument(
        "--person",
        action="append",
        default=[],
        type=_account,
        metavar="NAME:PASSWORD",
        help="use this account and register nobody",
    )
    parser.add_argument("--sockets", metavar="URL", help="where its sockets are, if not below the URL")
    parser.add_argument("--irc", metavar="HOST:PORT", help="where it speaks IRC in plain")
    parser.add_argument("--has", action="append", default=[], help="what else the server has, as trust-from")
    parser.add_argument("--patience", type=float, default=PATIENCE, metavar="SECONDS")
    return parser


def _account(text: str) -> Account:
    name, colon, password = text.partition(":")
    if not (name and colon and password):
        raise argparse.ArgumentTypeError("NAME:PASSWORD")
    return Account(name, password)
