"""Teams of operators: whose a support conversation is, and who is given the next one."""

from functools import partial

from chat.due.runner import Handler
from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.teams.native import OPERATIONS, TeamsEvent
from chat.features.teams.port import TEAMS, TURN
from chat.features.teams.queries import PostgresTeams
from chat.features.teams.turns import give, open_turns

__all__ = ["FEATURE"]


def _giving(services: EngineServices) -> Handler:
    return partial(give, services)


FEATURE = Feature(
    name="teams",
    ports={TEAMS: PostgresTeams},
    operations=OPERATIONS,
    own_events=(TeamsEvent,),
    due={TURN: _giving},
    open=open_turns,
)
