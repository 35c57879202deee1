"""Every call of the ports is listed as a write or a read, as PostgreSQL's storage treats it."""

from inspect import iscoroutinefunction
from types import FunctionType

from chat.domain.accounts.contacts import Contacts
from chat.domain.ports import (
    AccountRemovals,
    Audit,
    Files,
    Messages,
    Nodes,
    Rooms,
    Sessions,
    Settings,
    SetUp,
    Storage,
    Users,
)
from chat.domain.ports.timelines import Timelines
from chat.features.exports.personal_data import PersonalData
from chat.features.exports.queries import PostgresExportRequests
from chat.features.exports.requests import ExportRequests
from chat.features.pins.queries import PostgresPins
from chat.features.pins.use_cases import Pins
from chat.features.search.index import SearchIndex
from chat.features.search.queries import PostgresSearchIndex
from chat.storage.postgres.account_removals import PostgresAccountRemovals
from chat.storage.postgres.audit import PostgresAudit
from chat.storage.postgres.contacts import PostgresContacts
from chat.storage.postgres.exports import PostgresExports
from chat.storage.postgres.files import PostgresFiles
from chat.storage.postgres.messages import PostgresMessages
from chat.storage.postgres.nodes import PostgresNodes
from chat.storage.postgres.rooms import PostgresRooms
from chat.storage.postgres.sessions import PostgresSessions
from chat.storage.postgres.set_up import PostgresSetUp
from chat.storage.postgres.settings import PostgresSettings
from chat.storage.postgres.timelines import PostgresTimelines
from chat.storage.postgres.users import PostgresUsers
from tests.support.port_calls import READS, WRITES


def calls(*tables: type) -> dict[str, FunctionType]:
    """The async methods that classes define for their callers."""
    return {
        name: method
        for table in tables
        for name, method in vars(table).items()
        if iscoroutinefunction(method) and not name.startswith("_")
    }


def test_every_call_of_the_ports_is_a_write_or_a_read() -> None:
    assert not WRITES & READS
    assert (
        calls(
            Users,
            AccountRemovals,
            Rooms,
            Messages,
            Timelines,
            SearchIndex,
            Pins,
            ExportRequests,
            PersonalData,
            Contacts,
            Nodes,
            Sessions,
            SetUp,
            Settings,
            Audit,
            Files,
            Storage,
        ).keys()
        == WRITES | READS
    )


def test_exactly_the_writes_are_shielded() -> None:
    ours = calls(
        PostgresUsers,
        PostgresAccountRemovals,
        PostgresRooms,
        PostgresMessages,
        PostgresContacts,
        PostgresNodes,
        PostgresSessions,
        PostgresSetUp,
        PostgresTimelines,
        PostgresSearchIndex,
        PostgresPins,
        PostgresExportRequests,
        PostgresExports,
        PostgresSettings,
        PostgresAudit,
        PostgresFiles,
    )
    shielded = {
        name for name, method in ours.items() if {"write", "write_statement"} & set(method.__code__.co_names)
    }
    assert shielded | {"save"} == WRITES  # the journal's writer saves, and also reads the log
