"""Transcripts: a support conversation as a mail, for its person."""

from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.transcripts.native import OPERATIONS
from chat.features.transcripts.port import TRANSCRIPTS
from chat.features.transcripts.queries import PostgresTranscripts

__all__ = ["FEATURE"]


def _is_on(services: EngineServices) -> bool:
    return services.mail is not None


FEATURE = Feature(
    name="transcripts", is_on=_is_on, ports={TRANSCRIPTS: PostgresTranscripts}, operations=OPERATIONS
)
