"""Incoming hooks: tools post in a room by an address with a secret token, in the formats that they send already."""

from chat.domain.accounts.hooks import HOOKS
from chat.features.feature import Feature
from chat.features.hooks.changes import HookPost
from chat.features.hooks.native import OPERATIONS
from chat.features.hooks.queries import PostgresHooks, drafts_of
from chat.features.hooks.use_cases import ROUTE

__all__ = ["FEATURE"]

FEATURE = Feature(
    name="hooks",
    ports={HOOKS: PostgresHooks},
    converters={HookPost: drafts_of},
    operations=OPERATIONS,
    plain=(ROUTE,),
)
