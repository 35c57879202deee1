"""Which code the sweeps look at."""

from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from trio_cancel_sweep import SweptCode

import chat
from chat.gateway.fair_scheduler import FairScheduler


@pytest.fixture(scope="session")
def swept_code() -> SweptCode:
    """All of chat."""
    return SweptCode(Path(chat.__file__).parent, stepped_in_turns)


def stepped_in_turns(frame: FrameType) -> Any:
    """The call that waits in its turn: `FairScheduler.steps` steps it."""
    steps: Any = FairScheduler.steps
    return frame.f_locals["work"] if frame.f_code.co_name == steps.__name__ else None
