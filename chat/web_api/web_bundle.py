"""Joins modules of the web client when the server starts: a page loads two scripts instead of two hundred and fifty.

A bundle has modules as functions, each called once, after those that it imports. It exports the exports of each under
its path: `view/shared/lazy.js` is `view$shared$lazy`. A module that no bundle has stays a file, and takes what it
imports out of the bundles.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

_IMPORT = re.compile(
    r'^import (?:(?P<names>[\w$]+|\* as [\w$]+|\{[^}]*\}) from )?"(?P<path>\.[^"]+)";', re.MULTILINE
)
_DYNAMIC_IMPORT = re.compile(r'\bimport\((?P<quote>["`])(?P<path>\.[^"`]+)["`]\)')
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) (?P<name>[\w$]+))", re.MULTILINE)
_DEFAULT_EXPORT = re.compile(r"^export default ", re.MULTILINE)
_EXPORT_LIST = re.compile(r"\bexport ?\{(?P<names>[^}]*)\};?\s*\Z")
"""As a packed library ends."""
_UNKNOWN = re.compile(r"^(?:import|export)\b(?!\()|\bimport\((?![\"`]/)", re.MULTILINE)
_COMMENT = re.compile(r"^[ ]*//[^\n]*|/\*\*(?:[^*]|\*(?!/))*\*/[ ]?", re.MULTILINE)
_URL = "import.meta.url"
_DEFAULT = "default_"


def without_comments(text: str) -> str:
    """Return a module's text without comments of whole lines and of types. Lines keep their numbers. Sync, pure."""
    return _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)


class Bundler:
    """Makes the scripts of one page.

    Args:
        sources: the text of each module, by its path.
        base: the path below which modules are served as they are; workers load these.
        folder: the folder below `base` for this page's scripts, with a slash at its end.
    """

    def __init__(self, sources: Mapping[str, str], base: str, folder: str) -> None:
        self._sources = sources
        self._base = base
        self._folder = folder
        self._bundle_of: dict[str, str] = {}
        self._imports: dict[str, list[str]] = {}

    def bundle(self, entry: str, bundles: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """Return the page's scripts by their paths. Sync and pure. Raises ValueError for a form that is not known.

        Args:
            entry: the module that starts the page. It may wait for others while it starts, so no bundle has it.
            bundles: by a bundle's name, the modules to begin with: it has all that they import and no earlier one has.
        """
        members: dict[str, list[str]] = {}
        for file, roots in bundles.items():
            members[file] = []
            for root in roots:
                for name in self._in_order(root):
                    if name != entry and name not in self._bundle_of:
                        self._bundle_of[name] = file
                        members[file].append(name)
        scripts = {self._folder + file: self._joined(file, names) for file, names in members.items()}
        waiting = [entry, *self._imported_later(self._bundle_of)]
        while waiting:
            name = waiting.pop()
            if name not in self._bundle_of and self._folder + name not in scripts:
                scripts[self._folder + name] = self._alone(name)
                waiting += [*self._imports_of(name), *self._imported_later([name])]
        return scripts

    def _imports_of(self, name: str) -> list[str]:
        """The paths of the modules that a module imports when it is loaded."""
        if name not in self._imports:
            found = _IMPORT.finditer(self._sources[name])
            self._imports[name] = [_joined_path(name, each["path"]) for each in found]
        return self._imports[name]

    def _in_order(self, root: str, known: dict[str, None] | None = None) -> dict[str, None]:
        """A module after all that it imports."""
        known = {} if known is None else known
        for name in self._imports_of(root):
            if name not in known:
                self._in_order(name, known)
        known[root] = None
        return known

    def _imported_later(self, names: Sequence[str] | Mapping[str, str]) -> Iterator[str]:
        for name in names:
            for found in _DYNAMIC_IMPORT.finditer(self._sources[name]):
                if "$" not in found["path"]:
                    yield _joined_path(name, found["path"])

    def _joined(self, file: str, names: Sequence[str]) -> str:
        others = {each for name in names for each in self._imports_of(name) if self._bundle_of[each] != file}
        parts = [*self._from_bundles(others)]
        for name in names:
            body, exported = _without_exports(self._rewritten(name))
            members = ", ".join(f"{name}: {own}" if name != own else name for name, own in exported.items())
            parts.append(
                f"// {name}\nconst {_identifier(name)} = (() => {{\n{body}\nreturn {{ {members} }};\n}})();"
            )
            if unknown := _UNKNOWN.search(body):
                line = body[unknown.start() :].partition("\n")[0]
                raise ValueError(f"{name} imports or exports in a form that bundles don't know: {line}")
        return "\n".join([*parts, f"export {{ {', '.join(map(_identifier, names))} }};\n"])

    def _alone(self, name: str) -> str:
        bundled = {each for each in self._imports_of(name) if each in self._bundle_of}
        return " ".join([*self._from_bundles(bundled), self._rewritten(name)])

    def _from_bundles(self, names: set[str]) -> Iterator[str]:
        for file in sorted({self._bundle_of[name] for name in names}):
            of_file = sorted(_identifier(name) for name in names if self._bundle_of[name] == file)
            yield f'import {{ {", ".join(of_file)} }} from "{self._base}{self._folder}{file}";'

    def _rewritten(self, name: str) -> str:
        """A module whose imports out of bundles are constants."""

        def static(found: re.Match[str]) -> str:
            path = _joined_path(name, found["path"])
            if path not in self._bundle_of:
                return found[0]
            return _constants(found["names"], _identifier(path)) + "\n" * found[0].count("\n")

        def dynamic(found: re.Match[str]) -> str:
            path, quote = _joined_path(name, found["path"]), found["quote"]
            if "$" in path:  # the file of a language, which has no imports
                return f"import({quote}{self._base}{path}{quote})"
            address = f'import("{self._base}{self._folder}{self._bundle_of.get(path, path)}")'
            if path not in self._bundle_of:
                return address
            return f"{address}.then((bundle) => bundle.{_identifier(path)})"

        text = _IMPORT.sub(static, self._sources[name])
        text = _DYNAMIC_IMPORT.sub(dynamic, text)
        return text.replace(_URL, f'new URL("{self._base}{name}", {_URL}).href')


def _joined_path(name: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _identifier(name: str) -> str:
    return name.removesuffix(".js").replace("/", "$")


def _constants(names: str | None, module: str) -> str:
    """Declare the names of an import statement, which is of a module that has run."""
    if names is None:
        return ""
    if names.startswith("* as "):
        return f"const {names.removeprefix('* as ')} = {module};"
    if not names.startswith("{"):
        return f"const {{ default: {names} }} = {module};"
    return f"const {' '.join(names.split()).replace(' as ', ': ')} = {module};"


def _without_exports(text: str) -> tuple[str, dict[str, str]]:
    """Return a module's text as that of a function, and its exports: their names there by their names outside."""
    exported: dict[str, str] = {found["name"]: found["name"] for found in _EXPORT.finditer(text)}
    if _DEFAULT_EXPORT.search(text):
        exported["default"] = _DEFAULT
    if listed := _EXPORT_LIST.search(text):
        for each in listed["names"].split(","):
            own, _, name = each.strip().partition(" as ")
            exported[name or own] = own
    text = _EXPORT_LIST.sub("", _EXPORT.sub("", text))
    return _DEFAULT_EXPORT.sub(f"const {_DEFAULT} = ", text), exported
