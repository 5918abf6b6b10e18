"""From dataclasses to TOML: new files with documentation, and changes that keep an admin's comments."""

import dataclasses
from collections.abc import MutableMapping
from datetime import timedelta
from typing import Any

import tomlkit

from mox.config.durations import format_duration
from mox.config.schema import fields_of

__all__ = ["rewrite", "to_document", "to_table", "write_documented"]


def to_table(config: Any) -> dict[str, Any]:
    """Turn a configuration dataclass into TOML values; what is at its default is left out."""
    table: dict[str, Any] = {}
    for field in fields_of(config.__class__):
        value = getattr(config, field.name)
        if value is not None and (field.is_required or value != field.default):
            table[field.key] = _plain(value)
    return table


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return to_table(value)
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def to_document(config: Any) -> str:
    """Write a configuration without comments."""
    return tomlkit.dumps(to_table(config))


def write_documented(config: Any) -> str:
    """Write a configuration with the documentation of each key above it."""
    document = tomlkit.document()
    docs = {field.key: field.doc for field in fields_of(config.__class__)}
    table = to_table(config)
    # Plain values first: in TOML they would otherwise belong to the table before them.
    for key in sorted(table, key=lambda key: isinstance(table[key], dict)):
        item = tomlkit.item(table[key])
        if isinstance(table[key], dict):
            item.comment(docs[key])
        else:
            document.add(tomlkit.comment(docs[key]))
        document.add(key, item)
    return tomlkit.dumps(document)


def rewrite(text: str, config: Any) -> str:
    """Change a file's text to hold another configuration; comments and order of what stays, stay."""
    document = tomlkit.parse(text)
    _update(document, to_table(config))
    return tomlkit.dumps(document)


def _update(old: MutableMapping[str, Any], new: dict[str, Any]) -> None:
    for key in [key for key in old if key not in new]:
        del old[key]
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(old.get(key), MutableMapping):
            _update(old[key], value)
        elif key not in old or _unwrapped(old[key]) != value:
            old[key] = value


def _unwrapped(item: Any) -> Any:
    return item.unwrap() if hasattr(item, "unwrap") else item
