"""What all features keep in the reference model's memory: the counterpart of `chat/features/registry.py`."""

from tests.features.pins.model import PinsModel

MODELS = (PinsModel,)
