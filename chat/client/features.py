"""What features add to the client: types, events and calls.

Made from the server's features by `make protocol-types`; a test compares. Programs take these names from `chat.client`.
"""

from chat.client.calls import Calls
from chat.client.events import FeatureChange

__all__: list[str] = []

EVENTS: dict[str, type[FeatureChange]] = {}
"""Events of features by the `type` of the frame."""


class FeatureCalls(Calls):
    """Calls of features, which are methods of `Chat`."""
