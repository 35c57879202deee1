"""What one native socket tells of its person that is not saved, and what it is told of people whom it watches."""

from collections.abc import Mapping

import trio

from chat.domain.conversations import may_look_on, may_speak
from chat.domain.entities import People, Person
from chat.domain.live import Active, Status
from chat.domain.refusals import Refusal
from chat.engine.events import Refused
from chat.engine.session import Session
from chat.operations.conversions import person_fields
from chat.protocols.native.codec import frame_of
from chat.protocols.native.live_frames import (
    Activity,
    ActivityOk,
    PersonEvent,
    Presence,
    PresenceEvent,
    SetStatus,
    StatusOk,
    Watch,
    WatchOk,
    What,
)
from chat.protocols.services import Services

_EVERY = 3.0
"""Seconds for which a room is not told again what it was just told: clients forget it after twice as long."""


class Live:
    """The side of one socket that nothing of is saved, made when it is first of use. Sync, but for say_active()."""

    __slots__ = ("_said", "_services", "_session")

    def __init__(self, session: Session, services: Services) -> None:
        self._session = session
        self._services = services
        self._said: dict[int, tuple[What, float]] = {}  # to which room what was told last, and when

    def end(self) -> None:
        """The socket is gone."""
        self._services.statuses.unwatch(self)

    def watch(self, request: Watch) -> None:
        """Be told of these people from here on, and of no others."""
        statuses = self._services.statuses.watch(self, request.people)
        self._session.send_frames(frame_of(WatchOk(id=request.id, people=_presences(statuses))))

    def set_status(self, request: SetStatus) -> None:
        """Note whether the person is at this screen."""
        self._session.set_away(is_away=request.state == "away")
        self._session.send_frames(frame_of(StatusOk(id=request.id)))

    async def say_active(self, request: Activity, person: Person, people: People) -> None:
        """Tell a room, of which these are the people, what the person does there. Cancelling: it is not told.

        May raise StorageDown.
        """
        refusal = may_look_on(person, people) if request.what == "viewing" else None
        if isinstance(refusal, Refusal):
            return self._session.send(Refused(refusal, request.id))
        if self._is_news(request):
            if not await self._session.limits.may_send(person.id, "", request.id):
                return None
            if people is None and (refusal := await self._room_refusal(person, request.room)):
                return self._session.send(Refused(refusal, request.id))
            self._said[request.room] = request.what, trio.current_time()
            told = Active(request.room, people, person.id, person.name, request.what)
            self._services.notices.publish(told)
        return self._session.send_frames(frame_of(ActivityOk(id=request.id)))

    async def _room_refusal(self, person: Person, room_id: int) -> Refusal | None:
        """Ask whether the room is archived, which hearing it does not tell. May raise StorageDown."""
        place = await self._services.conversations.enter(person, room_id)
        return place if isinstance(place, Refusal) else may_speak(place)

    def _is_news(self, request: Activity) -> bool:
        """Whether the room does not know: nothing is told twice within _EVERY, and `none` only after something."""
        since = trio.current_time() - _EVERY
        what, at = self._said.get(request.room, ("none", 0.0))
        self._said = {room: said for room, said in self._said.items() if said[1] > since or said[0] != "none"}
        return request.what != what or (what != "none" and at <= since)

    def statuses_changed(self, statuses: Mapping[int, Status]) -> bool:
        """Tell what people are now, who are watched; False: the client is behind with reading."""
        if self._session.subscriptions.is_behind:
            return False
        self._session.send_frames(frame_of(PresenceEvent(people=_presences(statuses))))
        return True

    def profile_changed(self, person: Person) -> None:
        """Tell somebody's profile, who is watched."""
        self._session.subscriptions.offer(frame_of(PersonEvent(**person_fields(person))))


def _presences(statuses: Mapping[int, Status]) -> list[Presence]:
    return [Presence(id=person_id, state=status.value) for person_id, status in statuses.items()]
