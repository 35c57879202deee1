"""People in memory. A method's work is done in one go after its checkpoint: no await in between."""

import secrets
import time
from collections.abc import Callable, Sequence

import msgspec
import trio
from msgspec import structs

from chat.domain.accounts.account_changes import (
    LAST_ADMIN,
    AccountChange,
    Role,
    acts_of,
    addition,
    is_acting_admin,
    may_change,
    roles_of,
)
from chat.domain.accounts.account_removal import How, nameless, removal_act
from chat.domain.administration.audit import invite_act, reset_act, use_act, withdrawal_act
from chat.domain.entities import Credentials, Person, Room, Visit
from chat.domain.ports import (
    Invite,
    IssuedInvite,
    LookAlike,
    NewInvite,
    NewPerson,
    ProfileChange,
    Taken,
    is_own_display,
)
from chat.domain.refusals import NOT_ADMIN, Refusal
from chat.domain.rooms.membership import RoomRole
from chat.domain.text.rules import same_name_key
from tests.reference.storage.audit import MemoryAudit
from tests.reference.storage.invites import MemoryInvites
from tests.reference.storage.taken_names import TakenNames
from tests.reference.storage.watchers import Watchers


class MemoryUsers:
    """The port `Users` in four dictionaries; watchers are notified within each write."""

    def __init__(
        self,
        audit: MemoryAudit,
        end_of_log: Callable[[], int] = lambda: 0,
        room: Callable[[int], Room | None] = lambda _id: None,
        role: Callable[[int, int], RoomRole | None] = lambda _room_id, _person_id: None,
    ) -> None:
        self.audit = audit
        """Where acts are noted, also those of the other memory tables."""
        self._end_of_log = end_of_log
        self.invite_table = MemoryInvites(room, self._there, role)
        self.joined_at: dict[int, int] = {}
        """The end of the log when each person came; read-only to others."""
        self.operator_since: dict[int, int] = {}
        """The end of the log when each person came, or became an operator later; read-only to others."""
        self.vouched: set[int] = set()
        """Who was added by an admin or a command, or came by their invitation."""
        self._by_id: dict[int, Credentials] = {}
        self._taken = TakenNames()
        self.hooks: dict[int, bool] = {}
        """The accounts of hooks, and whether they may mention people; the feature's model writes it."""
        self.bots: dict[int, int] = {}
        """The owners of bots; read-only to others."""
        self.off_by_owner: set[int] = set()
        """Bots that their owners have switched off."""
        self._off_with_owner: set[int] = set()
        self.removed: dict[int, How] = {}
        """How people were removed; read-only to others."""
        self.visits: dict[int, Visit] = {}
        """What visitors said of themselves; read-only to others."""
        self.blocks: set[tuple[int, int]] = set()
        """Who blocks whom; `MemoryContacts` writes it."""
        self.block_changes: dict[int, float] = {}
        """When the people whom somebody blocks changed last; read-only to others."""
        self.admins_made = 0
        """How often somebody became an admin; read-only to others."""
        self.watchers = Watchers()
        self.on_other_address: list[Callable[[int], object]] = []
        """Called with a person whose address has changed by more than the case of ASCII letters, within the write."""

        self.on_added: list[Callable[[int], object]] = []
        """Called with a person who was added, but with no visitor, within the write."""

    async def add(self, new: NewPerson) -> Person | Taken | None:
        await trio.lowlevel.checkpoint()
        return self.add_now(new)

    def add_now(self, new: NewPerson) -> Person | Taken | None:
        """Add a person, as part of a write. Sync."""
        if new.invite is not None and not self.invite_table.is_to_register(new.invite):
            return None
        if taken := self._taken.by_others(None, new.name, new.email):
            return taken
        now = round(time.time(), 6)
        person = Person(
            id=len(self._by_id) + 1,
            name=new.name,
            email=new.email,
            display_name=new.display_name,
            is_operator=new.is_operator,
            is_moderator=new.is_moderator,
            is_admin=new.is_admin,
            is_visitor=new.visit is not None,
            created_at=now,
            changed_at=now,
        )
        self._by_id[person.id] = Credentials(person, new.password_hash)
        self.joined_at[person.id] = self.operator_since[person.id] = self._end_of_log()
        self._taken.add(person)
        self.admins_made += person.is_admin
        if new.invite is not None or new.by_command or new.added_by is not None:
            self.vouched.add(person.id)
        if new.invite is not None:
            self.audit.note([use_act(person.id, self.invite_table.use(new.invite).maker_id)])
        if new.visit is not None:
            self.visits[person.id] = new.visit
        if new.by_command or new.added_by is not None:
            self.audit.note([addition(person, new.added_by)])
        if new.visit is None:
            for added in self.on_added:
                added(person.id)
            self.watchers.notify(person.id)
        return person

    def add_hook(self, name: str) -> Person:
        """Add the account of a hook, whose name need not be unique, as part of a write. Sync."""
        now = round(time.time(), 6)
        hook = Person(id=len(self._by_id) + 1, name=name, is_visitor=True, created_at=now, changed_at=now)
        self._by_id[hook.id] = Credentials(hook, b"")
        self.joined_at[hook.id] = self.operator_since[hook.id] = self._end_of_log()
        return hook

    def add_bot(self, owner_id: int, name: str, scopes: tuple[str, ...]) -> Person:
        """Add the account of a bot, as part of a write. Sync."""
        bot = self._replace(Credentials(self.add_hook(name), b""), scopes=scopes)
        self.bots[bot.id] = owner_id
        return bot

    def change_bot(self, bot_id: int, name: str | None, scopes: tuple[str, ...] | None) -> Person:
        """Give a bot another name or other scopes. Sync."""
        known = self._by_id[bot_id]
        bot = known.person
        return self._replace(known, name=name or bot.name, scopes=bot.scopes if scopes is None else scopes)

    def switch_bot(self, bot_id: int, *, is_on: bool) -> None:
        """Disable a bot by itself, or give it the state of its owner. Sync."""
        owner = self.look_up(self.bots[bot_id])
        follows = is_on and owner is not None and owner.is_disabled
        (self._off_with_owner.add if follows else self._off_with_owner.discard)(bot_id)
        self._replace(self._by_id[bot_id], is_disabled=follows or not is_on)

    def is_off_with_owner(self, bot_id: int) -> bool:
        """Whether a bot is disabled because its owner is. Sync."""
        return bot_id in self._off_with_owner

    def _follow(self, owner_id: int, *, is_disabled: bool) -> None:
        """Disable the bots of somebody, or enable those that were disabled with them."""
        for bot_id in [each for each, whose in self.bots.items() if whose == owner_id]:
            known = self._known(bot_id)
            if known is None:
                continue
            generation = known.person.token_generation + is_disabled
            if is_disabled and not known.person.is_disabled:
                self._off_with_owner.add(bot_id)
            is_off = is_disabled or (known.person.is_disabled and bot_id not in self._off_with_owner)
            if not is_disabled:
                self._off_with_owner.discard(bot_id)
            self._replace(known, is_disabled=is_off, token_generation=generation)

    async def invite(self, new: NewInvite) -> None:
        await trio.lowlevel.checkpoint()
        if self.invite_table.make(new):
            lasts = new.expires_at - time.time()
            self.audit.note([invite_act(new.uses, lasts, new.maker_id, new.room_id)])

    async def is_invite(self, digest: bytes) -> bool:
        await trio.lowlevel.checkpoint()
        return self.invite_table.is_to_register(digest)

    async def find_invite(self, digest: bytes) -> Invite | None:
        await trio.lowlevel.checkpoint()
        return self.invite_table.find(digest)

    async def invites(
        self, after: bytes, limit: int, *, maker_id: int | None = None, room_id: int | None = None
    ) -> list[IssuedInvite]:
        await trio.lowlevel.checkpoint()
        return self.invite_table.list(after, maker_id, room_id)[:limit]

    async def withdraw_invite(self, digest: bytes, by_id: int | None = None) -> bool:
        await trio.lowlevel.checkpoint()
        withdrawn = self.invite_table.withdraw(digest)
        if withdrawn is not None:
            self.audit.note([withdrawal_act(by_id, withdrawn.maker_id, withdrawn.room_id)])
        return withdrawn is not None

    async def by_id(self, person_id: int) -> Person | None:
        await trio.lowlevel.checkpoint()
        known = self._known(person_id)
        return None if known is None else known.person

    async def by_ids(self, person_ids: Sequence[int]) -> dict[int, Person]:
        await trio.lowlevel.checkpoint()
        return {id_: known.person for id_ in person_ids if (known := self._known(id_)) is not None}

    async def by_name(self, name: str) -> Credentials | None:
        await trio.lowlevel.checkpoint()
        return self._known(self._taken.id_by_name(name))

    async def by_email(self, email: str) -> Credentials | None:
        await trio.lowlevel.checkpoint()
        return self._known(self._taken.id_by_email(email))

    async def everyone(self) -> list[Person]:
        await trio.lowlevel.checkpoint()
        return [person for person in self.there() if not person.is_visitor]

    async def count(self) -> int:
        return len(await self.everyone())

    async def operators(self) -> list[int]:
        await trio.lowlevel.checkpoint()
        return [each.id for each in self.there() if each.is_operator]

    async def page(self, part: str, after_id: int, limit: int, role: Role | None = None) -> list[Person]:
        await trio.lowlevel.checkpoint()
        wanted = same_name_key(part)
        found = [
            person
            for person in self.there()
            if person.id > after_id
            and not person.is_visitor
            and (wanted in same_name_key(person.name) or wanted in same_name_key(person.email or ""))
            and (role is None or role in roles_of(person))
        ]
        return found[:limit]

    async def look_alikes(self) -> list[LookAlike]:
        await trio.lowlevel.checkpoint()
        return []  # nobody is older than the rule

    async def rename(self, person_id: int, name: str) -> Person | Taken | None:
        await trio.lowlevel.checkpoint()
        known = self._known(person_id)
        if known is None:
            return None
        if taken := self._taken.by_others(known.person, name, None):
            return taken
        self._taken.rename(known.person, name)
        return self._replace(known, name=name)

    async def change_profile(self, person_id: int, change: ProfileChange) -> Person | Taken | None:
        await trio.lowlevel.checkpoint()
        known = self._known(person_id)
        if known is None:
            return None
        shown = change.display_name
        is_new = isinstance(shown, str) and not is_own_display(known.person, change)
        if isinstance(shown, str) and is_new and self._taken.is_anothers(person_id, shown):
            return Taken("display")
        name = known.person.name if change.name is msgspec.UNSET else change.name
        email = known.person.email if change.email is msgspec.UNSET else change.email
        if taken := self._taken.by_others(known.person, name, email):
            return taken
        self._taken.rename(known.person, name)
        self._taken.change_email(known.person, email)
        changes = {
            field: value for field, value in structs.asdict(change).items() if value is not msgspec.UNSET
        }
        changed = self._replace(known, **changes)
        self._taken.note_display(changed)
        return changed

    def set_picture(self, person_id: int, picture: str | None) -> Person | None:
        """Give a person another picture, as part of a write; return them as they were before. Sync."""
        known = self._known(person_id)
        if known is None or known.person.is_visitor:
            return None
        if picture != known.person.picture:
            self._replace(known, picture=picture)
        return known.person

    def set_status(self, person_id: int, emoji: str | None, text: str, until: float | None) -> bool:
        """Give a person another status, or none, as part of a write; False: there is no such person. Sync."""
        known = self._known(person_id)
        if known is None or known.person.is_visitor:
            return False
        self._replace(known, status_emoji=emoji, status_text=text, status_until=until)
        return True

    async def administer(
        self, person_id: int, change: AccountChange, by_id: int | None
    ) -> Person | Taken | Refusal | None:
        await trio.lowlevel.checkpoint()
        known = self._known(person_id)
        if known is None:
            return None
        before = known.person
        if by_id is not None:
            by = self._known(by_id)
            if not may_change(None if by is None else by.person, before, change):
                return NOT_ADMIN
        is_bound = by_id is not None or change.by_provider
        if is_bound and change.may_end_an_admin and self._is_last_admin(before):
            return LAST_ADMIN
        changes = {
            field: value
            for field in ("name", "is_operator", "is_moderator", "is_admin", "is_disabled")
            if (value := getattr(change, field)) is not msgspec.UNSET
        }
        if change.name is not msgspec.UNSET:
            if taken := self._taken.by_others(before, change.name, None):
                return taken
            self._taken.rename(before, change.name)
        if change.is_operator is True and not before.is_operator:
            self.operator_since[person_id] = self._end_of_log()
        password_hash = known.password_hash if change.password_hash is msgspec.UNSET else change.password_hash
        generation = before.token_generation + change.ends_tokens
        after = self._replace(Credentials(before, password_hash), token_generation=generation, **changes)
        self.admins_made += after.is_admin and not before.is_admin
        if change.is_disabled is True:
            self.off_by_owner.discard(person_id)
        if after.is_disabled is not before.is_disabled:
            self._follow(person_id, is_disabled=after.is_disabled)
        self.audit.note(acts_of(before, change, after, by_id))
        return after

    async def set_password(
        self,
        person_id: int,
        password_hash: bytes,
        *,
        instead_of: bytes | None = None,
        by_link: bool = False,
    ) -> Person | None:
        await trio.lowlevel.checkpoint()
        known = self._known(person_id)
        if known is None or instead_of not in (None, known.password_hash):
            return None
        if by_link:
            self.audit.note([reset_act(person_id)])
        return self.set_password_now(known, password_hash)

    def set_password_now(self, known: Credentials, password_hash: bytes) -> Person:
        """Replace a password and revoke the tokens, as part of a write. Sync."""
        generation = known.person.token_generation + 1
        return self._replace(Credentials(known.person, password_hash), token_generation=generation)

    async def delete(
        self, person_id: int, by_id: int | None = None, how: How = How.LEAVE, *, is_own: bool = False
    ) -> bool | Refusal:
        await trio.lowlevel.checkpoint()
        known = self._known(person_id)
        if by_id is not None and not is_own and not self._is_acting_admin(by_id):
            return NOT_ADMIN if known is not None else False
        if known is not None and by_id is not None and self._is_last_admin(known.person):
            return LAST_ADMIN
        return self.remove(person_id, how, by_id)

    def remove(self, person_id: int, how: How, by_id: int | None, detail: str = "") -> bool:
        """Remove an account, as part of a write. Sync."""
        known, before = self._by_id.get(person_id), self.removed.get(person_id)
        if known is None or (before is not None and not how.removes_more_than(before)):
            return False
        person = known.person
        self.removed[person_id] = how
        for bot_id in [each for each, whose in self.bots.items() if whose == person_id]:
            self.removed.setdefault(bot_id, How.LEAVE)
            self.watchers.notify(bot_id)
        self.visits.pop(person_id, None)
        self._taken.change_email(person, None)
        profile = {
            "email": None,
            "picture": None,
            "status_emoji": None,
            "status_text": "",
            "status_until": None,
        }
        if how is How.LEAVE:
            self._replace(Credentials(person, b""), **profile)
        else:
            name = nameless(person_id)
            while self._taken.by_others(person, name, None):
                name = nameless(person_id, secrets.token_hex(4))
            self._taken.rename(person, name)
            self._taken.note_display(structs.replace(person, display_name=None))
            self._replace(Credentials(person, b""), **profile, name=name, display_name=None)
        self.audit.note([removal_act(person_id, how, by_id, detail)])
        return True

    async def nameless(self, person_ids: Sequence[int]) -> list[Person]:
        await trio.lowlevel.checkpoint()
        return [person for person in self.without_names() if person.id in person_ids]

    def without_names(self) -> list[Person]:
        """Return the people who were deleted with their names. Sync."""
        return [self._by_id[each].person for each, how in self.removed.items() if how is not How.LEAVE]

    def _is_acting_admin(self, person_id: int) -> bool:
        known = self._known(person_id)
        return known is not None and is_acting_admin(known.person)

    def _is_last_admin(self, person: Person) -> bool:
        """Whether nobody else is an admin who can come in."""
        return is_acting_admin(person) and sum(map(is_acting_admin, self.there())) == 1

    def _replace(self, known: Credentials, **changes: object) -> Person:
        person = structs.replace(known.person, **changes)
        if _profile(person) != _profile(known.person):
            person = structs.replace(person, changed_at=round(time.time(), 6))
        self._by_id[person.id] = Credentials(person, known.password_hash)
        if (person.email or "").encode().lower() != (known.person.email or "").encode().lower():
            for forget in self.on_other_address:
                forget(person.id)
        self.watchers.notify(person.id)
        return person

    def blocks_changed(self, person_id: int) -> None:
        """Note that somebody blocks others than before. Sync."""
        self.block_changes[person_id] = round(time.time(), 6)

    def display(self, person_id: int, name: str | None) -> None:
        """Show a visitor by this name. Sync."""
        self._replace(self._by_id[person_id], display_name=name)

    def rename_hook(self, hook_id: int, name: str) -> None:
        """Give a hook another name. Sync."""
        self._replace(self._by_id[hook_id], name=name)

    def has_second_factor(self, person_id: int, is_on: bool) -> None:
        """Note whether somebody has a second factor. Sync."""
        self._replace(self._by_id[person_id], has_second_factor=is_on)

    def credentials_now(self, person_id: int) -> Credentials | None:
        """Return a person who was not deleted, and their credentials. Sync."""
        return self._known(person_id)

    def _known(self, person_id: int | None) -> Credentials | None:
        if person_id is None or person_id in self.removed:
            return None
        return self._by_id.get(person_id)

    def _there(self, person_id: int) -> Person | None:
        known = self._known(person_id)
        return None if known is None else known.person

    def is_there(self, person_id: int) -> bool:
        """Whether there is such a person, who was not deleted."""
        return self._known(person_id) is not None

    def may_be_written_to(self, person_id: int) -> bool:
        """Whether there is such a person, who is no visitor: those have no direct messages."""
        known = self._known(person_id)
        return known is not None and not known.person.is_visitor

    def there(self) -> list[Person]:
        """Return all people who were not deleted, at once."""
        return [known.person for person_id, known in self._by_id.items() if person_id not in self.removed]

    def look_up(self, person_id: int) -> Person | None:
        """Return the person at once, deleted or not: how the other memory tables follow a foreign key."""
        known = self._by_id.get(person_id)
        return None if known is None else known.person

    def has_admin(self) -> bool:
        """Whether somebody who was not deleted is an admin. Sync."""
        return any(known.person.is_admin for id_, known in self._by_id.items() if id_ not in self.removed)


def _profile(person: Person) -> tuple[object, ...]:
    return (
        person.name,
        person.display_name,
        person.picture,
        person.status_emoji,
        person.status_text,
        person.status_until,
        person.email,
        person.is_operator,
        person.is_moderator,
        person.is_admin,
        person.share_reads,
    )
