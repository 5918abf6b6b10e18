"""The commented example files, made from the dataclasses' own documentation."""

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_origin

from mox.config.schema import SchemaField, fields_of, item_type, without_none
from mox.config.write import to_document

__all__ = ["describe"]


def describe(cls: type, *, title: str) -> str:
    """Write an example of a file with every key there is; optional keys are commented out."""
    lines = [f"# {title}", "# Keys that are commented out are optional; their values are the defaults.", ""]
    lines += _table(cls, "", is_optional=False)
    return "\n".join(lines) + "\n"


def _table(cls: type, path: str, *, is_optional: bool) -> Iterator[str]:
    plain = [field for field in fields_of(cls) if not _is_table(field)]
    tables = [field for field in fields_of(cls) if _is_table(field)]
    for field in plain:
        mark = "#" if is_optional or not field.is_required else ""
        yield from (f"# {line}" for line in field.doc.splitlines())
        yield f"{mark}{field.key} = {_example(field)}"
        yield ""
    for field in tables:
        declared = without_none(field.type)
        name = f"{path}.{field.key}" if path else field.key
        inside_optional = is_optional or not field.is_required
        mark = "#" if inside_optional else ""
        opened, closed = "[", "]"
        if get_origin(declared) is dict:
            name, declared = f"{name}.x", item_type(declared)
        elif get_origin(declared) is tuple:
            opened, closed, declared = "[[", "]]", item_type(declared)
        yield f"# {field.doc}"
        yield f"{mark}{opened}{name}{closed}"
        yield from _table(declared, name, is_optional=inside_optional)


def _is_table(field: SchemaField) -> bool:
    declared = without_none(field.type)
    if get_origin(declared) in (dict, tuple):
        declared = item_type(declared)
    return dataclasses.is_dataclass(declared)


def _example(field: SchemaField) -> str:
    declared, value = without_none(field.type), field.default
    if value is None:
        value = {str: "", bool: False, int: 0, float: 0.0, timedelta: timedelta()}.get(declared, ())
    if get_origin(declared) is dict:
        return '{ x = "" }'
    return to_document(_Example(value)).partition(" = ")[2].strip() or "[]"


@dataclasses.dataclass(frozen=True)
class _Example:
    """One value, to be written as TOML."""

    value: Any
