"""A real IMAP server, Debian's dovecot, as a process of the test on loopback."""

import imaplib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

USER, PASSWORD = "help", "swordfish"

_NOBODY = 65534
_START = 30.0
_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {place}/run
state_dir = {place}/run
log_path = {place}/log
mail_location = maildir:{place}/mail/%u
mail_debug = no
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={place}/home/%u
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


class ImapServer:
    """A running server with one mailbox."""

    def __init__(self, port: int, place: Path) -> None:
        self.port = port
        self.place = place
        self.url = f"imap://{USER}@127.0.0.1:{port}/INBOX"

    @contextmanager
    def opened(self) -> Generator[imaplib.IMAP4]:
        """The mailbox, as its owner's mail program has it."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=20) as client:
            client.login(USER, PASSWORD)
            client.select("INBOX")
            yield client

    def deliver(self, *mails: bytes) -> None:
        """Put mails into the mailbox."""
        with self.opened() as client:
            for mail in mails:
                assert client.append("INBOX", "", "", mail)[0] == "OK"

    def unread(self) -> int:
        """Return how many mails are unread."""
        with self.opened() as client:
            return len(client.search(None, "UNSEEN")[1][0].split())

    def renumber(self) -> None:
        """Give the mailbox another UIDVALIDITY, as a server does that was restored; mails and flags stay."""
        mailbox = self.place / "mail" / USER
        for file in mailbox.glob("dovecot*"):
            file.unlink()


@contextmanager
def running_imap_server() -> Generator[ImapServer]:
    """Run a server; as root it runs as nobody. Without dovecot the test skips."""
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("needs dovecot: apt-get install dovecot-imapd")
    is_root = os.getuid() == 0
    uid, gid = (_NOBODY, _NOBODY) if is_root else (os.getuid(), os.getgid())
    place = Path(tempfile.mkdtemp(prefix="chat-imap-", dir="/tmp"))
    process = None
    try:
        port = _free_port()
        import grp
        import pwd

        fields = {
            "user": pwd.getpwuid(uid).pw_name,
            "group": grp.getgrgid(gid).gr_name,
            "uid": uid,
            "gid": gid,
        }
        config = place / "dovecot.conf"
        config.write_text(_CONFIG.format(place=place, port=port, password=PASSWORD, **fields))
        if is_root:
            os.chown(place, uid, gid)
        options = {"user": uid, "group": gid, "extra_groups": []} if is_root else {}
        process = subprocess.Popen([program, "-F", "-c", str(config)], **options)  # type: ignore[call-overload]
        _wait_for(port, process, place / "log")
        yield ImapServer(port, place)
    finally:
        if process is not None:
            process.terminate()
            process.wait(_START)
        shutil.rmtree(place, ignore_errors=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + _START
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as wire:
            if wire.recv(4) == b"* OK":
                return
        time.sleep(0.05)
    raise RuntimeError(f"dovecot did not start: {log.read_text() if log.exists() else process.poll()}")
