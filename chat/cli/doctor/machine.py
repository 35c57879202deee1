"""Checks of this machine: space, fsync, clock, and the server's own certificate."""

import os
import shutil
import ssl
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryFile

from chat.cli.doctor.finding import Finding, fail, ok, warn
from chat.settings.config import Config

_LITTLE, _NOTHING = 0.1, 0.03
"""Shares of a file system left, as in deploy/alerts.yaml."""

_SLOW_FSYNC = 0.05
"""Seconds; each commit waits for one."""

_PROBES = 5
"""Times that fsync is measured."""

SOON = 14 * 86_400.0
"""Seconds before the end of a certificate from which on its renewal must have failed."""

_DAY = 86_400.0


def check_machine(config: Config) -> Iterator[Finding]:
    """Yield what is found about the disks, the clock and the certificate."""
    for name, directory in directories(config).items():
        yield check_space(name, directory)
    yield check_fsync(config.data)
    yield check_clock()
    if config.tls_cert is not None and config.tls_key is not None:
        yield check_certificate(config.tls_cert, config.tls_key)


def directories(config: Config) -> Mapping[str, Path]:
    """Return the directories of the server by what is in them. Sync and pure."""
    found = {"data": config.data}
    files = config.files_beside(config.data)
    if files is not None and config.file_bytes:
        found["files"] = files
    return found


def check_space(name: str, directory: Path) -> Finding:
    """Check bytes and inodes of the file system of a directory."""
    subject = f"disk of {name}"
    try:
        disk = os.statvfs(directory)
    except OSError as error:
        return fail(
            subject, f"cannot look at {directory}: {error.strerror}; create it, or correct the setting"
        )
    space = disk.f_bavail / max(disk.f_blocks, 1)
    inodes = disk.f_favail / disk.f_files if disk.f_files else 1.0
    text = (
        f"{disk.f_bavail * disk.f_frsize / 1e9:.1f} GB ({space:.0%}) and {inodes:.0%} of the inodes are left"
    )
    if min(space, inodes) < _NOTHING:
        return fail(subject, f"{text} on {directory}: free space now, or nothing can be saved soon")
    if min(space, inodes) < _LITTLE:
        return warn(subject, f"{text} on {directory}: free space, or enlarge the file system")
    return ok(subject, text)


def check_fsync(directory: Path) -> Finding:
    """Measure what a commit waits for."""
    taken: list[float] = []
    try:
        with TemporaryFile(dir=directory) as file:
            for _ in range(_PROBES):
                file.write(bytes(8192))
                file.flush()
                began = time.perf_counter()
                os.fsync(file.fileno())
                taken.append(time.perf_counter() - began)
    except OSError as error:
        return fail("fsync", f"cannot write in {directory}: {error.strerror}; run this as the server's user")
    middle = statistics.median(taken)
    text = f"takes {middle * 1000:.1f} ms in {directory}"
    if middle > _SLOW_FSYNC:
        return warn(
            "fsync", f"{text}: every commit waits so long; use a faster disk, or find what keeps it busy"
        )
    return ok("fsync", text)


def check_clock() -> Finding:
    """Ask systemd whether the clock is synchronised."""
    program = shutil.which("timedatectl")
    if program is None:
        return ok("clock", "not checked: this machine has no timedatectl")
    command = [program, "show", "--property=NTPSynchronized", "--value"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=5, check=False
        ).stdout.strip()
    except subprocess.TimeoutExpired:
        answer = ""
    if answer == "no":
        return warn("clock", "is not synchronised: `timedatectl set-ntp true`, or start an NTP service")
    return ok("clock", "is synchronised" if answer == "yes" else "not checked: timedatectl does not say")


def check_certificate(chain: Path, key: Path) -> Finding:
    """Check that the key fits the certificate, and how long it lasts: by a handshake in memory."""
    try:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(chain, key)
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname = False
        client.load_verify_locations(chain)
        client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # whoever issued it: it is our own
        until = _end_of_certificate(client, server)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or error.strerror
        return fail("certificate", f"{chain}: {reason}; renew it, and reload the server")
    return judge_end("certificate", until, f"of {chain}")


def judge_end(subject: str, until: float, which: str) -> Finding:
    """Judge a certificate that is valid until this time, in Unix seconds. Sync."""
    left = until - time.time()
    if left < SOON:
        return warn(subject, f"{which} ends in {left / _DAY:.1f} days: see why it was not renewed")
    return ok(subject, f"{which} is valid for {left / _DAY:.0f} days")


def _end_of_certificate(client: ssl.SSLContext, server: ssl.SSLContext) -> float:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        server.wrap_bio(to_server, to_client, server_side=True),
        client.wrap_bio(to_client, to_server),
    ]
    while sides:
        for side in sides.copy()[::-1]:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            sides.remove(side)
            if not side.server_side:
                found = side.getpeercert()
                assert found is not None
                return float(ssl.cert_time_to_seconds(str(found["notAfter"])))
    raise AssertionError("the client's side ends first")
