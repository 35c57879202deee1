"""What servers are forked from has imported this. Nobody else imports it, as it hides what users do not have."""

import gc
import sys

from tests.support.as_installed.sitecustomize import ONLY_OF_TESTS

sys.modules.update(dict.fromkeys(ONLY_OF_TESTS))  # type: ignore[arg-type]  # None: it can't be imported

import chat.cli.serve  # noqa: E402
import chat.server  # noqa: E402, F401

gc.freeze()  # so that a server that collects its garbage does not copy all of this
