"""Bots: accounts of programs, with an owner, scopes and tokens, in the rooms that they were added to."""

from chat.domain.accounts.bots import BOTS, USES
from chat.features.bots.native import OPERATIONS
from chat.features.bots.queries import PostgresBots
from chat.features.bots.uses import BotUseNotes
from chat.features.feature import Feature

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="bots",
    ports={BOTS: PostgresBots},
    services={USES: lambda ports: BotUseNotes(ports[BOTS])},
    operations=OPERATIONS,
)
