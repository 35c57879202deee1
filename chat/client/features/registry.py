"""All features of the client, made by `make protocol-types`: each other file of this folder is one."""

from chat.client.calls import Calls
from chat.client.events import FeatureChange

__all__: list[str] = []

EVENTS: dict[str, type[FeatureChange]] = {}
"""The events of all features, by the `type` of the frame."""


class FeatureCalls(Calls):
    """The calls of all features, which are methods of `Chat`."""
