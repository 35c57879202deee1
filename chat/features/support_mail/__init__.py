"""Mail as a channel of support: mails become conversations, and replies are mailed to visitors who are away."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from chat.due.runner import Handler
from chat.due.schedule import SCHEDULE
from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.support_mail.native import OPERATIONS
from chat.features.support_mail.port import INBOX, MAIL_ORIGINS, REPLY, SUPPORT_MAILS
from chat.features.support_mail.queries import PostgresMailOrigins, PostgresSupportMails

__all__ = ["FEATURE"]


def _is_on(services: EngineServices) -> bool:
    return services.mail is not None and services.mail.mailbox is not None


@asynccontextmanager
async def _open(services: EngineServices) -> AsyncGenerator[None]:
    """Have the mailbox read, if there is one. Cancelling: it is due, or not."""
    if _is_on(services):
        await services.feature_ports[SUPPORT_MAILS].begin()
        services.feature_ports[SCHEDULE].wake()
    yield


def _inbox(services: EngineServices) -> Handler:
    # Here: imaplib and the parser of mails are loaded where there is a mailbox.
    from chat.features.support_mail.taking_in import Inbox

    server = services.mail
    assert server is not None
    assert server.mailbox is not None
    return Inbox(services, server, server.mailbox).look


def _replies(services: EngineServices) -> Handler:
    from chat.features.support_mail.replying import Replies

    assert services.mail is not None
    assert services.mail.mailbox is not None
    return Replies(services, services.mail.mailbox).send


FEATURE = Feature(
    name="support_mail",
    is_on=_is_on,
    ports={SUPPORT_MAILS: PostgresSupportMails, MAIL_ORIGINS: PostgresMailOrigins},
    operations=OPERATIONS,
    due={INBOX: _inbox, REPLY: _replies},
    open=_open,
)
