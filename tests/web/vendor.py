"""Packs the web client's libraries, in the versions of package.json, into chat/web/vendor: `make vendor`."""

import gzip
import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from chat.domain.messages.emoji import clean_emoji
from chat.domain.refusals import Refusal

ROOT = Path(__file__).parents[2]
VENDOR = ROOT / "chat" / "web" / "vendor"
MODULES = ROOT / "node_modules"

PACKED = {
    "preact.js": """
        import htm from "htm";
        import { h } from "preact";
        export const html = htm.bind(h);
        export { h, render, Fragment, Component, createContext, options } from "preact";
        export { useCallback, useContext, useEffect, useId, useLayoutEffect, useMemo, useReducer, useRef, useState }
            from "preact/hooks";
    """,
    "marked.js": 'export { Lexer } from "marked";',
    "idb.js": 'export { deleteDB, openDB } from "idb";',
    "qr.js": 'export { generate } from "lean-qr";',
    "highlight.js": """
        import dart from "highlight.js/lib/languages/dart";
        import dockerfile from "highlight.js/lib/languages/dockerfile";
        import elixir from "highlight.js/lib/languages/elixir";
        import haskell from "highlight.js/lib/languages/haskell";
        import nginx from "highlight.js/lib/languages/nginx";
        import powershell from "highlight.js/lib/languages/powershell";
        import scala from "highlight.js/lib/languages/scala";
        import { common, createLowlight } from "lowlight";
        export const highlighter =
            createLowlight({ ...common, dart, dockerfile, elixir, haskell, nginx, powershell, scala });
    """,
    "temml.js": """
        import temml from "temml";
        export const parse = (tex, options) => temml.__renderToMathMLTree(tex, options);
    """,
    # What reads a PDF is in the bundle, so that it needs no worker of its own: the page starts one for both.
    "pdf.js": """
        import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";
        import { WorkerMessageHandler } from "pdfjs-dist/legacy/build/pdf.worker.mjs";
        globalThis.pdfjsWorker = { WorkerMessageHandler };
        export { getDocument };
    """,
}
COPIED = {
    "pdf": (
        "pdfjs-dist",
        {
            "standard_fonts/*.pfb": "BSD-3-Clause",
            "wasm/jbig2_nowasm_fallback.js": "BSD-3-Clause",
            "wasm/openjpeg_nowasm_fallback.js": "BSD-2-Clause",
        },
    ),
}
"""By folder, files of a package that are loaded by a library when it needs them, with their licences."""

MORE_LICENCES = {
    "pdfjs-dist": ("standard_fonts/LICENSE_FOXIT", "wasm/LICENSE_*JBIG2", "wasm/LICENSE_*OPENJPEG")
}
"""Those of what a package has from others."""

LANGUAGES = ("de", "es", "fr", "pt", "ru", "zh")
"""Those of the page beside English."""

FROM = {
    "preact.js": ("preact", "htm"),
    "marked.js": ("marked",),
    "idb.js": ("idb",),
    "qr.js": ("lean-qr",),
    "highlight.js": ("highlight.js", "lowlight", "devlop"),
    "temml.js": ("temml",),
    "pdf.js": ("pdfjs-dist",),
    "emoji.json": ("emoji-picker-element-data",),
    **{f"emoji.{language}.json": ("emoji-picker-element-data",) for language in LANGUAGES},
}
_GROUPS = {
    0: "Smileys",
    1: "People",
    3: "Animals and nature",
    4: "Food and drink",
    5: "Travel and places",
    6: "Activities",
    7: "Objects",
    8: "Symbols",
    9: "Flags",
}
"""Of emojibase; 2 are parts of others."""

_FLAGS = 9
_MOST_NAMES = 4


def pack() -> None:
    """Write all files, and the README that lists them. Needs node_modules."""
    for name, source in PACKED.items():
        (VENDOR / name).write_bytes(_bundled(source))
    for folder, (package, patterns) in COPIED.items():
        shutil.rmtree(VENDOR / folder, ignore_errors=True)
        (VENDOR / folder).mkdir()
        for pattern in patterns:
            for path in (MODULES / package).glob(pattern):
                shutil.copyfile(path, VENDOR / folder / path.name)
    groups = list(_emoji())
    _write("emoji.json", groups)
    usable = {each["emoji"] for group in groups for each in group["emoji"]}
    for language in LANGUAGES:
        _write(f"emoji.{language}.json", _names_in(language, usable))
    (VENDOR / "LICENSES.txt").write_text("\n".join(_licences()))
    (VENDOR / "README.md").write_text(_readme())


def _write(name: str, value: object) -> None:
    (VENDOR / name).write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _bundled(source: str) -> bytes:
    command = [MODULES / ".bin" / "esbuild", "--bundle", "--format=esm", "--minify", "--target=es2022"]
    made = subprocess.run(
        [*command, "--legal-comments=none"], input=source.encode(), cwd=ROOT, capture_output=True, check=True
    )
    return made.stdout


def _emoji() -> Iterator[dict[str, Any]]:
    """Yield each group with its emoji and their names, in emojibase's order; those that the server takes."""
    path = MODULES / "emoji-picker-element-data" / "en" / "emojibase" / "data.json"
    found = sorted(json.loads(path.read_text()), key=lambda each: each["order"])
    for number, group in _GROUPS.items():
        usable = [
            {"emoji": each["emoji"], "names": _names(each)}
            for each in found
            if each.get("group") == number and not isinstance(clean_emoji(each["emoji"]), Refusal)
        ]
        yield {"group": group, "emoji": usable}


def _names_in(language: str, wanted: set[str]) -> dict[str, list[str]]:
    """Return what another language calls these emoji; the first name is the one that is shown."""
    path = MODULES / "emoji-picker-element-data" / language / "cldr" / "data.json"
    found = sorted(json.loads(path.read_text()), key=lambda each: each["order"])
    return {
        each["emoji"]: [own := each["annotation"], *_missing(own.lower(), each.get("tags", ()))]
        for each in found
        if each["emoji"] in wanted
    }


def _names(each: dict[str, Any]) -> list[str]:
    own = each["annotation"].lower()
    if each["group"] == _FLAGS:
        return [own]
    others = [name.replace("_", " ") for name in each.get("shortcodes", ())] + each.get("tags", [])
    return [own, *_missing(own, others)]


def _missing(own: str, others: Iterable[str]) -> list[str]:
    """Return additional names of an emoji."""
    return [name for name in dict.fromkeys(others) if name not in own][: _MOST_NAMES - 1]


def _licences() -> Iterator[str]:
    for package in sorted({each for packages in FROM.values() for each in packages}):
        (path,) = (each for each in (MODULES / package).iterdir() if each.name.lower().startswith("license"))
        yield f"{package}\n{'=' * len(package)}\n\n{path.read_text().strip()}\n"
        for pattern in MORE_LICENCES.get(package, ()):
            for path in sorted((MODULES / package).glob(pattern)):
                name = f"{package}: {path.name.removeprefix('LICENSE_').title()}"
                yield f"{name}\n{'=' * len(name)}\n\n{path.read_text().strip()}\n"


def _readme() -> str:
    rows = "\n".join(
        f"| `{name}` | {', '.join(_package(*each) for each in packages)} | {_size(name)} | `{digest(name)}` |"
        for name, packages in [
            *((name, [(each, "") for each in packages]) for name, packages in FROM.items()),
            *((name, [each]) for name, each in copied().items()),
        ]
    )
    head = (
        "# Libraries of others\n\nPacked by `make vendor` from the versions in `package.json`, one file each, and"
        " never changed by hand. Their licences are in `LICENSES.txt`.\n\n"
    )
    return f"{head}| file | what | gzip | SHA-256 |\n|---|---|---|---|\n{rows}\n"


def copied() -> dict[str, tuple[str, str]]:
    """Return the files of `COPIED`, each with its package and its licence."""
    return {
        f"{folder}/{path.name}": (package, licence)
        for folder, (package, patterns) in COPIED.items()
        for path in sorted((VENDOR / folder).iterdir())
        for pattern, licence in patterns.items()
        if path.match(pattern.rpartition("/")[2])
    }


def _package(name: str, licence: str = "") -> str:
    about = json.loads((MODULES / name / "package.json").read_text())
    source = about["repository"]  # an address, or an owner and a name
    where = source["url"] if isinstance(source, dict) else f"https://github.com/{source}"
    home = re.sub(r"^git(\+https)?:", "https:", about.get("homepage") or where)
    return f"[{name}]({home}) {about['version']} ({licence or about['license']})"


def _size(name: str) -> str:
    return f"{len(gzip.compress((VENDOR / name).read_bytes(), 9, mtime=0)) / 1000:.1f} KB"


def digest(name: str) -> str:
    """Return the SHA-256 of a packed file."""
    return sha256((VENDOR / name).read_bytes()).hexdigest()


if __name__ == "__main__":
    pack()
