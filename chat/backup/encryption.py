"""Encrypts the parts of a backup to recipients of age, as streams: each attached file, and the database as one tar.

The library is the extra `age`; without it these functions raise BackupFailed. All of them block.
"""

import hashlib
import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

import msgspec
import trio

from chat.backup.failures import BackupFailed
from chat.backup.pace import Pace

SUFFIX = ".age"
_PIECE = 1 << 20
_BLOCK = 512
"""Bytes of a block of tar."""


class Recipients(msgspec.Struct, frozen=True):
    """Public keys of age, sorted; each of their identities can decrypt."""

    keys: tuple[str, ...]

    def encrypt(self, source: Path, new: Path, pace: Pace) -> tuple[str, str]:
        """Encrypt a file into a new one, durably; return the SHA-256 of both. Raises BackupFailed and OSError."""
        with open(source, "rb") as file:
            plain = _Reader(_pieces(file, pace))
            return self._encrypt(plain, new)

    def encrypt_directory(self, directory: Path, new: Path, pace: Pace) -> str:
        """Encrypt a directory as a tar, durably; return its SHA-256. Raises BackupFailed and OSError."""
        return self._encrypt(_Reader(_tar_of(directory, pace)), new)[1]

    def _encrypt(self, plain: "_Reader", new: Path) -> tuple[str, str]:
        pyrage = _pyrage()
        recipients = [pyrage.x25519.Recipient.from_str(key) for key in self.keys]
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            written = _Writer(file)
            _run(plain, lambda: pyrage.encrypt_io(plain, written, recipients), f"cannot encrypt {new.name}")
            file.flush()
            os.fsync(file.fileno())
        return plain.digest.hexdigest(), written.digest.hexdigest()


class Identities:
    """The secret keys of a file of age, one of which decrypts a backup. Raises BackupFailed."""

    def __init__(self, path: Path) -> None:
        try:
            lines = _lines_of(path)
            self._keys = [_pyrage().x25519.Identity.from_str(line) for line in lines]
        except (OSError, UnicodeDecodeError) as error:
            raise BackupFailed(f"cannot read the identity {path}: {error}") from error
        except _pyrage().IdentityError:
            raise BackupFailed(f"{path} has other lines than AGE-SECRET-KEY-1…") from None
        if not self._keys:
            raise BackupFailed(f"{path} has no identity: expected a line AGE-SECRET-KEY-1…")

    def decrypt(self, source: Path, new: Path) -> str:
        """Decrypt a file into a new one, durably; return its SHA-256. Raises BackupFailed and OSError."""
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            written = _Writer(file)
            self._decrypt(source, written)
            file.flush()
            os.fsync(file.fileno())
        return written.digest.hexdigest()

    def digest_of(self, source: Path) -> str:
        """Return the SHA-256 of a file as it is decrypted. Raises BackupFailed and OSError."""
        written = _Writer(None)
        self._decrypt(source, written)
        return written.digest.hexdigest()

    def decrypt_directory(self, source: Path, into: Path) -> None:
        """Unpack an encrypted tar into a new directory. Raises BackupFailed and OSError."""
        into.mkdir(mode=0o700)
        reading, writing = os.pipe()
        failures: list[BaseException] = []

        def decrypt() -> None:
            with open(writing, "wb", buffering=_PIECE) as file, suppress(BrokenPipeError):
                try:
                    self._decrypt(source, file, watched=False)
                except (BackupFailed, OSError) as error:
                    failures.append(error)

        thread = threading.Thread(target=decrypt, name="decrypting")
        thread.start()
        try:
            with open(reading, "rb") as file, tarfile.open(fileobj=file, mode="r|") as tar:
                for member in tar:
                    trio.from_thread.check_cancelled()
                    tar.extract(member, into, filter="data")
                while file.read(_PIECE):  # the tar ends before age's own mark of the end
                    pass
        except (tarfile.TarError, EOFError) as error:
            failures.append(BackupFailed(f"cannot unpack {source}: {error}"))
        finally:
            thread.join()
        for failure in failures:
            raise failure

    def _decrypt(self, source: Path, into: "BinaryIO | _Writer", *, watched: bool = True) -> None:
        with open(source, "rb") as file:
            encrypted = _Reader(_pieces(file, Pace() if watched else None))
            _run(
                encrypted,
                lambda: _pyrage().decrypt_io(encrypted, into, self._keys),
                f"cannot decrypt {source}, with another identity or as it is damaged",
            )


def read_recipients(value: str) -> Recipients:
    """Return the recipients that a setting names: a public key of age, or a file with one in each line.

    Raises BackupFailed.
    """
    try:
        keys = [value] if value.startswith("age1") else _lines_of(Path(value))
    except (OSError, UnicodeDecodeError) as error:
        raise BackupFailed(f"cannot read the recipients {value}: {error}") from error
    pyrage = _pyrage()
    for key in keys:
        try:
            pyrage.x25519.Recipient.from_str(key)
        except pyrage.RecipientError:
            raise BackupFailed(f"{key[:70]!r} is no public key of age: expected age1…") from None
    if not keys:
        raise BackupFailed(f"{value} has no public key of age: expected a line age1…")
    return Recipients(tuple(sorted(keys)))


def _lines_of(path: Path) -> list[str]:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _pyrage() -> ModuleType:
    try:
        import pyrage
    except ModuleNotFoundError:
        raise BackupFailed("encrypted backups need another package: pip install 'trio-chat[age]'") from None
    module: ModuleType = pyrage
    return module


def _run(reader: "_Reader", do: Callable[[], object], failure: str) -> None:
    """Call the library; what reading raised is raised as it was. Raises BackupFailed and OSError."""
    pyrage = _pyrage()
    try:
        do()
    except (pyrage.EncryptError, pyrage.DecryptError, OSError) as error:
        if reader.error is not None:
            raise reader.error from None
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BackupFailed(f"{failure}: {error}") from error


class _Reader:
    """A binary file for the library, of pieces of bytes. It keeps their SHA-256, and what reading raised."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.digest = hashlib.sha256()
        self.error: BaseException | None = None
        self._pieces = pieces
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        try:
            while not self._left:
                self._left = next(self._pieces)
        except StopIteration:
            return b""
        except BaseException as error:
            self.error = error
            raise
        taken, self._left = (self._left, b"") if size < 0 else (self._left[:size], self._left[size:])
        self.digest.update(taken)
        return taken


class _Writer:
    """A binary file for the library that keeps the SHA-256 of what it gets, and passes it on."""

    def __init__(self, file: BinaryIO | None) -> None:
        self.digest = hashlib.sha256()
        self._file = file

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        if self._file is not None:
            self._file.write(data)
        return len(data)

    def flush(self) -> None:
        """Do nothing: the file is flushed at its end."""


def _pieces(file: BinaryIO, pace: Pace | None) -> Iterator[bytes]:
    """Yield what a file has. None: the thread is not one of Trio's."""
    while piece := file.read(_PIECE):
        if pace is not None:
            pace.wait(len(piece))
        yield piece


def _tar_of(directory: Path, pace: Pace) -> Iterator[bytes]:
    """Yield a tar of what is below a directory: files and directories; a copy of a database has nothing else."""
    for path in sorted(directory.rglob("*")):
        trio.from_thread.check_cancelled()
        status = path.lstat()
        info = tarfile.TarInfo(str(path.relative_to(directory)))
        info.mode, info.mtime = status.st_mode & 0o777, status.st_mtime
        if path.is_dir():
            info.type = tarfile.DIRTYPE
            yield info.tobuf(tarfile.PAX_FORMAT)
            continue
        if path.is_symlink() or not path.is_file():
            raise BackupFailed(f"{path} is neither a file nor a directory: such a database is not encrypted")
        info.size = status.st_size
        yield info.tobuf(tarfile.PAX_FORMAT)
        with open(path, "rb") as file:
            yield from _pieces(file, pace)
        yield bytes(-info.size % _BLOCK)
    yield bytes(2 * _BLOCK)
