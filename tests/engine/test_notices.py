"""Notices reach the handlers here and the other servers."""

import trio
from trio.testing import MockClock

from chat.domain.entities import LOBBY_ID
from chat.domain.messages.live import MembersCounted, Notice, Present
from chat.engine.fence import Fence
from chat.engine.hub import Subscriber
from chat.engine.notices import NoticeHandlers, Notices

NOTICE = MembersCounted({LOBBY_ID: 3})


class Socket:
    """A socket that sends a notice."""

    def offer(self, blob: bytes) -> None:
        raise AssertionError("handlers deliver notices")

    def offer_or_drop(self, blob: bytes) -> None:
        raise AssertionError("as above")


class House:
    """Notices of a server, with what its handler and the other servers got."""

    def __init__(self) -> None:
        self.fence = Fence()
        self.elsewhere: list[Notice] = []
        self.here: list[tuple[Notice, int, Subscriber | None]] = []
        self.handlers = NoticeHandlers(self.fence)
        self.notices = Notices(self.handlers, self.elsewhere.append)
        self.notices.on(MembersCounted, lambda *arguments: self.here.append(arguments))


async def test_publish_reaches_the_handler_with_its_origin_and_the_other_servers() -> None:
    house, origin = House(), Socket()
    house.notices.publish(NOTICE, origin)
    assert house.here == [(NOTICE, 0, origin)]
    assert house.elsewhere == [NOTICE]


async def test_a_notice_of_another_server_is_handled_here_alone() -> None:
    house = House()
    house.handlers.handle(NOTICE, 7)
    assert (house.here, house.elsewhere) == ([(NOTICE, 7, None)], [])


async def test_publish_here_and_send_reach_one_side_each() -> None:
    house = House()
    house.notices.publish_here(NOTICE)
    assert (house.here, house.elsewhere) == ([(NOTICE, 0, None)], [])
    house.notices.send(NOTICE)
    assert (len(house.here), house.elsewhere) == (1, [NOTICE])


async def test_a_kind_without_a_handler_reaches_the_other_servers_alone() -> None:
    house = House()
    house.notices.publish(Present())
    assert (house.here, house.elsewhere) == ([], [Present()])


async def test_while_the_fence_is_closed_no_handler_is_called(autojump_clock: MockClock) -> None:
    house = House()
    house.fence.open_until(trio.current_time())
    house.notices.publish(NOTICE)
    assert (house.here, house.elsewhere) == ([], [NOTICE])
