"""The notices that a server logs for its operator when it has started."""

from collections.abc import Awaitable, Callable

import structlog

from chat.domain.failures import StorageError
from chat.domain.ports import Users

logger = structlog.get_logger(__name__)


async def tell_set_up_code(set_up_code: Callable[[], Awaitable[str | None]], address: str) -> None:
    """Log how to make the first admin of the server at `address`.

    Servers that start together log the same code. Cancelling may have made a new code.
    """
    try:
        code = await set_up_code()
    except StorageError as error:
        logger.warning("no set-up code, the database does not answer", error=str(error))
        return
    if code is not None:
        page = f"{openable(address)}/setup#{code}"
        logger.info("nobody is an admin yet: set the chat up", open=page, code=code)


def openable(address: str) -> str:
    """Return an address that a browser can open: one that stands for all interfaces is loopback here. Sync and pure."""
    return address.replace("//0.0.0.0", "//127.0.0.1").replace("//[::]", "//[::1]")


async def warn_of_look_alikes(users: Users) -> None:
    """Log how many accounts have a name that looks like another's: older versions accepted such names.

    Cancelling logs nothing.
    """
    if look_alikes := await users.look_alikes():
        logger.warning(
            "accounts have names that look like an older one's",
            accounts=len(look_alikes),
            list_them_with="chat user look-alikes",
        )
