"""Plants defects in the code and lists those that the tests do not find: `make mutants`.

    python -m tests.mutants [--only FILE-OR-FOLDER …] [--most N] [--seed N] [--jobs N] [--root TREE]

Each defect stands alone in a copy of the tree, where the tests of its folder that run its line are run, the quickest
first, until one fails. README.md says more.
"""

import argparse
import os
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.mutants.covering import Covered, Covering
from tests.mutants.defects import Defect, find_defects
from tests.mutants.trial import Chosen, Outcome, Trial, import_libraries

FOLDERS = ("gateway", "web_api", "domain", "protocols", "engine", "inspection")
"""Folders of `chat/` where none is named; the tests of each are in the folder of the same name under `tests/`."""

HERE = Path(__file__).resolve().parents[2]

NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "build", "dist")

WHOLE_FOLDER = 900.0
"""Seconds for all tests of a folder, without a defect."""

ALLOWED = 20.0
"""Seconds that tests with a defect may take beside five times what they take without."""


class Plant(NamedTuple):
    """A defect in a file, relative to the tree, and the tests that run its line."""

    file: str
    defect: Defect
    tests: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}:{self.defect.line}: {self.defect.kind}: {self.defect.what}"


def main() -> None:
    options = read_options()
    started = time.monotonic()
    files = chosen_files(options.root, options.only)
    print(f"seed {options.seed}: up to {options.most} defects in each of {len(files)} files", flush=True)
    import_libraries()
    with TemporaryDirectory(prefix="mutants-") as name:
        place = Path(name)
        place.chmod(0o755)  # PostgreSQL's user goes through it
        tree = place / "tree"
        shutil.copytree(options.root, tree, ignore=NOT_COPIED)
        covered = {folder: cover(folder, tree, place) for folder in dict.fromkeys(map(folder_of, files))}
        plants = [
            Plant(file, defect, tuple(covered[folder_of(file)].tests_of(file, defect.line, defect.statement)))
            for file in files
            for defect in drawn(tree / file, options.most, f"{options.seed} {file}")
        ]
        results = dict(try_all(plants, covered, tree, options.jobs))
    print_results(plants, results)
    print(f"seed {options.seed}, {time.monotonic() - started:.0f} s")


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description="Plant defects and list those that no test finds."
    )
    parser.add_argument(
        "--only", nargs="+", default=FOLDERS, metavar="FILE", help="files or folders in chat/"
    )
    parser.add_argument("--most", type=int, default=2, help="defects in each file (%(default)s)")
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(10_000), help="which ones"
    )
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="at once (%(default)s)")
    parser.add_argument("--root", type=Path, default=HERE, help="another tree than this one")
    return parser.parse_args()


# --- what to plant ---


def chosen_files(root: Path, only: Iterable[str]) -> list[str]:
    """Name the files, relative to the tree, that the words on the command line mean."""
    files: list[Path] = []
    for word in only:
        path = root / "chat" / word.removeprefix("chat/")
        if not path.exists() or not has_tests(folder_of(str(path.relative_to(root))), root):
            sys.exit(f"{word} is no file in a folder of chat/ that has tests of its own")
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return [str(file.relative_to(root)) for file in dict.fromkeys(files)]


def has_tests(folder: str, root: Path) -> bool:
    """Whether a folder of `chat/` has a folder of tests of the same name."""
    return any((root / "tests" / folder).glob("**/test_*.py"))


def folder_of(file: str) -> str:
    return Path(file).parts[1]


def drawn(path: Path, most: int, seed: str) -> list[Defect]:
    """Draw some of a file's defects; the same for the same seed, whatever else is asked for."""
    defects = find_defects(path.read_text(encoding="utf-8"))
    return sorted(random.Random(seed).sample(defects, min(most, len(defects))))


# --- trying it ---


def cover(folder: str, tree: Path, place: Path) -> Covered:
    """Run the tests of a folder without a defect and note what each of them runs."""
    notes, code = place / f"{folder}.json", tree / "chat" / folder
    trial = Trial(
        tree,
        place / folder,
        [f"tests/{folder}"],
        lambda: Covering(code, notes),
        WHOLE_FOLDER,
        planted=False,
    )
    try:
        while trial.outcome() is None:
            time.sleep(0.05)
        if not notes.exists():
            sys.exit(f"the tests of {folder} do not run:\n{trial.said()}")
    finally:
        trial.kill()
    covered = Covered(notes, tree)
    for test in covered.failed:
        print(f"fails without a defect, and is left out: {test}", flush=True)
    return covered


def try_all(
    plants: list[Plant], covered: dict[str, Covered], tree: Path, jobs: int
) -> Iterator[tuple[Plant, Outcome]]:
    """Try each defect, `jobs` at once, each job in a copy of its own."""
    waiting = list(plants)
    under_way: dict[Path, tuple[Plant, Trial]] = {}
    copies = [shutil.copytree(tree, tree.with_name(f"copy-{job}")) for job in range(jobs)]
    try:
        while waiting or under_way:
            for copy in copies:
                if copy in under_way:
                    plant, trial = under_way[copy]
                    if (outcome := trial.outcome()) is not None:
                        trial.kill()
                        del under_way[copy]
                        shutil.copy2(tree / plant.file, copy / plant.file)
                        yield show(plant, outcome)
                elif waiting:
                    plant = waiting.pop(0)
                    if plant.tests:
                        under_way[copy] = plant, begin(plant, copy, covered[folder_of(plant.file)])
                    else:
                        yield show(plant, Outcome.PASSED)
            time.sleep(0.02)
    finally:
        for _, trial in under_way.values():
            trial.kill()
        print()


def begin(plant: Plant, copy: Path, covered: Covered) -> Trial:
    path, place = copy / plant.file, copy.with_name(f"{copy.name}-trial")
    path.write_text(plant.defect.planted_in(path.read_text(encoding="utf-8")), encoding="utf-8")
    return Trial(
        copy,
        place,
        dict.fromkeys(test.partition("::")[0] for test in plant.tests),
        lambda: Chosen(plant.tests, place / "errors"),
        ALLOWED + 5 * covered.seconds_of(plant.tests),
        planted=True,
    )


def show(plant: Plant, outcome: Outcome) -> tuple[Plant, Outcome]:
    print({Outcome.PASSED: "S", Outcome.NONSENSE: "-"}.get(outcome, "."), end="", flush=True)
    return plant, outcome


# --- what it says ---


def print_results(plants: list[Plant], results: dict[Plant, Outcome]) -> None:
    for plant in plants:
        if results[plant] is Outcome.PASSED:
            print(plant, "" if plant.tests else "  (no test runs this line)", sep="")
    counts = Counter(results.values())
    unrun = sum(not plant.tests for plant in plants)
    print(
        f"{len(plants)} planted: {counts[Outcome.FAILED] + counts[Outcome.TOO_LONG]} found "
        f"({counts[Outcome.TOO_LONG]} by hanging), {counts[Outcome.NONSENSE]} do not run, "
        f"{counts[Outcome.PASSED]} survived ({unrun} in lines that no test runs)"
    )
