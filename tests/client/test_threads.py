"""Threads as a program sees them, on a real server."""

import trio

from chat.client import NewMessage, open_chat
from tests.client.people import next_event
from tests.support.watched_server import open_watched


async def test_a_thread_is_read_followed_and_unfollowed() -> None:
    async with open_watched() as watched:
        ada_token, ben_token = await watched.token("ada"), await watched.token("ben")
        async with (
            open_chat(watched.url, token=ada_token) as ada,
            open_chat(watched.url, token=ben_token) as ben,
        ):
            garden = (await ada.http.create_room("garden")).id
            await ben.http.join(garden)
            root = await ada.send(garden, "tea?")
            said = [await ben.send(garden, text, reply=root.seq) for text in ("yes", "with milk", "now")]
            with trio.fail_after(10):
                while (
                    not isinstance(event := await next_event(ada, NewMessage), NewMessage)
                    or event.reply is None
                ):
                    pass
            assert event.root == root.seq
            thread = await ada.thread(garden, said[1].seq)
            assert thread.message is not None
            assert (thread.root, thread.message.text, thread.replies) == (root.seq, "tea?", 3)
            assert [each.text for each in thread.messages] == ["yes", "with milk", "now"]
            assert (thread.first, thread.last, thread.following) == (True, True, True)
            page = await ada.thread(garden, root.seq, before=said[2].seq, limit=1)
            assert ([each.text for each in page.messages], page.first, page.last) == (
                ["with milk"],
                False,
                False,
            )
            assert (await ada.unfollow_thread(garden, said[0].seq)).following is False
            (listed,) = (await ada.threads(garden)).threads
            assert (listed.root, listed.replies, listed.following) == (root.seq, 3, False)
            assert (await ada.follow_thread(garden, root.seq)).root == root.seq
            assert (await ada.threads(garden, before=root.seq)).threads == ()
