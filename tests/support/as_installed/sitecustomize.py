"""Python reads this before `python -m chat` in a test: it hides what only the tests install, as for a user.

structlog imports it where it finds it, which takes a part of a server's imports; and what a server logs is then what a
user's logs.
"""

import sys

ONLY_OF_TESTS = ("rich",)
"""Of import-linter."""

if sys.orig_argv[1:3] == ["-m", "chat"]:
    sys.modules.update(dict.fromkeys(ONLY_OF_TESTS))  # type: ignore[arg-type]  # None: it can't be imported
