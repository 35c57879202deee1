"""The registry of native sockets: each once, also after a second hello, and in little memory."""

import tracemalloc

from chat.domain.entities import Person
from chat.protocols.native.connection.sockets import Sockets

ADA, BEN = Person(id=1, name="Ada"), Person(id=2, name="Ben")


class Socket:
    __slots__ = ()


def test_a_person_has_the_sockets_that_were_counted_in_and_not_out_again() -> None:
    sockets = Sockets[Socket]()
    first, second, other = Socket(), Socket(), Socket()
    for socket, person in ((first, ADA), (second, ADA), (other, BEN)):
        sockets.add(person, socket)
    assert sockets.of(ADA.id) == {first, second}
    assert sockets.of(ADA.id, BEN.id, 3) == {first, second, other}
    sockets.remove(first)
    sockets.remove(first)
    assert sockets.of(ADA.id) == {second}
    sockets.remove(second)
    assert sockets.of(ADA.id) == set()


def test_a_socket_with_a_second_hello_counts_once() -> None:
    sockets = Sockets[Socket]()
    socket = Socket()
    sockets.add(Person(id=1, name="Ada", is_operator=True), socket)
    assert sockets.operators == {socket}
    sockets.add(ADA, socket)
    assert sockets.operators == set()
    sockets.remove(socket)
    assert sockets.of(ADA.id) == set()


def test_a_person_with_one_socket_takes_little_memory() -> None:
    sockets, many = Sockets[Socket](), [Socket() for _ in range(2000)]
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number, socket in enumerate(many):
            sockets.add(Person(id=number, name="somebody"), socket)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / len(many) < 240  # bytes: two entries of dicts, a tuple, a number
