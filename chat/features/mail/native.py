"""Mail in the native protocol: for admins, how the queue is, and a test."""

from typing import Annotated, Literal

from msgspec import Meta

from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.mail.letter import letter_of_test, message_of
from chat.mail.queue import MAILS, MailEntry, new_mail
from chat.operations.operation import Access, Caller, Cost, Operation
from chat.operations.values import Id, Time, Value

_MOST = 50

NO_MAIL = Refusal(
    Code.CONFLICT,
    "this server sends no mail: its operator sets mail_url and mail_from, and starts it again",
    reason="no_mail_server",
)


class QueuedMail(Value, kw_only=True, frozen=True):
    """A mail that waits or was given up, without its text; `next` is the next try, `error` what the last one met."""

    id: Id
    to: str
    subject: str
    state: Literal["waiting", "given_up"]
    tries: int
    created: Time
    next: Time | None = None
    error: str | None = None


class MailState(Value, kw_only=True, frozen=True):
    """How mail is sent: by `server` from `sender`, if there is one. `problem` says what an admin has to do first.

    `mails` are the newest that wait or were given up in the last 14 days, at most 50.
    """

    server: str | None = None
    sender: str | None = None
    problem: Annotated[
        Literal["no_mail_server", "no_public_url"] | None,
        Meta(description="No links can be sent without either"),
    ] = None
    mails: tuple[QueuedMail, ...] = ()


class SendTestMail(Value, kw_only=True, frozen=True):
    """Where to send a test mail."""

    to: Annotated[
        str, Meta(min_length=3, max_length=254, pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$(?!\n)")
    ]


class MailTest(Value, kw_only=True, frozen=True):
    """What the mail server answered: it took the mail (`sent`), refused it, or may take it later."""

    outcome: Literal["sent", "try_again", "refused"]
    answer: str


async def mail_state(services: EngineServices, _caller: Caller, _request: None) -> MailState:
    """Get how mail is sent, and the mails that wait or were given up."""
    server = services.mail
    if server is None:
        return MailState(problem="no_mail_server")
    found = await services.feature_ports[MAILS].listed(_MOST)
    return MailState(
        server=f"{server.host}:{server.port}",
        sender=server.sender,
        problem=None if services.settings.public_url else "no_public_url",
        mails=tuple(_queued(each) for each in found),
    )


async def send_test_mail(
    services: EngineServices, _caller: Caller, request: SendTestMail
) -> MailTest | Refusal:
    """Hand a test mail to the mail server now, beside the queue, and return its answer."""
    from chat.mail.handing_over import MailDoor  # here: smtplib is loaded where there is a mail server

    server = services.mail
    if server is None:
        return NO_MAIL
    letter = letter_of_test(services.settings.server_name)
    mail = new_mail(request.to, letter, server.domain)
    try:
        message = message_of(mail, server)
    except ValueError:
        return Refusal(Code.INVALID, "this address cannot be written to", field="to", reason="bad_email")
    handed = await MailDoor(server).hand_over(message, mail.to)
    return MailTest(outcome=handed.outcome.value, answer=handed.answer)


def _queued(entry: MailEntry) -> QueuedMail:
    return QueuedMail(
        id=entry.id,
        to=entry.to,
        subject=entry.subject,
        state="waiting" if entry.state == "waiting" else "given_up",
        tries=entry.tries,
        created=round(entry.created_at * 1000),
        next=None if entry.next_at is None else round(entry.next_at * 1000),
        error=entry.error,
    )


OPERATIONS = (
    Operation(
        name="mail_state",
        method="GET",
        path="/admin/mail",
        reply=MailState,
        access=Access.ADMIN,
        refuses=(Code.FORBIDDEN,),
        handler=mail_state,
    ),
    Operation(
        name="send_test_mail",
        method="POST",
        path="/admin/mail/test",
        request=SendTestMail,
        reply=MailTest,
        access=Access.ADMIN,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.CONFLICT),
        handler=send_test_mail,
    ),
)
