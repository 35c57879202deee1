"""Links for people who have forgotten their password: an admin makes one and hands it over.

Nothing is stored for a link. Its code holds the person, its expiry, the generation of their tokens and the admin, and
is signed with the server's secret. A new password begins a new generation, so a code can be used once; logging the
person out everywhere does so too, which makes the link void. A link is also void once its maker is no longer an admin
who can log in.
"""

import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable

from chat.domain.accounts.account_changes import is_acting_admin
from chat.domain.accounts.authentication import Granted
from chat.domain.accounts.logins import DISABLED, PASSWORDS_OFF
from chat.domain.accounts.new_passwords import clean_new_password
from chat.domain.accounts.passwords import Passwords
from chat.domain.accounts.second_factor import CheckCode, refusal_of_log_in
from chat.domain.accounts.tokens import Tokens
from chat.domain.entities import Credentials, Person
from chat.domain.limits.bounds import SecondFactorFor
from chat.domain.ports import Users
from chat.domain.refusals import Code, Refusal

RESET_LASTS = 86_400
"""Seconds for which a link is valid."""

RESET_OVER = Refusal(
    Code.GONE,
    "this link is used up, expired or mistyped: ask for a new one",
    field="code",
    reason="reset_over",
)

_PURPOSE = b"another password by a link"
_HEAD = 24
"""Bytes of a code before its signature: the person's id, its expiry in Unix seconds, and the admin's id."""
_SIGNED = 16
"""Bytes of the signature."""


class Resets:
    """Issues and accepts codes. `grant` issues a token; `note` logs and counts; `min_password` is in characters.

    `required` returns who must have a second factor.
    No password is set while `takes_passwords` is false.
    """

    def __init__(
        self,
        users: Users,
        passwords: Passwords,
        tokens: Tokens,
        grant: Callable[[Person], Granted],
        note: Callable[..., None],
        min_password: int,
        required: Callable[[], SecondFactorFor],
    ) -> None:
        self._users = users
        self._passwords = passwords
        self._tokens = tokens
        self._grant = grant
        self._note = note
        self._min_password = min_password
        self._required = required
        self.takes_passwords = True

    def code(self, person: Person, by: Person) -> tuple[str, int]:
        """Return a code by an admin for a person, and when it expires (Unix seconds). Sync."""
        ends = int(time.time()) + RESET_LASTS
        head = person.id.to_bytes(8) + ends.to_bytes(8) + by.id.to_bytes(8)
        return urlsafe_b64encode(head + self._signatures(head, person)[0]).decode().rstrip("="), ends

    async def use(
        self, code: str, password: str, address: str, check_code: CheckCode | None = None
    ) -> Granted | Refusal:
        """Set a new password for the person of the code. Every token except the returned one becomes invalid.

        `address` is the client's; `check_code` is called for people with a second factor. May raise StorageDown and
        OutcomeUnknown. Cancelling: the password is the old one or the new one.
        """
        person = await self.person(code)
        if isinstance(person, Refusal):
            return person
        return await self.set(person, password, address, check_code=check_code)

    async def set(
        self,
        person: Person,
        password: str,
        address: str,
        save: Callable[[Credentials, bytes], Awaitable[Person | None]] | None = None,
        *,
        check_code: CheckCode | None = None,
    ) -> Granted | Refusal:
        """Set a new password for somebody who has a good link. Every token except the returned one becomes invalid.

        `save` replaces the known password by the new hash, and uses the link up in the same transaction; None: the
        link was not good any more. Without it there is nothing to use up. `check_code` is called before, for people
        with a second factor; without it they can't use a link. May raise StorageDown and OutcomeUnknown. Cancelling:
        the password is the old one or the new one.
        """
        if not self.takes_passwords:
            return PASSWORDS_OFF
        raw = clean_new_password(password, at_least=self._min_password, name=person.name)
        if isinstance(raw, Refusal):
            return raw
        known = await self._users.by_name(person.name)
        if known is None or known.person.id != person.id:
            return RESET_OVER
        if refusal := await refusal_of_log_in(known.person, self._required(), check_code):
            return refusal
        password_hash = await self._passwords.hash(raw, address)
        if isinstance(password_hash, Refusal):
            return password_hash
        changed = await (save or self._save)(known, password_hash)
        if changed is None:  # it was used at the same time
            return RESET_OVER
        self._note("password reset", person=changed.id, address=address)
        return self._grant(changed)

    async def _save(self, known: Credentials, password_hash: bytes) -> Person | None:
        return await self._users.set_password(
            known.person.id, password_hash, instead_of=known.password_hash, by_link=True
        )

    async def person(self, code: str) -> Person | Refusal:
        """Return whose password an admin's code sets; the code stays good. Cancelling changes nothing."""
        try:
            raw = urlsafe_b64decode(code + "=" * (-len(code) % 4))
        except ValueError:
            return RESET_OVER
        head, signature = raw[:_HEAD], raw[_HEAD:]
        person_id, ends, by_id = (int.from_bytes(head[place : place + 8]) for place in (0, 8, 16))
        ids = {person_id, by_id}
        if len(raw) != _HEAD + _SIGNED or ends < time.time() or not all(0 < each < 2**63 for each in ids):
            return RESET_OVER
        found = await self._users.by_ids(sorted(ids))
        person, by = found.get(person_id), found.get(by_id)
        if (
            person is None
            or by is None
            or not is_acting_admin(by)
            or not any(hmac.compare_digest(signature, good) for good in self._signatures(head, person))
        ):
            return RESET_OVER
        return DISABLED if person.is_disabled else person

    def _signatures(self, head: bytes, person: Person) -> list[bytes]:
        """Return those to accept; the first is the one to make."""
        about = f"{person.token_generation} {person.created_at}".encode()
        return [code[:_SIGNED] for code in self._tokens.accepted(_PURPOSE, head + about)]
