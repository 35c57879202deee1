"""A renewed certificate is used for later connections, and an invalid one is refused."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
import trustme

from chat.domain.startup import CannotStart
from chat.gateway.listener import Gateway
from tests.support.gateway import Wire, port_of, running

AUTHORITY = trustme.CA()


def put_certificate(directory: Path, name: str) -> tuple[Path, Path]:
    """Write a certificate for `name` beside localhost; return its file and its key's."""
    issued = AUTHORITY.issue_cert("localhost", name)
    cert, key = directory / "cert.pem", directory / "key.pem"
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(key)
    return cert, key


class Encrypted(Wire):
    """A client over TLS that knows whom it talks with."""

    stream: trio.SSLStream[trio.SocketStream]

    def names(self) -> set[str]:
        """The names in the server's certificate."""
        certificate = self.stream.getpeercert()
        return {name for _, name in certificate["subjectAltName"]}


@asynccontextmanager
async def client_of(gateway: Gateway) -> AsyncGenerator[Encrypted]:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    async with await trio.open_tcp_stream("127.0.0.1", port_of(gateway)) as tcp:
        stream = trio.SSLStream(tcp, context, server_hostname="localhost", https_compatible=True)
        await stream.do_handshake()
        yield Encrypted(stream)


@asynccontextmanager
async def running_with(cert: Path, key: Path) -> AsyncGenerator[Gateway]:
    with trio.fail_after(20):
        async with running(tls_cert=cert, tls_key=key) as gateway:
            yield gateway


async def test_new_connections_get_the_new_one_and_open_ones_keep_theirs(tmp_path: Path) -> None:
    cert, key = put_certificate(tmp_path, "old.example")
    async with running_with(cert, key) as gateway, client_of(gateway) as early:
        assert (await early.get())[0] == 200
        put_certificate(tmp_path, "new.example")
        async with client_of(gateway) as meanwhile:
            assert meanwhile.names() == {"localhost", "old.example"}, "nobody has asked for it yet"
        await gateway.renew_certificate(cert, key)
        async with client_of(gateway) as late:
            assert late.names() == {"localhost", "new.example"}
            assert (await late.get())[0] == 200
        assert (await early.get())[0] == 200
        assert early.names() == {"localhost", "old.example"}


@pytest.mark.parametrize("spoilt", ["missing", "nonsense", "of another key"])
async def test_an_invalid_certificate_is_refused_and_the_old_one_stays(tmp_path: Path, spoilt: str) -> None:
    cert, key = put_certificate(tmp_path, "old.example")
    async with running_with(cert, key) as gateway:
        match spoilt:
            case "missing":
                cert.unlink()
            case "nonsense":
                cert.write_text("nonsense")
            case "of another key":
                AUTHORITY.issue_cert("localhost").private_key_pem.write_to_path(key)
        with pytest.raises(CannotStart, match=str(tmp_path)):
            await gateway.renew_certificate(cert, key)
        async with client_of(gateway) as client:
            assert client.names() == {"localhost", "old.example"}
            assert (await client.get())[0] == 200
