"""Python reads this before `python -m chat` in a test: it hides what only the tests install, as for a user.

structlog and PyJWT import these two where they find them, which took a seventh of a server's imports; and what a
server logs is then what a user's logs.
"""

import sys

ONLY_OF_TESTS = ("cryptography", "rich")
"""Of trustme and import-linter."""

if sys.orig_argv[1:3] == ["-m", "chat"]:
    sys.modules.update(dict.fromkeys(ONLY_OF_TESTS))  # type: ignore[arg-type]  # None: it can't be imported
