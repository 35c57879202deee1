"""`python -m tests.simulation`: run many worlds, or one again."""

import sys

from tests.simulation.simulate import main

sys.exit(main())
