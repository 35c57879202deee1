"""Which names and addresses are taken, in memory: a deleted person's name is, and their address is not. All sync."""

from collections import defaultdict

from chat.domain.entities import Person
from chat.domain.ports import Taken, is_own_name
from chat.domain.text.rules import same_name_key
from chat.domain.text.skeletons import name_skeletons


class TakenNames:
    """Whose a name is, in any case, what looks like it, and whose an address is."""

    def __init__(self) -> None:
        self._id_by_name: dict[str, int] = {}
        self._id_by_email: dict[str, int] = {}
        self._id_by_skeleton: dict[str, int] = {}
        self._displays: dict[int, frozenset[str]] = {}  # what each display name looks like
        self._ids_by_display: defaultdict[str, set[int]] = defaultdict(set)  # whose display names look so

    def id_by_name(self, name: str) -> int | None:
        """Return whose a name is, or was."""
        return self._id_by_name.get(same_name_key(name))

    def id_by_email(self, email: str) -> int | None:
        """Return whose an address is."""
        return self._id_by_email.get(same_name_key(email))

    def by_others(self, person: Person | None, name: str, email: str | None) -> Taken | None:
        """Say what of these somebody other than this person has."""
        own = None if person is None else person.id
        looks = name_skeletons(name)
        if self.id_by_name(name) not in (None, own):
            return Taken("name")
        if not {self._id_by_skeleton.get(look) for look in looks} <= {None, own}:
            return Taken("look")
        if (person is None or not is_own_name(person, name)) and self._are_displayed_by_others(own, looks):
            return Taken("look")
        if email is not None and self.id_by_email(email) not in (None, own):
            return Taken("email")
        return None

    def is_anothers(self, person_id: int, display: str) -> bool:
        """Whether a display name looks like a name or a display name of somebody other than this person."""
        looks = name_skeletons(display)
        owners = {self._id_by_skeleton.get(look) for look in looks}
        return not owners <= {None, person_id} or self._are_displayed_by_others(person_id, looks)

    def _are_displayed_by_others(self, person_id: int | None, looks: tuple[str, ...]) -> bool:
        return any(self._ids_by_display[look] - {person_id} for look in looks)

    def note_display(self, person: Person) -> None:
        """Note what somebody's display name looks like, if they have one."""
        for look in self._displays.get(person.id, ()):
            self._ids_by_display[look].discard(person.id)
        shown = person.display_name
        looks = self._displays[person.id] = frozenset(() if shown is None else name_skeletons(shown))
        for look in looks:
            self._ids_by_display[look].add(person.id)

    def add(self, person: Person) -> None:
        """Note what a new person has."""
        if not person.is_visitor:
            self.note_display(person)
        self._note_name(person.id, person.name)
        self._note_email(person.id, person.email)

    def rename(self, person: Person, name: str) -> None:
        """Give back the name of a person for another."""
        del self._id_by_name[same_name_key(person.name)]
        for skeleton in name_skeletons(person.name):
            del self._id_by_skeleton[skeleton]
        self._note_name(person.id, name)

    def change_email(self, person: Person, email: str | None) -> None:
        """Give back the address of a person for another, or none."""
        if person.email is not None:
            del self._id_by_email[same_name_key(person.email)]
        self._note_email(person.id, email)

    def _note_email(self, person_id: int, email: str | None) -> None:
        if email is not None:
            self._id_by_email[same_name_key(email)] = person_id

    def _note_name(self, person_id: int, name: str) -> None:
        self._id_by_name[same_name_key(name)] = person_id
        self._id_by_skeleton.update(dict.fromkeys(name_skeletons(name), person_id))
