"""Bundles of the web client's modules: Node runs them as it runs the modules, and no text is taken for a comment."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from chat.web_api import web_bundle
from chat.web_api.web_bundle import Bundler, without_comments
from chat.web_api.web_client import web_files

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="no Node: apt install nodejs")

MODULES = {
    "app.js": """
import { add, sum as total } from "./model/sum.js";
import * as names from "./model/names.js";
add(2);
const late = await import("./view/late.js");
const { increase } = await import("./model/later.js");
increase(30);
const code = "de";
const { default: text } = await import(`./i18n/${code}.js`);
console.log(JSON.stringify([total(), late.seen, Object.keys(names), late.where, text, globalThis.loaded]));
""",
    "model/sum.js": """
import "./start.js";

/** The only state. */
let all = 0;
export function add(/** @type {number} */ more) {
  all += more;
}
// What it is now.
export const sum = () => all;
""",
    "model/start.js": 'globalThis.loaded = [...(globalThis.loaded ?? []), "start"];\n',
    "model/names.js": """
export default class {}
export const one = 1;
export async function two() {}
export class Three {}
""",
    "model/later.js": """
import {
  add,
} from "./sum.js";
import nothing from "./empty.js";
export const increase = add;
""",
    "model/empty.js": "export default {};\n",
    "view/late.js": """
import { add } from "../model/sum.js";
import { packed as p } from "../vendor/packed.js";
add(10);
export const seen = p();
export const where = new URL("worker.js", import.meta.url).pathname.endsWith("/view/worker.js");
""",
    "vendor/packed.js": 'var a=()=>"/** no comment */";export{a as packed};\n',
    "i18n/de.js": 'export default "Hallo";\n',
}


def bundled(base: str) -> dict[str, str]:
    sources = {name: without_comments(text) for name, text in MODULES.items() if name[:7] != "vendor/"}
    sources["vendor/packed.js"] = MODULES["vendor/packed.js"]
    return Bundler(sources, base, "page/").bundle(
        "app.js", {"first.js": ["app.js"], "second.js": ["model/later.js"]}
    )


def run(script: Path) -> object:
    assert NODE is not None
    done = subprocess.run([NODE, script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_node
def test_a_bundle_does_as_its_modules_do(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    scripts = bundled(f"{tmp_path}/")
    for name, text in {**MODULES, **scripts}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    expected = [42, "/** no comment */", ["Three", "default", "one", "two"], True, "Hallo", ["start"]]
    plain, joined = run(tmp_path / "app.js"), run(tmp_path / "page" / "app.js")
    assert plain == expected
    assert isinstance(joined, list)
    joined[2].sort()
    assert joined == expected


def test_each_module_is_in_one_script() -> None:
    scripts = bundled("/web/x/")
    assert sorted(scripts) == [
        *("page/app.js", "page/first.js", "page/second.js", "page/vendor/packed.js", "page/view/late.js")
    ]
    assert scripts["page/first.js"].count("globalThis.loaded =") == 1
    assert "const model$sum" not in scripts["page/second.js"]
    assert 'import { model$sum } from "/web/x/page/first.js";' in scripts["page/second.js"]


def test_lines_keep_their_numbers() -> None:
    scripts = bundled("/web/x/")
    assert scripts["page/view/late.js"].splitlines()[3] == "add(10);"
    assert "The only state" not in scripts["page/first.js"]


@pytest.mark.parametrize(
    "statement",
    [
        *(
            'export * from "./b.js";',
            "export let a = 1;",
            "import { b } from './b.js';",
            'import a, { b } from "./b.js";',
        ),
        *('const { b } = await import("../" + "b.js");', "import('./b.js');"),
    ],
)
def test_another_form_is_an_error(statement: str) -> None:
    sources = {"app.js": 'import "./a.js";\n', "a.js": statement + "\n", "b.js": "export const b = 1;\n"}
    with pytest.raises(ValueError, match="imports or exports in a form"):
        Bundler(sources, "/", "page/").bundle("app.js", {"first.js": ["app.js"]})


_PARSE = """
const { SourceTextModule } = require("node:vm");
const { readFileSync } = require("node:fs");
const parses = (text) => {
  try {
    return Boolean(new SourceTextModule(text));
  } catch {
    return false;
  }
};
const found = [];
for (const [name, [text, places]] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  const signs = Array.from(text); // as Python counts them
  if (!parses(text)) found.push(`${name} is no module`);
  for (const [start, end] of places) {
    const comment = signs.slice(start, end).join("");
    if (parses([...signs.slice(0, start), "@", ...signs.slice(end)].join(""))) found.push(`${name}: ${comment}`);
  }
}
process.stdout.write(JSON.stringify(found));
"""


@needs_node
def test_what_is_left_out_are_comments() -> None:
    """A sign that no module may have, in a comment's place, is no error where that is a part of a text."""
    modules = {
        name: (text, [found.span() for found in web_bundle._COMMENT.finditer(text)])
        for name, file in web_files().files.items()
        if name.endswith(".js") and not name.startswith(("page/", "panel/", "vendor/", "i18n/"))
        for text in [file.body.decode()]
    }
    assert sum(len(places) for _, places in modules.values()) > 2_000
    assert NODE is not None
    done = subprocess.run(
        [NODE, "--experimental-vm-modules", "--no-warnings", "-e", _PARSE],
        input=json.dumps(modules),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
