"""Changes of every kind that there is, drawn from the types of their fields: a new kind is in here by itself."""

import types
from typing import Any, get_args, get_origin

import msgspec
from hypothesis import strategies as st

from chat.domain.messages.changes import CoreChange, FeatureChange
from chat.features.registry import FEATURES

OF_FEATURES = [kind.change for feature in FEATURES for kind in feature.kinds]

KINDS: tuple[type[msgspec.Struct], ...] = (*get_args(CoreChange), *OF_FEATURES)

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)  # PostgreSQL takes no surrogates
_BASIC: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    str: _TEXT,
    type(None): st.none(),
}


def _value(kind: Any) -> st.SearchStrategy[Any]:
    if kind in _BASIC:
        return _BASIC[kind]
    if get_origin(kind) is types.UnionType:
        return st.one_of(map(_value, get_args(kind)))
    if get_origin(kind) is tuple:  # of any length
        return st.lists(_value(get_args(kind)[0]), max_size=50).map(tuple)
    if isinstance(kind, type) and issubclass(kind, FeatureChange):
        return st.builds(kind, **{field.name: _value(field.type) for field in msgspec.structs.fields(kind)})
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return st.builds(kind, *(_value(field.type) for field in msgspec.structs.fields(kind)))
    if hasattr(kind, "_fields"):  # a NamedTuple
        return st.builds(kind, *(_value(kind.__annotations__[name]) for name in kind._fields))
    return st.sampled_from(kind)  # an enumeration


any_change = st.one_of(map(_value, KINDS))
"""One change of any kind."""
