"""Which folder of the page's modules may import which."""

import posixpath
import re
from collections.abc import Iterator

from tests.web.vendor import ROOT

WEB = ROOT / "chat" / "web"
FLOORS = (
    ("vendor", "i18n"),
    ("model",),
    ("storage",),
    ("net",),
    ("view/shared",),
    ("view/controls",),
    ("view/files",),
    ("features/NOUN",),
    ("features",),
    ("view/message",),
    ("view/composer",),
    ("view/timeline",),
    ("view/room",),
    (
        "view/admin",
        "view/inbox",
        "view/reports",
        "view/search",
        "view/settings",
        "view/sidebar",
        "view/sign_in",
    ),
    ("view/setup",),
    ("view/app",),
    ("", "widget"),
)
"""A module imports modules of its own folder and of lower floors. A view that is loaded when it is first shown
(`lazy`) may be of any floor. Each feature is a folder on the floor NOUN: none imports another."""

_OF_THE_BROWSER = re.compile(
    r"\b(?:document|navigator|localStorage|indexedDB)\b\.|\b(?:fetch|setTimeout|setInterval)\(|Date\.now"
)
_IMPORT = re.compile(
    r"""^(?:import|export)\b(?:[^;'"()]*?\bfrom)?\s*["'](?P<now>\.[^"']+)["']"""
    r"""|^[^/*\n]*\bimport\(\s*["'](?P<later>\.[^"']+)["']\)""",
    re.MULTILINE,
)


def folder_of(module: str) -> str:
    """The folder that a floor names: of views the subject, of features the noun."""
    parts = posixpath.dirname(module).split("/")
    return "/".join(parts[: 2 if parts[0] in ("view", "features") else 1])


def floor_of(folder: str) -> str:
    """What FLOORS calls a folder."""
    return "features/NOUN" if folder.startswith("features/") else folder


def imports() -> Iterator[tuple[str, str, bool]]:
    """Every import: the module, what it imports, and whether only when it is needed."""
    for file in WEB.rglob("*.js"):
        module = file.relative_to(WEB).as_posix()
        if module.startswith("vendor/"):
            continue
        for found in _IMPORT.finditer(file.read_text()):
            path = found["now"] or found["later"]
            target = posixpath.normpath(posixpath.join(posixpath.dirname(module), path))
            yield module, target, found["now"] is None


def test_every_folder_stands_on_a_floor() -> None:
    folders = {floor_of(folder_of(file.relative_to(WEB).as_posix())) for file in WEB.rglob("*.js")}
    assert folders == {folder for floor in FLOORS for folder in floor}


def test_modules_import_their_own_folder_and_lower_floors() -> None:
    height = {folder: number for number, floor in enumerate(FLOORS) for folder in floor}
    wrong = [
        f"{module} imports {target}"
        for module, target, is_late in imports()
        if (here := folder_of(module)) != (there := folder_of(target))
        and not is_late
        and height[floor_of(there)] >= height[floor_of(here)]
    ]
    assert wrong == []


def test_every_imported_module_is_there() -> None:
    assert [f"{module}: {target}" for module, target, _ in imports() if not (WEB / target).is_file()] == []


def test_the_model_uses_nothing_of_the_browser() -> None:
    pure = [*(WEB / "model").glob("*.js"), *(WEB / "features").glob("*/changes.js")]
    assert [file.name for file in pure if _OF_THE_BROWSER.search(file.read_text())] == []


def test_every_feature_is_in_the_registry() -> None:
    registered = {target for module, target, _ in imports() if module == "features/registry.js"}
    there = {file.relative_to(WEB).as_posix() for file in (WEB / "features").glob("*/feature.js")}
    assert there == registered
    assert there == {
        f"features/{each.name}/feature.js" for each in (WEB / "features").iterdir() if each.is_dir()
    }
