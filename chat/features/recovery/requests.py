"""Requests for links: each gets the same answer at once, and a task looks afterwards whether there is an account.

So neither the answer nor its time says whether an address is known.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec
import structlog
import trio

from chat.domain.addresses import address_key
from chat.domain.failures import StorageError
from chat.domain.features import Port, Ports
from chat.domain.limits.buckets import Buckets
from chat.engine.services import EngineServices
from chat.features.recovery.letters import login_letter, reset_letter
from chat.features.recovery.port import LASTS, RESETS
from chat.mail.languages import Language
from chat.mail.link_codes import digest_of, new_code
from chat.mail.outbox import send_letter

MARK = "m-"
"""How codes of mailed links begin; those of admins' links do not."""

LOGIN_MARK = "l-"
"""How codes of links to log in begin. The stored digest covers the mark, so neither link is good for the other."""

_PER_HOUR = 10
"""Requests from one network address in an hour; loopback is spared."""

_WAITING = 100
"""Requests that wait for the database; further ones are dropped."""

logger = structlog.get_logger(__name__)


class Request(msgspec.Struct, frozen=True):
    """Somebody asked for a link to this address, to reset the password or to log in."""

    email: str
    language: Language
    to_log_in: bool = False


class ResetRequests:
    """The requests that wait. One for each server."""

    def __init__(self, _ports: Ports) -> None:
        self._budget = Buckets(_PER_HOUR / 3600, _PER_HOUR, clock=trio.current_time)
        self._send, self.receive = trio.open_memory_channel[Request](_WAITING)

    def ask(self, request: Request, address: str) -> float:
        """Note a request from a client's address. Returns 0, or the seconds until it may ask again. Sync."""
        key = address_key(address)
        if key is not None and (wait := self._budget.take([key])):
            return wait
        try:
            self._send.send_nowait(request)
        except trio.WouldBlock:
            logger.warning("a request for a reset link was dropped: too many wait for the database")
        return 0.0


REQUESTS: Port[ResetRequests] = Port("reset requests")


async def answer_request(services: EngineServices, request: Request) -> None:
    """Queue a mail with a link, if an account has the address. May raise StorageDown and OutcomeUnknown.

    Where the address is not confirmed, a link to reset the password takes the place of one to log in: somebody else may
    have registered with it, and a new password ends what they have. Cancelling: perhaps no mail is queued; they may ask
    again.
    """
    if request.to_log_in and await _send(services, request, to_log_in=True):
        return
    await _send(services, request, to_log_in=False)


async def _send(services: EngineServices, request: Request, *, to_log_in: bool) -> bool:
    """Queue a mail of one kind, and return whether there is somebody to get it."""
    if services.mail is None:
        return False
    code = new_code(LOGIN_MARK if to_log_in else MARK)
    found = await services.feature_ports[RESETS].begin(request.email, digest_of(code), to_log_in=to_log_in)
    if found is None:
        return False
    settings = services.settings
    link = f"{settings.public_url}/{'link' if to_log_in else 'reset'}#{code}"
    letter = (login_letter if to_log_in else reset_letter)(
        request.language, found.name, settings.server_name, link
    )
    await send_letter(
        services.feature_ports, letter, found.email, services.mail, person_id=found.person_id, lasts=LASTS
    )
    logger.info("log-in link mailed" if to_log_in else "reset link mailed", person=found.person_id)
    return True


@asynccontextmanager
async def open_requests(services: EngineServices) -> AsyncGenerator[None]:
    """Answer requests for as long as the block lasts. Cancelling: those that wait are dropped."""

    async def serve() -> None:
        async for request in services.feature_ports[REQUESTS].receive:
            try:
                await answer_request(services, request)
            except StorageError as error:
                logger.warning("no reset link mailed: the person has to ask again", error=str(error))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        yield
        nursery.cancel_scope.cancel(reason="the server stops")
