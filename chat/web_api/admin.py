"""Administration over HTTP: the task tree, the reasons of lost connections, and cancelling a client.

Every call carries a token in its `Authorization` header, never a cookie, so no other site can make a browser send
one; cross-site calls with a token are refused earlier (gateway/same_site.py). Each call checks that the token is an
admin's.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from chat.domain.accounts.accounts import Accounts
from chat.domain.limits.budgets import Budgets
from chat.domain.nodes import Node
from chat.domain.ports import Nodes
from chat.domain.refusals import NOT_ADMIN, Code, Refusal
from chat.inspection.connection_report import ConnectionReport, Summary
from chat.inspection.inspection import Inspection
from chat.inspection.watch import LIMIT, MOST, Snapshot, Unwound
from chat.web_api.answers import ErrorBody
from chat.web_api.bodies import read_caseless
from chat.web_api.endpoint import Call, Routes

NO_CLIENT = Refusal(Code.NOT_FOUND, "there is no such client", reason="no_client")
NOTHING_KNOWN = Refusal(
    Code.NOT_FOUND,
    "nothing is known of that connection: it ended as it should, or long ago",
    reason="connection_unknown",
)


class Look(msgspec.Struct):
    """How many clients to describe in full."""

    most: Annotated[int, Meta(ge=0, le=LIMIT)] = MOST


def admin_routes(accounts: Accounts, budgets: Budgets, inspection: Inspection, nodes: Nodes) -> Routes:
    """Return the routes."""
    routes = Routes("admin", accounts, budgets, read=read_caseless, caseless=True)
    refusals = {403: ErrorBody}

    def refused(call: Call) -> Refusal | None:
        return None if call.person is not None and call.person.is_admin else NOT_ADMIN

    @routes.route(
        "GET",
        "/admin/tree.json",
        body=Look,
        answers={200: Snapshot, 400: ErrorBody, **refusals},
        token=True,
    )
    async def tree(call: Call) -> object:
        """Get the current state of the server: tasks and their awaits, cancel scopes, clients, totals."""
        return refused(call) or await inspection.tree(call.body.most)

    @routes.route(
        "POST",
        "/admin/clients/<int:connection>/cancel",
        answers={200: Unwound, 404: ErrorBody, **refusals},
        token=True,
    )
    async def cancel(call: Call) -> object:
        """Cancel one client's scope and see how it unwound."""
        if refusal := refused(call):
            return refusal
        return await inspection.cancel(call.path["connection"]) or NO_CLIENT

    @routes.route("GET", "/admin/nodes", answers={200: list[Node], **refusals}, token=True)
    async def servers(call: Call) -> object:
        """List the servers that share this database, by number; none, where one is alone."""
        return refused(call) or await nodes.live()

    @routes.route("GET", "/admin/why", answers={200: list[Summary], **refusals}, token=True)
    async def ends(call: Call) -> object:
        """List the connections that ended abnormally of late, the last first."""
        return refused(call) or await inspection.ends()

    @routes.route(
        "GET",
        "/admin/why/<int:connection>",
        answers={200: ConnectionReport, 404: ErrorBody, **refusals},
        token=True,
    )
    async def why(call: Call) -> object:
        """Tell why a connection ended, with its last frames (no texts)."""
        return refused(call) or await inspection.report(call.path["connection"]) or NOTHING_KNOWN

    return routes
