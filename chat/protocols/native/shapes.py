"""Splits an operation's request over HTTP into fields of the path, of the query and of the body."""

import re
from typing import Any

import msgspec
from msgspec.structs import FieldInfo

from chat.domain.text.wrong_values import wrong_value
from chat.operations.operation import Operation
from chat.web_api.bodies import BadBody, read_query

_PART = re.compile(r"\{(\w+)\}")


class Shapes:
    """The parts of an operation's request over HTTP. GETs and uploads have the fields that are not in the path in the
    query, others in the body.

    `path` is the route's path; `body` and `query` are the types of those parts, None for an empty part.
    """

    def __init__(self, operation: Operation) -> None:
        request = operation.request
        fields = {} if request is None else {each.name: each for each in msgspec.structs.fields(request)}
        self._request = request
        self._in_path = {name: fields[name] for name in _PART.findall(operation.path)}
        others = [field for name, field in fields.items() if name not in self._in_path]
        rest: type[msgspec.Struct] | None = None
        if request is not None and others:
            rest = _part_of(request, others) if self._in_path else request
        in_query = operation.method == "GET" or operation.takes_bytes
        self.query = rest if in_query else None
        self.body = bytes if operation.takes_bytes else None if in_query else rest
        self.path = _PART.sub(self._converter, operation.path)

    def asked(self, path: dict[str, Any], body: msgspec.Struct | None) -> msgspec.Struct | None:
        """Return the operation's request from the current call. Raises BadBody. Sync."""
        if self._request is None or not self._in_path:
            return body if self.query is None else read_query(self.query)
        values = {name: _of_path(field, path[name]) for name, field in self._in_path.items()}
        rest = body if self.query is None else read_query(self.query)
        if rest is not None:
            values |= {name: getattr(rest, name) for name in rest.__struct_fields__}
        return self._request(**values)

    def _converter(self, part: re.Match[str]) -> str:
        return f"<{'int:' if _is_number(self._in_path[part[1]]) else ''}{part[1]}>"


def _part_of(request: type[msgspec.Struct], fields: list[FieldInfo]) -> type[msgspec.Struct]:
    """Return a type with some of a request's fields, with the same name and description."""
    assert all(field.default_factory is msgspec.NODEFAULT for field in fields)
    return msgspec.defstruct(
        request.__name__,
        [
            (field.name, field.type) if field.required else (field.name, field.type, field.default)
            for field in fields
        ],
        namespace={"__doc__": request.__doc__},
        module=request.__module__,
        kw_only=True,
        frozen=True,
        omit_defaults=True,
    )


def _of_path(field: FieldInfo, value: object) -> object:
    try:
        return msgspec.convert(value, field.type)
    except msgspec.ValidationError as error:
        if _is_number(field):
            raise BadBody(404, "there is no such thing") from error  # the number is out of the range of ids
        raise BadBody(400, f"{field.name}: {wrong_value(error, field.type)}", field.name) from error


def _is_number(field: FieldInfo) -> bool:
    return bool(msgspec.json.schema(field.type)["type"] == "integer")
