"""Between TOML's tables and our dataclasses: which key is which field, and what a field says of itself.

The dataclasses are the only description of the configuration: keys, types, defaults, documentation.
"""

import ast
import dataclasses
import inspect
import textwrap
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

__all__ = ["SchemaField", "fields_of", "item_type", "key_of", "without_none"]


@dataclasses.dataclass(frozen=True, slots=True)
class SchemaField:
    """One field of a dataclass.

    Attributes:
        name: In the dataclass.
        key: In the file.
        type: As declared.
        doc: Its documentation.
        is_required: The file must have it.
    """

    name: str
    key: str
    type: Any
    doc: str
    is_required: bool
    default: Any


def key_of(name: str) -> str:
    """Turn `no_fix_permissions` into `NoFixPermissions`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


@cache
def fields_of(cls: type) -> tuple[SchemaField, ...]:
    """Return the fields of a configuration dataclass, in order."""
    hints, docs = get_type_hints(cls), _docs(cls)
    found = []
    for each in dataclasses.fields(cls):
        default = each.default
        if each.default_factory is not dataclasses.MISSING:
            default = each.default_factory()
        is_required = default is dataclasses.MISSING
        found.append(
            SchemaField(
                each.name,
                each.metadata.get("key", key_of(each.name)),
                hints[each.name],
                docs.get(each.name, ""),
                is_required,
                None if is_required else default,
            )
        )
    return tuple(found)


def _docs(cls: type) -> dict[str, str]:
    """Read the string below each field; Python keeps none at run time."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    docs: dict[str, str] = {}
    name = ""
    for node in getattr(tree, "body", []):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and name:
            docs[name] = inspect.cleandoc(str(node.value.value))
            name = ""
    return docs


def without_none(declared: Any) -> Any:
    """Return the type of an optional field when it is there."""
    if get_origin(declared) is UnionType:
        (declared,) = (arg for arg in get_args(declared) if arg is not NoneType)
    return declared


def item_type(declared: Any) -> Any:
    """Return what a tuple or dict of the configuration holds."""
    arguments = get_args(declared)
    return arguments[1] if get_origin(declared) is dict else arguments[0]
