"""Makes the first admin: anybody who has the set-up code, which the server logs at its start.

The code is derived from the server's secret and a random nonce in the database. So all servers on one database log the
same code, and count tries together.
"""

import base64
import hmac
import secrets

import structlog

from chat.domain.accounts.accounts import Accounts
from chat.domain.entities import Person
from chat.domain.ports import SetUp, Taken
from chat.domain.refusals import LOOK_TAKEN, NAME_TAKEN, Code, Refusal

_TRIES = 5
"""Wrong codes that are accepted until the next start."""

_LENGTH = 5
"""Bytes of a code: eight characters of base32, some 2⁴⁰ codes."""

_PURPOSE = b"the code of the first admin"

WRONG_CODE = Refusal(Code.FORBIDDEN, "wrong setup code", field="code", reason="wrong_setup_code")
USED_UP = Refusal(
    Code.GONE,
    "this setup code is no longer valid: restart the server to get a new one",
    reason="setup_code_void",
)

logger = structlog.get_logger(__name__)


class FirstAdmin:
    """Every method may raise StorageDown; those that change may raise OutcomeUnknown."""

    def __init__(self, set_up: SetUp, accounts: Accounts) -> None:
        self._set_up = set_up
        self._accounts = accounts

    async def is_needed(self) -> bool:
        """Whether there is no admin. Cancelling changes nothing."""
        return await self._set_up.is_needed()

    async def code(self) -> str | None:
        """Return the set-up code, to be logged at the start; None if there is an admin.

        Makes a new code if the last one is void. Cancelling may have made one.
        """
        nonce = await self._set_up.prepare(secrets.token_bytes(16), _TRIES)
        return None if nonce is None else self._codes(nonce)[0]

    async def make(self, code: str, name: str, password: str, address: str) -> Person | Refusal:
        """Add the first admin. A code uses one try, and all once there is an admin. `address` is the client's.

        Cancelling: they were added, or not.
        """
        if refusal := self._accounts.refusal_of(name, password):
            return refusal
        nonce = await self._set_up.take_try()
        if nonce is None:
            return USED_UP
        given = _plain(code).encode()
        if not any(hmac.compare_digest(given, _plain(good).encode()) for good in self._codes(nonce)):
            logger.warning("refused a wrong set-up code", address=address)
            return WRONG_CODE
        new = await self._accounts.first_admin(name, password, address)
        if isinstance(new, Refusal):
            return new
        match await self._set_up.make_admin(new):
            case None:
                return USED_UP
            case Taken("look"):
                return LOOK_TAKEN
            case Taken():
                return NAME_TAKEN
            case person:
                self._accounts.happened("first admin made")
                logger.info("first admin made", person=person.id, name=person.name, address=address)
                return person

    def _codes(self, nonce: bytes) -> list[str]:
        """Return those to accept; the first is the one to log."""
        derived = self._accounts.tokens.accepted(_PURPOSE, nonce)
        codes = [base64.b32encode(each[:_LENGTH]).decode() for each in derived]
        return [f"{letters[:4]}-{letters[4:]}" for letters in codes]


def _plain(code: str) -> str:
    """Normalise a code: people type it in any case, with or without spaces and hyphens."""
    return "".join(letter for letter in code.upper() if letter.isalnum())
