"""`make autobahn`: Autobahn|Testsuite's fuzzing client against the server, with a dialect that echoes.

The suite is a program for Python 2.7. Where there is none this says so, and ends well. It exits with 1 if a case
failed, closed wrongly, or was answered less strictly than is known and accepted below.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import trio

from tests.fuzzing.echo_dialect import open_echo

SUITE = "autobahntestsuite==25.10.1"
HOME = Path(".autobahn").absolute()
"""Where the suite is installed, once, beside .venv."""

EXCLUDED = ["9.*", "12.*", "13.*"]
"""Messages of megabytes, which the server refuses on purpose, and compression, which it does not offer."""

PATIENCE = 900.0
"""Seconds for all cases."""

NON_STRICT = frozenset({"3.2", "3.3", "4.1.3", "4.1.4", "4.2.3", "4.2.4", "5.15"})
"""Cases that ask for the echo of what came in one segment with a breach: RFC 6455 leaves open which comes first."""

GOOD = frozenset({"OK", "INFORMATIONAL"})


def find_python() -> str | None:
    """A Python 2.7 that runs and has pip; `PYTHON27` names one."""
    for name in filter(None, (os.environ.get("PYTHON27"), "python2.7", "python2")):
        path = shutil.which(name)
        if path is not None:
            asked = [path, "-c", "import sys, pip; assert sys.version_info[:2] == (2, 7)"]
            if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
                return path
    return None


def install(python: str) -> None:
    """Install the suite beside .venv, unless it is there."""
    made = HOME / "made"
    if made.exists() and made.read_text() == SUITE:
        return
    shutil.rmtree(HOME, ignore_errors=True)
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", HOME, SUITE],
        check=True,
    )
    made.write_text(SUITE)


async def run(python: str, reports: Path) -> dict[str, dict[str, Any]]:
    """Run all cases; return what the suite says of each."""
    async with open_echo() as url:
        specification = reports / "fuzzingclient.json"
        specification.write_text(
            json.dumps(
                {
                    "outdir": str(reports),
                    "servers": [{"agent": "chat", "url": url}],
                    "cases": ["*"],
                    "exclude-cases": EXCLUDED,
                    "exclude-agent-cases": {},
                }
            )
        )
        start = (  # a plain PYTHONPATH would not find the parts of zope
            f"import site, sys; site.addsitedir({str(HOME)!r}); sys.argv[0] = 'wstest'; "
            "from autobahntestsuite.wstest import run; run()"
        )
        with trio.fail_after(PATIENCE):
            await trio.run_process(
                [python, "-c", start, "--mode", "fuzzingclient", "--spec", str(specification)],
                env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
                stdout=subprocess.DEVNULL,
            )
    cases: dict[str, dict[str, Any]] = json.loads((reports / "index.json").read_text())["chat"]
    return cases


def judge(cases: dict[str, dict[str, Any]]) -> int:
    """Print the outcome; return the exit status."""
    behaviour = Counter(case["behavior"] for case in cases.values())
    closing = Counter(case["behaviorClose"] for case in cases.values())
    print(f"{len(cases)} cases; behaviour: {dict(behaviour)}; closing: {dict(closing)}")
    lax = sorted(number for number, case in cases.items() if case["behavior"] == "NON-STRICT")
    print(f"not strict: {' '.join(lax) or 'none'}")
    bad = [
        number
        for number, case in cases.items()
        if case["behaviorClose"] not in GOOD
        or (case["behavior"] not in GOOD and not (case["behavior"] == "NON-STRICT" and number in NON_STRICT))
    ]
    for number in bad:
        print(f"{number}: {cases[number]['behavior']}, closing {cases[number]['behaviorClose']}")
    return bool(bad) or len(cases) < 200


def main() -> int:
    python = find_python()
    if python is None:
        print(
            "skipped: Autobahn|Testsuite needs Python 2.7 with pip, and there is none; PYTHON27=… names one"
        )
        return 0
    install(python)
    with TemporaryDirectory(prefix="chat-") as reports:
        return judge(trio.run(run, python, Path(reports)))


if __name__ == "__main__":
    sys.exit(main())
