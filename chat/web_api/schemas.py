"""The published schemas of bodies, in a form that code generators and regex engines of other languages accept."""

import json
from collections.abc import Collection, Iterable, Iterator
from inspect import cleandoc
from typing import Any

import msgspec

REFERENCE = "#/components/schemas/{name}"

_ENDS_THE_LINE = r"(?!\n)"
"""Our patterns need this after `$` in Python alone; Go's and Rust's engines have no look-ahead."""

Schema = dict[str, Any]


def published(
    requests: Collection[Any], answers: Collection[Any]
) -> tuple[dict[Any, Schema], dict[str, Schema]]:
    """Return the schema of each type, and the components that the schemas refer to. Sync and pure.

    `requests` are the types of bodies that clients send, `answers` those that they receive.
    """
    types = sorted({*requests, *answers}, key=str)
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    of_type = dict(zip(types, schemas, strict=True))
    sent = _reachable((of_type[kind] for kind in requests), components)
    never_null = _leave_out_defaults(answers) - sent
    return (
        {kind: plain(schema) for kind, schema in of_type.items()},
        {name: plain(schema, may_be_null=name not in never_null) for name, schema in components.items()},
    )


def plain(schema: Schema, *, may_be_null: bool = True) -> Schema:
    """Return a schema with defaults as text and patterns without look-ahead. Sync and pure.

    The server leaves out fields that have their default value, but generators take a field with a `default` for one
    that is always present; so the description names the default instead. With `may_be_null=False`, null is removed
    from the alternatives of a field whose default is null.
    """
    changed = {key: _plain(value, may_be_null) for key, value in schema.items() if key != "default"}
    if "properties" in schema:  # a property may have the name of a keyword
        changed["properties"] = {
            name: plain(each, may_be_null=may_be_null) for name, each in schema["properties"].items()
        }
    if isinstance(pattern := changed.get("pattern"), str):
        changed["pattern"] = pattern.replace(_ENDS_THE_LINE, "")
    if isinstance(description := changed.get("description"), str):
        changed["description"] = cleandoc(description)  # a docstring, which Python below 3.13 keeps indented
    if changed.get("enum"):
        changed["type"] = "string"  # all enums are of strings
    if changed.get("type") == "integer":
        changed["format"] = "int64"
    if "default" not in schema:
        return changed
    if schema["default"] is None:
        return changed if may_be_null else _never_null(changed)
    about = f"Default: {json.dumps(schema['default'])}"
    changed["description"] = f"{changed['description']}. {about}" if "description" in changed else about
    return changed


def _plain(value: Any, may_be_null: bool) -> Any:  # noqa: ANN401 - a part of a schema
    if isinstance(value, dict):
        return plain(value, may_be_null=may_be_null)
    return [_plain(each, may_be_null) for each in value] if isinstance(value, list) else value


def _never_null(schema: Schema) -> Schema:
    """Return the schema without null as an alternative."""
    options = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(options) != 1:
        return schema
    return {**{key: value for key, value in schema.items() if key != "anyOf"}, **options[0]}


def _leave_out_defaults(types: Iterable[Any]) -> set[str]:
    """Return the names of the objects in these types that are sent without the fields that have their default value."""
    names: set[str] = set()
    seen: set[type] = set()
    waiting = [msgspec.inspect.type_info(kind) for kind in types]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, msgspec.inspect.StructType) and kind.cls not in seen:
            seen.add(kind.cls)
            if kind.cls.__struct_config__.omit_defaults:
                names.add(kind.cls.__name__)
            waiting += [field.type for field in kind.fields]
        elif isinstance(kind, msgspec.inspect.UnionType):
            waiting += kind.types
        elif isinstance(kind, msgspec.inspect.Metadata):
            waiting.append(kind.type)
        elif isinstance(kind, msgspec.inspect.CollectionType):
            waiting.append(kind.item_type)
        elif isinstance(kind, msgspec.inspect.DictType):
            waiting.append(kind.value_type)
    return names


def _reachable(schemas: Iterable[Schema], components: dict[str, Schema]) -> set[str]:
    """Return the names of the components that these schemas refer to, directly or indirectly."""
    names: set[str] = set()
    waiting = list(schemas)
    while waiting:
        for name in _references(waiting.pop()):
            if name not in names:
                names.add(name)
                waiting.append(components[name])
    return names


def _references(value: Any) -> Iterator[str]:  # noqa: ANN401 - a part of a schema
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
