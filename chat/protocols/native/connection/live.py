"""Transient state of one native socket: its person's activity and status, and the presence of people it watches."""

from collections.abc import Mapping

import trio

from chat.domain.entities import People, Person
from chat.domain.messages.live import Active, Status
from chat.domain.refusals import Refusal
from chat.domain.rooms.conversations import may_look_on, may_speak
from chat.engine.events import Refused
from chat.engine.session import Session
from chat.operations.conversions import person_fields
from chat.protocols.native.wire.codec import frame_of
from chat.protocols.native.wire.live_frames import (
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
"""Seconds for which the same activity is not sent again to a room; clients drop it after twice as long."""


class Live:
    """Handles activity, watching and status; made for the first such request. Sync except announce_activity()."""

    __slots__ = ("_announced", "_services", "_session")

    def __init__(self, session: Session, services: Services) -> None:
        self._session = session
        self._services = services
        self._announced: dict[
            int, tuple[What, float]
        ] = {}  # by room: the last activity, and when it was sent

    def end(self) -> None:
        """Watch nobody any more: the socket is gone."""
        self._services.statuses.unwatch(self)

    def watch(self, request: Watch) -> None:
        """Watch these people from now on, and no others."""
        statuses = self._services.statuses.watch(self, request.people)
        self._session.send_frames(frame_of(WatchOk(id=request.id, people=_presences(statuses))))

    def set_status(self, request: SetStatus) -> None:
        """Set whether the person is at this screen."""
        self._session.set_away(is_away=request.state == "away")
        self._session.send_frames(frame_of(StatusOk(id=request.id)))

    async def announce_activity(self, request: Activity, person: Person, people: People) -> None:
        """Announce the person's activity to a room with these people. Cancelling does not announce it.

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
            self._announced[request.room] = request.what, trio.current_time()
            notice = Active(request.room, people, person.id, person.name, request.what)
            self._services.notices.publish(notice)
        return self._session.send_frames(frame_of(ActivityOk(id=request.id)))

    async def _room_refusal(self, person: Person, room_id: int) -> Refusal | None:
        """Check whether the room is archived, which its subscription does not show. May raise StorageDown."""
        place = await self._services.conversations.enter(person, room_id)
        return place if isinstance(place, Refusal) else may_speak(place)

    def _is_news(self, request: Activity) -> bool:
        """Whether to announce it: not twice within _EVERY, and `none` only after another activity."""
        since = trio.current_time() - _EVERY
        what, at = self._announced.get(request.room, ("none", 0.0))
        self._announced = {
            room: last for room, last in self._announced.items() if last[1] > since or last[0] != "none"
        }
        return request.what != what or (what != "none" and at <= since)

    def statuses_changed(self, statuses: Mapping[int, Status]) -> bool:
        """Send the statuses of watched people; False: the client reads too slowly, so nothing was sent."""
        if self._session.subscriptions.is_behind:
            return False
        self._session.send_frames(frame_of(PresenceEvent(people=_presences(statuses))))
        return True

    def profile_changed(self, person: Person) -> None:
        """Send the profile of a watched person."""
        self._session.subscriptions.offer(
            frame_of(PersonEvent(**person_fields(person, self._session.person)))
        )


def _presences(statuses: Mapping[int, Status]) -> list[Presence]:
    return [Presence(id=person_id, state=status.value) for person_id, status in statuses.items()]
