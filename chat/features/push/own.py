"""Pushes that people have asked for themselves: each is sent once to every browser of its person."""

from collections.abc import Awaitable, Callable

import trio

from chat.domain.features import Ports
from chat.domain.own_pushes import OwnPush
from chat.features.push.body import own_body
from chat.features.push.delivery import DeliveryState
from chat.features.push.sending import Outgoing
from chat.features.push.subscriptions import SUBSCRIPTIONS, Subscription


class OwnPushSender:
    """The port `OwnPushes`."""

    def __init__(self, ports: Ports) -> None:
        self._subscriptions = ports[SUBSCRIPTIONS]
        self.outgoing: Callable[[], Awaitable[Outgoing]] | None = None
        """Returns how pushes are sent; set while this server sends. May raise StorageDown and OutcomeUnknown."""

    async def send(self, person_id: int, push: OwnPush) -> None:
        """As of the port; may raise OutcomeUnknown too, where the server makes its keys."""
        if self.outgoing is None:
            return
        found = await self._subscriptions.of_person(person_id)
        if not found:
            return
        has_text = (await self._subscriptions.state(person_id, None)).has_text
        outgoing = await self.outgoing()
        body = own_body(push, outgoing.public_url, has_text=has_text and outgoing.may_have_texts)
        topic = outgoing.keys.topic_of(push.tag, person_id)

        gone: list[Subscription] = []

        async def send_to(subscription: Subscription) -> None:
            answer = await outgoing.send(subscription, body, topic=topic, is_urgent=True)
            if answer.state is DeliveryState.GONE:
                gone.append(subscription)

        async with trio.open_nursery() as nursery:
            for subscription in found:
                nursery.start_soon(send_to, subscription)
        for each in gone:
            await self._subscriptions.forget(each.session_id, each.endpoint)
