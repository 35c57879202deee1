"""Mail: the queue, the postman, and what admins see of both."""

from functools import partial

from chat.due.port import DUE
from chat.due.queries import PostgresDue
from chat.due.runner import Handler
from chat.due.schedule import SCHEDULE, Schedule
from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.mail.files import read_files
from chat.features.mail.native import OPERATIONS
from chat.mail.queries import PostgresMails, read_counts
from chat.mail.queue import BULK, MAIL, MAILS

__all__ = ["FEATURE"]


def _postman(services: EngineServices) -> Handler:
    # Here: smtplib is loaded where there is a mail server.
    from chat.mail.handing_over import MailDoor
    from chat.mail.postman import Postman

    assert services.mail is not None
    return Postman(services.feature_ports[MAILS], MailDoor(services.mail), partial(read_files, services)).send


FEATURE = Feature(
    name="mail",
    is_on=lambda services: services.mail is not None,
    ports={DUE: PostgresDue, MAILS: PostgresMails},
    services={SCHEDULE: Schedule},
    figures=read_counts,
    operations=OPERATIONS,
    due={MAIL: _postman, BULK: _postman},
)
