"""The published schemas of bodies, in a form for generators and regex engines of other languages."""

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec

REFERENCE = "#/components/schemas/{name}"

_ENDS_THE_LINE = r"(?!\n)"
"""What our patterns need behind `$` in Python alone; there is no look-ahead in Go's and Rust's engines."""

Schema = dict[str, Any]


def published(asked: Collection[Any], told: Collection[Any]) -> tuple[dict[Any, Schema], dict[str, Schema]]:
    """Return the schema of each type, and the components that they refer to. Sync and pure.

    `asked` are the types of what clients send, `told` those of what they are sent.
    """
    types = sorted({*asked, *told}, key=str)
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    of_type = dict(zip(types, schemas, strict=True))
    sent = _reachable((of_type[kind] for kind in asked), components)
    never_null = _leave_out_defaults(told) - sent
    return (
        {kind: plain(schema) for kind, schema in of_type.items()},
        {name: plain(schema, may_be_null=name not in never_null) for name, schema in components.items()},
    )


def plain(schema: Schema, *, may_be_null: bool = True) -> Schema:
    """Return a schema in which defaults are told in words and patterns have no look-ahead. Sync and pure.

    A field at its default is left out, which a `default` would hide: generators take such a field for one that is
    always there. Where it must not be null, what is null by default is left out, too.
    """
    changed = {key: _plain(value, may_be_null) for key, value in schema.items() if key != "default"}
    if "properties" in schema:  # one of which may be called as a keyword is
        changed["properties"] = {
            name: plain(each, may_be_null=may_be_null) for name, each in schema["properties"].items()
        }
    if isinstance(pattern := changed.get("pattern"), str):
        changed["pattern"] = pattern.replace(_ENDS_THE_LINE, "")
    if changed.get("enum"):
        changed["type"] = "string"  # we have no other choices
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
    """Return the names of the objects in these types that are told without the fields that are at their defaults."""
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
