"""Who may read and write which canned answers: operators their own, admins the shared ones, which both read.

Every function may raise StorageDown, those that write OutcomeUnknown too. Cancelling one: it was done completely, or
not at all.
"""

from msgspec import structs

from chat.domain.entities import Person
from chat.domain.refusals import NOT_ADMIN, Refusal
from chat.domain.rooms.conversations import NOT_OPERATOR
from chat.domain.text.rules import clean_text
from chat.features.canned_answers.port import NO_ANSWER, CannedAnswer, CannedAnswers, clean_shortcut


async def page(
    answers: CannedAnswers, person: Person, after: int, limit: int
) -> list[CannedAnswer] | Refusal:
    """Return the answers that a person may use, by id: at most `limit` with an id above `after`."""
    if refusal := _may_see(person):
        return refusal
    return await answers.page(person.id if person.is_operator else None, after, limit)


async def add(
    answers: CannedAnswers, person: Person, shortcut: str, text: str, *, is_shared: bool
) -> CannedAnswer | Refusal:
    """Add an answer of the person, or a shared one."""
    owner_id = None if is_shared else person.id
    if refusal := _may_write(person, owner_id):
        return refusal
    cleaned = _clean(shortcut, text)
    return cleaned if isinstance(cleaned, Refusal) else await answers.add(owner_id, *cleaned)


async def change(
    answers: CannedAnswers, person: Person, answer_id: int, shortcut: str | None, text: str | None
) -> CannedAnswer | Refusal:
    """Change an answer; None leaves a part as it is."""
    found = await _find(answers, person, answer_id)
    if isinstance(found, Refusal):
        return found
    cleaned = _clean(found.shortcut if shortcut is None else shortcut, found.text if text is None else text)
    if isinstance(cleaned, Refusal):
        return cleaned
    changed = structs.replace(found, shortcut=cleaned[0], text=cleaned[1])
    return await answers.change(changed) or changed


async def remove(answers: CannedAnswers, person: Person, answer_id: int) -> Refusal | None:
    """Remove an answer."""
    found = await _find(answers, person, answer_id)
    if isinstance(found, Refusal):
        return found
    await answers.remove(found.id)
    return None


async def _find(answers: CannedAnswers, person: Person, answer_id: int) -> CannedAnswer | Refusal:
    """Return an answer that the person may change."""
    if refusal := _may_see(person):
        return refusal
    found = await answers.find(answer_id)
    if found is None or found.owner_id not in (None, person.id):
        return NO_ANSWER
    return _may_write(person, found.owner_id) or found


def _may_see(person: Person) -> Refusal | None:
    return None if person.is_operator or person.is_admin else NOT_OPERATOR


def _may_write(person: Person, owner_id: int | None) -> Refusal | None:
    if owner_id is None:
        return None if person.is_admin else NOT_ADMIN
    return None if person.is_operator else NOT_OPERATOR


def _clean(shortcut: str, text: str) -> tuple[str, str] | Refusal:
    short = clean_shortcut(shortcut)
    if isinstance(short, Refusal):
        return short
    said = clean_text(text)
    return said if isinstance(said, Refusal) else (short, said)
