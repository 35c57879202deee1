"""The table of operations, from which HTTP routes, socket requests and the OpenAPI document are made."""

from chat.domain.refusals import Code
from chat.features.registry import FEATURES
from chat.operations.operation import Access, Cost, Operation
from chat.operations.sessions import Session
from chat.operations.values import Me
from chat.protocols.native import accounts, limits, sessions
from chat.protocols.native.admin_operations import ADMIN
from chat.protocols.native.message_operations import MESSAGES
from chat.protocols.native.people_operations import PEOPLE
from chat.protocols.native.room_operations import ROOMS
from chat.protocols.native.server_types import ServerInfo
from chat.protocols.native.types import (
    ChangeMe,
    ChangePassword,
    CreateToken,
    Login,
    Refresh,
    Register,
    ResetPassword,
    Sessions,
    SetUp,
    SetUpState,
    Token,
    WhichSession,
)

_SERVER = (
    Operation(
        name="server_info",
        method="GET",
        path="/server",
        reply=ServerInfo,
        access=Access.ANYBODY,
        handler=limits.server_info,
    ),
)

_ACCOUNTS = (
    Operation(
        name="set_up_state",
        method="GET",
        path="/setup",
        reply=SetUpState,
        access=Access.ANYBODY,
        handler=accounts.set_up_state,
    ),
    Operation(
        name="set_up",
        method="POST",
        path="/setup",
        request=SetUp,
        reply=Session,
        status=201,
        access=Access.ANYBODY,
        refuses=(Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.TAKEN, Code.GONE, Code.TOO_MANY),
        handler=accounts.set_up,
    ),
    Operation(
        name="register",
        method="POST",
        path="/auth/register",
        request=Register,
        reply=Session,
        status=201,
        access=Access.ANYBODY,
        refuses=(Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.TAKEN, Code.GONE, Code.TOO_MANY),
        handler=accounts.register,
    ),
    Operation(
        name="log_in",
        method="POST",
        path="/auth/login",
        request=Login,
        reply=Session,
        access=Access.ANYBODY,
        refuses=(Code.UNAUTHENTICATED, Code.TOO_MANY),
        handler=accounts.log_in,
    ),
    Operation(
        name="reset_password",
        method="POST",
        path="/auth/reset",
        request=ResetPassword,
        reply=Session,
        access=Access.ANYBODY,
        refuses=(Code.INVALID, Code.UNAUTHENTICATED, Code.GONE, Code.TOO_MANY, Code.OUTCOME_UNKNOWN),
        handler=accounts.reset_password,
    ),
    Operation(
        name="refresh",
        method="POST",
        path="/auth/refresh",
        request=Refresh,
        reply=Session,
        access=Access.ANYBODY,
        refuses=(Code.UNAUTHENTICATED,),
        handler=sessions.refresh,
    ),
    Operation(
        name="log_out",
        method="POST",
        path="/auth/logout",
        request=Refresh,
        status=204,
        access=Access.PERHAPS_PERSON,
        visitors=True,
        handler=sessions.log_out,
    ),
    Operation(name="me", method="GET", path="/me", reply=Me, visitors=True, handler=accounts.me),
    Operation(
        name="change_me",
        method="PATCH",
        path="/me",
        request=ChangeMe,
        reply=Me,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND, Code.TAKEN),
        handler=accounts.change_me,
    ),
    Operation(
        name="change_password",
        method="POST",
        path="/me/password",
        request=ChangePassword,
        reply=Session,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN,),
        handler=accounts.change_password,
    ),
    Operation(name="sessions", method="GET", path="/me/sessions", reply=Sessions, handler=sessions.sessions),
    Operation(
        name="new_token",
        method="POST",
        path="/me/sessions",
        request=CreateToken,
        reply=Token,
        status=201,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.UNAUTHENTICATED),
        handler=sessions.new_token,
    ),
    Operation(
        name="end_other_sessions",
        method="DELETE",
        path="/me/sessions",
        status=204,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN,),
        handler=sessions.end_others,
    ),
    Operation(
        name="end_session",
        method="DELETE",
        path="/me/sessions/{id}",
        request=WhichSession,
        status=204,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND),
        handler=sessions.end,
    ),
)

_OF_FEATURES = tuple(operation for feature in FEATURES for operation in feature.operations)

OPERATIONS = (*_SERVER, *_ACCOUNTS, *PEOPLE, *ROOMS, *MESSAGES, *ADMIN, *_OF_FEATURES)
