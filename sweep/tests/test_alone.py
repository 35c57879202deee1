"""The distribution stands alone: it imports nothing around it, and its README's example runs with the wheel."""

import ast
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from trio_cancel_sweep import Point

HERE = Path(__file__).parents[1]
CODE = sorted((HERE / "src" / "trio_cancel_sweep").glob("*.py"))
LIBRARIES = {"outcome", "pytest", "trio"}
MORE = """
import pytest
from pathlib import Path
from trio_cancel_sweep import Mutant, all_lines, planted, sweep
"""


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.name)
def test_it_imports_nothing_but_trio_and_pytest(path: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                imported |= {name.name.partition(".")[0] for name in names}
            case ast.ImportFrom(module=str() as module, level=0):
                imported.add(module.partition(".")[0])
    assert imported - sys.stdlib_module_names <= LIBRARIES


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with what the wheel has in it."""
    directory = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(directory)]
    subprocess.run(build, check=True, capture_output=True, timeout=120, cwd=HERE)
    (packed,) = directory.glob("*.whl")
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(directory / "unpacked")
    return directory / "unpacked"


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    """A project with the README's example in it."""
    project = tmp_path / "workshop"
    project.mkdir()
    readme = (HERE / "README.md").read_text()
    for name, text in re.findall(r"^`(\w+\.py)`[^`]*```python\n(.*?)^```", readme, re.M | re.S):
        (project / name).write_text(text)
    later = readme[readme.index("## Options") :]
    more = "\n".join(re.findall(r"^```python\n(.*?)^```", later, re.M | re.S))
    tests = project / "test_workshop.py"
    tests.write_text(tests.read_text() + MORE + more)
    return project


def run_pytest(project: Path, wheel: Path, *options: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "--strict-markers",
            "-W",
            "error",
            *options,
        ],
        cwd=project,
        env=environment | {"PYTHONPATH": str(wheel), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


def test_the_wheel_has_types_and_the_entry_point(wheel: Path) -> None:
    assert (wheel / "trio_cancel_sweep" / "py.typed").exists()
    (entry_points,) = wheel.glob("*.dist-info/entry_points.txt")
    assert "[pytest11]\ntrio_cancel_sweep.plugin = trio_cancel_sweep.plugin" in entry_points.read_text()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_example_runs_in_another_project(workshop: Path, wheel: Path, workers: str) -> None:
    said = run_pytest(workshop, wheel, "-n", workers, "-v")
    assert "4 passed" in said, said
    assert ("work: " in said) == (workers == "0")  # the summary of one process


def test_a_failure_names_its_run_which_can_be_made_again_alone(workshop: Path, wheel: Path) -> None:
    module = workshop / "workshop.py"
    module.write_text(module.read_text().replace("self.waiting.appendleft(job)", "pass"))
    test = "test_workshop.py::test_no_job_is_lost"
    said = run_pytest(workshop, wheel, test)
    found = re.search(rf"one of them again: python -m pytest '{test}' (--cancel-at=\S+)", said)
    assert found, said
    assert re.search(
        r"--cancel-at=0:park:1: AssertionError: .*workshop.py:16 < test_workshop.py:1\d\)", said
    ), said
    again = run_pytest(workshop, wheel, test, found[1])
    assert "1 failures in 1 runs" in again, again
    assert "1 passed" in run_pytest(workshop, wheel, test, "--cancel-at=0:park:1000")


def test_a_malformed_point_is_refused(workshop: Path, wheel: Path) -> None:
    said = run_pytest(workshop, wheel, "--cancel-at=here")
    assert "argument --cancel-at: 'here' is no point of a sweep, as 0:park:17 is" in said


@pytest.mark.parametrize("text", ["here", "0:park", "0:park:x", "0:park:1:0:0"])
def test_a_malformed_point_names_itself(text: str) -> None:
    with pytest.raises(ValueError, match=f"^'{text}' is no point of a sweep"):
        Point.parsed(text)


def test_more_schedules_are_looked_at_on_demand(workshop: Path, wheel: Path) -> None:
    def points(*options: str) -> int:
        said = run_pytest(workshop, wheel, "-k", "no_job", *options)
        (found,) = re.findall(r"work: (\d+) points", said)
        return int(found)

    assert points("--cancel-schedules=3") >= 3 * points()
