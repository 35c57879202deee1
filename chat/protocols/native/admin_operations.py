"""The part of the table of operations that is for admins."""

from chat.domain.refusals import Code
from chat.protocols.native import admin
from chat.protocols.native.admin_types import (
    Account,
    Accounts,
    Acts,
    ChangeAccount,
    ChangeSettings,
    Settings,
    WhichAccount,
    WhichAccounts,
    WhichActs,
)
from chat.protocols.native.operation import Access, Cost, Operation

_PERSON = "/admin/people/{person}"

ADMIN = (
    Operation(
        name="accounts",
        method="GET",
        path="/admin/people",
        request=WhichAccounts,
        reply=Accounts,
        access=Access.ADMIN,
        refuses=(Code.FORBIDDEN,),
        handler=admin.accounts,
    ),
    Operation(
        name="account",
        method="GET",
        path=_PERSON,
        request=WhichAccount,
        reply=Account,
        access=Access.ADMIN,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND),
        handler=admin.account,
    ),
    Operation(
        name="change_account",
        method="PATCH",
        path=_PERSON,
        request=ChangeAccount,
        reply=Account,
        access=Access.ADMIN,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND, Code.TAKEN, Code.CONFLICT),
        handler=admin.change_account,
    ),
    Operation(
        name="delete_account",
        method="DELETE",
        path=_PERSON,
        request=WhichAccount,
        reply=Account,
        access=Access.ADMIN,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT),
        handler=admin.delete_account,
    ),
    Operation(
        name="end_sessions_of",
        method="DELETE",
        path=f"{_PERSON}/sessions",
        request=WhichAccount,
        reply=Account,
        access=Access.ADMIN,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND),
        handler=admin.end_sessions,
    ),
    Operation(
        name="settings",
        method="GET",
        path="/admin/settings",
        reply=Settings,
        access=Access.ADMIN,
        refuses=(Code.FORBIDDEN,),
        handler=admin.settings,
    ),
    Operation(
        # It costs nothing, or an admin who has set a limit too low could not take it back.
        name="change_settings",
        method="PATCH",
        path="/admin/settings",
        request=ChangeSettings,
        reply=Settings,
        access=Access.ADMIN,
        refuses=(Code.FORBIDDEN,),
        handler=admin.change_settings,
    ),
    Operation(
        name="audit",
        method="GET",
        path="/admin/audit",
        request=WhichActs,
        reply=Acts,
        access=Access.ADMIN,
        refuses=(Code.FORBIDDEN,),
        handler=admin.acts,
    ),
)
