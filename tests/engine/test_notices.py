"""What is told and saved nowhere goes to the clients here and to the other servers."""

import trio
from trio.testing import MockClock

from chat.domain.entities import LOBBY_ID
from chat.domain.live import MembersCounted, Notice, Present
from chat.engine.fence import Fence
from chat.engine.hub import Subscriber
from chat.engine.notices import Notices

NOTICE = MembersCounted({LOBBY_ID: 3})


class Ear:
    """A socket that a notice comes from."""

    def offer(self, blob: bytes) -> None:
        raise AssertionError("notices are told by whoever felt them")

    def when_written(self, note: object, behind: int = 0) -> None:
        raise AssertionError("as above")


class Told:
    """Notices, and who was told of them: here, with the server and the socket they come from, and elsewhere."""

    def __init__(self) -> None:
        self.fence = Fence()
        self.notices = Notices(self.fence)
        self.here: list[tuple[Notice, int, Subscriber | None]] = []
        self.elsewhere: list[Notice] = []
        self.notices.on(MembersCounted, lambda *felt: self.here.append(felt))
        self.notices.send_by(self.elsewhere.append)


async def test_a_notice_is_told_here_with_whom_it_comes_from_and_to_the_other_servers() -> None:
    told, origin = Told(), Ear()
    told.notices.publish(NOTICE, origin)
    assert told.here == [(NOTICE, 0, origin)]
    assert told.elsewhere == [NOTICE]


async def test_what_another_server_tells_is_told_here_alone_and_what_is_sent_elsewhere_alone() -> None:
    told = Told()
    told.notices.heard(NOTICE, 7)
    assert (told.here, told.elsewhere) == ([(NOTICE, 7, None)], [])
    told.notices.send(NOTICE)
    assert (len(told.here), told.elsewhere) == (1, [NOTICE])


async def test_nobody_is_told_of_a_kind_that_nobody_asked_for() -> None:
    told = Told()
    told.notices.publish(Present())
    assert (told.here, told.elsewhere) == ([], [Present()])


async def test_a_server_without_a_lease_tells_nothing_here(autojump_clock: MockClock) -> None:
    told = Told()
    told.fence.open_until(trio.current_time())
    told.notices.publish(NOTICE)
    assert (told.here, told.elsewhere) == ([], [NOTICE])
