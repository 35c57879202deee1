"""Unpacks some files of a tar file that nobody vouches for, under names of our own. It blocks.

Links, devices and names that lead elsewhere are refused; a file is written only while the disk has space for it.
"""

import tarfile
from collections.abc import Callable
from pathlib import Path

from chat.archive.directory import BadArchive
from chat.archive.problems import Problem
from chat.storage.disk_space import check_space

_PIECE = 1 << 18
_MOST_FILES = 2_000_000


def unpack(path: Path, directory: Path, place_of: Callable[[str], str | None]) -> None:
    """Unpack files into a directory, which is made. Raises BadArchive and OSError.

    Args:
        path: the tar file, compressed or not.
        directory: where the files go; only its owner can read them.
        place_of: returns the name that a file gets, without a folder; None: it is left out.
    """
    directory.mkdir(mode=0o700)
    try:
        with tarfile.open(path, "r|*") as archive:
            for nth, member in enumerate(archive):
                name = member.name.removeprefix("./")
                if member.isdir():
                    continue
                if (
                    not member.isfile()
                    or name.startswith("/")
                    or ".." in name.split("/")
                    or nth >= _MOST_FILES
                ):
                    raise BadArchive(
                        f"{path} has {name!r}: a link, a name that leads elsewhere, or too many files",
                        Problem.UNSAFE,
                        file=path,
                        name=name,
                    )
                place = place_of(name)
                if place is None:
                    continue
                check_space(directory, member.size)
                source = archive.extractfile(member)
                assert source is not None
                target = directory / place
                with source, target.open("xb") as out:
                    target.chmod(0o600)
                    while piece := source.read(_PIECE):
                        out.write(piece)
    except (tarfile.TarError, EOFError, FileExistsError) as error:
        raise BadArchive(f"{path} is damaged, or no tar file: {error}", Problem.DAMAGED, file=path) from error
    except OSError:
        raise
    except Exception as error:  # zlib.error, lzma.LZMAError: what a decompressor raises
        if isinstance(error, BadArchive):
            raise
        raise BadArchive(f"{path} is damaged: {error}", Problem.DAMAGED, file=path) from error
