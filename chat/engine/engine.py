"""The engine: everything that is alive between the storage and the protocols, as one block."""

import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from chat.domain.accounts.accounts import Accounts
from chat.domain.accounts.failed_logins import FailedLogins
from chat.domain.accounts.invites import Invites
from chat.domain.accounts.logins import LoginFailed
from chat.domain.accounts.sessions import Sessions
from chat.domain.accounts.set_up import FirstAdmin
from chat.domain.accounts.visitors import Visitors
from chat.domain.administration.administration import Administration
from chat.domain.administration.live_settings import LiveSettings
from chat.domain.closing import TOO_FAR_BEHIND
from chat.domain.entities import DirectInbox, Person
from chat.domain.features import CoreFeature, with_services
from chat.domain.identity_provider import IdentityProvider
from chat.domain.limits.bounds import SERVER_NAME, Lobby
from chat.domain.limits.budgets import Budgets
from chat.domain.limits.shared_usage import SharedUsage
from chat.domain.mail_server import MailServer
from chat.domain.messages.live import Present, Watched
from chat.domain.messages.uploads import Uploads
from chat.domain.ports import FileStore, Storage
from chat.domain.rooms.blocks import Blocks
from chat.domain.rooms.conversations import Conversations
from chat.domain.rooms.direct import Direct
from chat.domain.rooms.room_history import RoomHistory
from chat.domain.rooms.rooms import Rooms
from chat.domain.rooms.support import Support
from chat.engine.batch_loader import open_batch_loader
from chat.engine.broadcaster import open_broadcaster
from chat.engine.catch_up import open_catch_up
from chat.engine.cleaner import open_cleaner
from chat.engine.cluster.servers import ClusterConfig, LocalServer, open_cluster
from chat.engine.deliveries import observe_inbox, open_deliveries
from chat.engine.dialect import Dialect
from chat.engine.eraser import SETTLED, Eraser
from chat.engine.fence import Fence
from chat.engine.file_cleaner import open_file_cleaner
from chat.engine.heartbeat import beat
from chat.engine.history import open_history
from chat.engine.hub import Hub
from chat.engine.journal import Journal, open_journal
from chat.engine.log_follower import PATIENCE, open_log_follower
from chat.engine.member_counts import MemberCounts
from chat.engine.memberships import Memberships
from chat.engine.notices import NoticeHandlers, Notices
from chat.engine.operator_watch import OperatorWatch
from chat.engine.pending_writes import PendingWrites
from chat.engine.people import PeopleReconciler
from chat.engine.presence import Presence
from chat.engine.read_marks import open_read_marks
from chat.engine.reconciler import watch_changes
from chat.engine.services import EngineServices
from chat.engine.session import ClientFactory, SessionContext
from chat.engine.settings_follower import SettingsFollower
from chat.engine.statuses import Statuses
from chat.engine.writes import Writes
from chat.inspection.inspection import InspectionFailed
from chat.inspection.metrics import Metrics
from chat.outbound.client import open_outbound
from chat.storage import removal_list
from chat.storage.archives import Archives

MakeAccounts = Callable[[Callable[[int], Awaitable[Person | None]], LoginFailed], Accounts]
"""Makes the accounts, with a function that reads people by id and batches concurrent requests, and one that records
failed log-ins.
"""


class Engine(EngineServices, frozen=True, kw_only=True):
    """The open engine."""

    journal: Journal
    fence: Fence

    def check_ready(self) -> None:
        """Raise InspectionFailed if clients here can save or receive nothing. Sync."""
        if not self.fence.is_open:
            raise InspectionFailed("the lease of this server has lapsed", "this server has no lease")
        if problem := self.journal.problem:
            raise InspectionFailed(f"the database takes no writes: {problem}", "the database takes no writes")

    def session_context(self, clients: Mapping[Dialect, ClientFactory]) -> SessionContext:
        """Return the context of sessions; `clients` has the factory of each dialect's clients."""
        return SessionContext(
            self.accounts,
            self.journal,
            self.hub,
            clients,
            self.metrics,
            self.budgets,
            self.cluster,
            self.statuses,
        )


@asynccontextmanager
async def open_engine(
    storage: Storage,
    make_accounts: MakeAccounts,
    *,
    budgets: Budgets | None = None,
    metrics: Metrics | None = None,
    features: Sequence[CoreFeature] = (),
    cluster_config: ClusterConfig | None = None,
    shared_usage: SharedUsage | None = None,
    file_store: FileStore | None = None,
    file_bytes: int = 0,
    archives: Archives | None = None,
    mail: MailServer | None = None,
    provider: IdentityProvider | None = None,
    ping_interval: float = math.inf,
    pong_timeout: float = math.inf,
    widget_origins: tuple[str, ...] = (),
    server_name: str = SERVER_NAME,
    public_url: str = "",
    widget_greeting: str = "",
    lobby: Lobby | None = None,
    local: Path | None = None,
    erasing_settled_after: float = SETTLED,
) -> AsyncGenerator[Engine]:
    """Commit, publish, look up and follow changes for as long as the block lasts, and finish what was accepted.

    Args:
        storage: the ports to the database.
        make_accounts: makes the accounts, see `MakeAccounts`.
        budgets: the limits of clients.
        metrics: counts the engine's events.
        features: the features that the storage was opened with.
        cluster_config: how this server joins others on the same storage; without it there may be none.
        shared_usage: the usage of limits that all servers share.
        file_store: holds the bytes of files, of at most `file_bytes` each.
        archives: the directory of exports; without it nobody may export.
        mail, provider: the mail server and the identity provider; without them nothing is mailed, or asked.
        ping_interval, pong_timeout: seconds; without them nobody is pinged.
        widget_origins, widget_greeting: the sites that may show the support widget, and its first message.
        server_name, public_url: the name of the server, and the address at which people reach it.
        lobby: who reads the lobby; None: every client while registration is open, else people who have logged in.
        local: the directory of files that outlive the process beside the database; None: there is none.
        erasing_settled_after: seconds after which no write from before a removal is in flight.

    Those from `widget_origins` to `lobby` hold until an admin changes them. The caller ends all sessions before it
    leaves the block. Raises CannotStart.

    Cancelling: writes that wait for the journal are neither refused nor acknowledged.
    """
    shared_usage = shared_usage or SharedUsage()
    metrics, presence, fence = metrics or Metrics(), Presence(), Fence()
    notice_handlers = NoticeHandlers(fence)
    patience = 0.0 if cluster_config is None else PATIENCE
    async with (
        open_deliveries(storage.rooms) as deliveries,
        open_cleaner(storage.rooms, storage.audit) as cleaner,
        open_file_cleaner(storage.files, file_store),
        open_batch_loader(storage.users.by_ids) as people,
        open_history(storage.rooms, storage.messages) as history,
        open_catch_up(storage.timelines) as catch_up,
        open_read_marks(storage.timelines) as read_marks,
    ):
        hub, data_id = Hub(await storage.messages.newest_id()), await storage.files.store_id()
        restore = await storage.sessions.last_restore()
        failed_logins = FailedLogins(storage.audit)
        accounts, budgets = make_accounts(people.get, failed_logins.note), budgets or Budgets()
        settings = LiveSettings(
            storage.settings,
            accounts,
            budgets,
            widget_origins,
            server_name,
            widget_greeting,
            lobby,
            public_url,
        )
        await settings.refresh()  # before anybody comes in
        hub.observe(DirectInbox, observe_inbox)
        pending_writes = PendingWrites(hub.newest_id)
        metrics.watch(presence.readings, hub.readings)

        def skipped(newest_id: int) -> None:
            hub.newest_id = newest_id
            hub.published.notify()
            presence.expel_all(TOO_FAR_BEHIND)

        async with (
            open_broadcaster(hub, metrics, fence, pauses=cluster_config is not None) as broadcaster,
            open_log_follower(
                storage.messages, broadcaster, hub.newest_id, skipped, patience=patience
            ) as follower,
            open_cluster(
                cluster_config,
                storage,
                fence,
                LocalServer(
                    follower,
                    broadcaster,
                    hub,
                    deliveries,
                    read_marks,
                    shared_usage,
                    pending_writes,
                    notice_handlers,
                    presence.__len__,
                    metrics.bus_dropped,
                ),
                [kind.change for feature in features for kind in feature.kinds],
            ) as cluster,
            open_journal(
                storage.messages, broadcaster, follower, metrics, cluster.publish, pending_writes
            ) as journal,
            open_outbound(lambda: settings.outbound_hosts) as outbound,
            trio.open_nursery() as nursery,
        ):
            metrics.watch(journal.readings)
            metrics.watch(fence.readings, cluster.readings)
            notices = Notices(notice_handlers, cluster.notify)
            statuses = Statuses(notices.send)
            notices.on(Watched, statuses.watched)
            notices.on(Present, statuses.present)
            rooms = Rooms(storage.users, storage.rooms, storage.messages)
            blocks = Blocks(storage.contacts)
            direct = Direct(storage.users, storage.rooms, storage.messages)
            memberships = Memberships(
                rooms, journal, broadcaster, presence, cluster, on_deletion=cleaner.wake
            )
            hub.on_access(memberships.apply_end)
            visitors = Visitors(
                storage.users, lambda: bool(settings.widget_origins), shared_usage, happened=accounts.happened
            )
            support = Support(storage.users, storage.rooms, storage.messages)
            conversations = Conversations(storage.rooms, rooms, direct, support, blocks)

            def gone(person_id: int | None) -> None:
                direct.gone(person_id)
                support.gone(person_id)
                if person_id is not None:
                    presence.person_deleted(person_id)
                eraser.wake()

            member_counts = MemberCounts(
                storage.users,
                storage.timelines,
                lambda: presence.conversations().keys(),
                notices.publish_here,
            )

            def outdated(person_id: int | None) -> None:
                blocks.changed(person_id)
                member_counts.changed(person_id)

            people_here = PeopleReconciler(
                accounts,
                presence,
                gone,
                outdated=outdated,
                found=statuses.found,
                nameless=storage.users.nameless,
            )
            settings.on_change(people_here.settings_changed)
            writes = Writes(storage.messages, journal, follower, broadcaster, cluster)
            eraser = Eraser(
                storage.account_removals,
                writes,
                removed_room=cleaner.wake,
                settled_after=erasing_settled_after,
                listed=None if local is None else (local / removal_list.NAME, data_id),
            )

            async def recheck() -> None:
                await follower.verify_tail()
                await people_here.recheck_people()
                await memberships.recheck_memberships()

            nursery.start_soon(cluster.keep_lease, recheck)
            nursery.start_soon(failed_logins.record)
            nursery.start_soon(statuses.notify_watchers)
            nursery.start_soon(member_counts.publish_changes)
            nursery.start_soon(eraser.erase)
            nursery.start_soon(watch_changes, storage, people_here, memberships, SettingsFollower(settings))
            if ping_interval < math.inf:
                nursery.start_soon(beat, presence, ping_interval, pong_timeout)
            yield Engine(
                accounts=accounts,
                budgets=budgets,
                metrics=metrics,
                presence=presence,
                hub=hub,
                data_id=data_id,
                restore=restore,
                journal=journal,
                fence=fence,
                history=history,
                deliveries=deliveries,
                rooms=rooms,
                direct=direct,
                support=support,
                memberships=memberships,
                cluster=cluster,
                sessions=Sessions(storage.sessions, accounts),
                first_admin=FirstAdmin(storage.set_up, accounts),
                conversations=conversations,
                room_history=RoomHistory(storage.timelines),
                timelines=storage.timelines,
                feature_ports=with_services(storage.feature_ports, features),
                catch_up=catch_up,
                contacts=storage.contacts,
                blocks=blocks,
                read_marks=read_marks,
                writes=writes,
                invites=Invites(storage.users),
                notices=notices,
                statuses=statuses,
                administration=Administration(storage.users, storage.sessions, storage.audit, accounts),
                settings=settings,
                visitors=visitors,
                operator_watch=OperatorWatch(storage.users.operators, statuses),
                member_counts=member_counts,
                uploads=Uploads(storage.files, file_store, conversations, file_bytes),
                outbound=outbound,
                mail=mail,
                provider=provider,
                archives=archives,
                local=local,
            )
            nursery.cancel_scope.cancel(reason="the engine stops")
