"""Dataclasses as JSON: their schema (JSON Schema 2020-12), reading them strictly, writing them.

A field's metadata says what its type does not: `doc`, `max_length`, `minimum`, `maximum`. Types: str, int,
float, bool, datetime, StrEnum, tuples of one type, optional ones, and dataclasses of these.
"""

import dataclasses
import types
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from mox.http.problems import ProblemError

__all__ = ["described", "encode", "read_value", "schema_of"]

_LONGEST_TEXT = 1000
_LONGEST_LIST = 1000
_LARGEST_INTEGER = 2**53


def described(doc: str, **bounds: float) -> dict[str, object]:
    """Return metadata of a field."""
    return {"doc": doc, **bounds}


def encode(value: object) -> object:
    """Return what `json.dumps` takes for a value."""
    match value:
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case timedelta():
            return int(value.total_seconds())
        case tuple() | list() | frozenset():
            return [encode(each) for each in value]
        case dict():
            return {str(key): encode(each) for key, each in value.items()}
        case _ if dataclasses.is_dataclass(value):
            return {each.name: encode(getattr(value, each.name)) for each in dataclasses.fields(value)}
        case _:
            return value


def schema_of(of: Any, components: dict[str, object]) -> dict[str, object]:
    """Return the schema of a type; dataclasses and enumerations become components."""
    if (inner := _optional(of)) is not None:
        return {"anyOf": [schema_of(inner, components), {"type": "null"}]}
    if get_origin(of) is tuple:
        return {"type": "array", "items": schema_of(get_args(of)[0], components)}
    if isinstance(of, type) and issubclass(of, StrEnum):
        components.setdefault(of.__name__, {"type": "string", "enum": [each.value for each in of]})
        return {"$ref": f"#/components/schemas/{of.__name__}"}
    if dataclasses.is_dataclass(of) and isinstance(of, type):
        if of.__name__ not in components:
            components[of.__name__] = {}  # In case it holds itself.
            components[of.__name__] = _object_schema(of, components)
        return {"$ref": f"#/components/schemas/{of.__name__}"}
    return dict(_SIMPLE[of])


_SIMPLE: dict[object, dict[str, object]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    timedelta: {"type": "integer", "description": "Seconds."},
}
_BOUNDS = {"max_length": "maxLength", "min_length": "minLength", "minimum": "minimum", "maximum": "maximum"}


def _object_schema(of: type, components: dict[str, object]) -> dict[str, object]:
    hints, properties = get_type_hints(of), {}
    for each in dataclasses.fields(of):
        schema = schema_of(hints[each.name], components)
        schema |= {name: each.metadata[key] for key, name in _BOUNDS.items() if key in each.metadata}
        if doc := each.metadata.get("doc"):
            schema["description"] = doc
        properties[each.name] = schema
    return {
        "type": "object",
        "description": (of.__doc__ or "").strip().partition("\n")[0],
        "properties": properties,
        "required": [each.name for each in dataclasses.fields(of) if _is_required(each)],
        "additionalProperties": False,
    }


def _is_required(field: "dataclasses.Field[object]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def read_value(of: Any, value: object, name: str = "", **bounds: Any) -> Any:
    """Make a value of a type from what `json.loads` returned.

    Raises:
        ProblemError: 422, with the name of the field that is wrong.
    """
    if (inner := _optional(of)) is not None:
        return None if value is None else read_value(inner, value, name, **bounds)
    if get_origin(of) is tuple:
        if not isinstance(value, list) or len(value) > _LONGEST_LIST:
            raise _wrong(name, "must be a list")
        return tuple(read_value(get_args(of)[0], each, name) for each in value)
    if dataclasses.is_dataclass(of) and isinstance(of, type):
        return _read_object(of, value, name)
    if isinstance(of, type) and issubclass(of, StrEnum):
        if not isinstance(value, str) or value not in [each.value for each in of]:
            raise _wrong(name, f"must be one of {', '.join(of)}")
        return of(value)
    return _read_simple(of, value, name, bounds)


def _read_object(of: type, value: object, name: str) -> object:
    if not isinstance(value, dict):
        raise _wrong(name, "must be an object")
    hints, fields = get_type_hints(of), {each.name: each for each in dataclasses.fields(of)}
    for key in value:
        if key not in fields:
            raise _wrong(key[:50], "is not known")
    given = {}
    for key, field in fields.items():
        if key in value:
            given[key] = read_value(hints[key], value[key], key, **field.metadata)
        elif _is_required(field):
            raise _wrong(key, "is missing")
    return of(**given)


def _read_simple(of: object, value: object, name: str, bounds: dict[str, Any]) -> object:
    if of is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) <= _LARGEST_INTEGER else value
    if of is timedelta:
        seconds = read_value(int, value, name, **{"minimum": 0, "maximum": 10**9, **bounds})
        return timedelta(seconds=seconds)
    # bool is an int to Python, and none to people.
    if not isinstance(of, type) or type(value) is not of:
        raise _wrong(name, f"must be {_WORDS.get(of, 'something else')}")
    if isinstance(value, str):
        _check_text(value, name, bounds)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        least, most = bounds.get("minimum", -_LARGEST_INTEGER), bounds.get("maximum", _LARGEST_INTEGER)
        # What is not a number is not within any bounds.
        if not least <= value <= most:
            raise _wrong(name, f"must be between {least} and {most}")
    return value


_WORDS: dict[object, str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def _check_text(value: str, name: str, bounds: dict[str, Any]) -> None:
    longest = bounds.get("max_length", _LONGEST_TEXT)
    if len(value) > longest:
        raise _wrong(name, f"has more than {longest} characters")
    if len(value) < bounds.get("min_length", 0):
        raise _wrong(name, "is empty" if not value else "is too short")
    if any("\ud800" <= each <= "\udfff" or each == "\0" for each in value):
        raise _wrong(name, "has characters that are not allowed")


def _optional(of: Any) -> Any:
    """Return X of `X | None`; None for what is not optional."""
    if get_origin(of) in {Union, types.UnionType}:
        inner = [each for each in get_args(of) if each is not types.NoneType]
        return inner[0]
    return None


def _wrong(name: str, what: str) -> ProblemError:
    return ProblemError(422, f"{name or 'The body'} {what}.", code="wrong-value", field=name)
