"""`python -m tests.conformance URL`: play the transcripts against a server."""

import sys

from tests.conformance.runner import main

sys.exit(main())
