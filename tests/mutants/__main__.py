"""`python -m tests.mutants`: plant defects and list those that no test finds."""

import sys

from tests.mutants.plant import main

sys.exit(main())
