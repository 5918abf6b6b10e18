"""SEARCH, SORT and THREAD to the wire, for clients (RFC 9051 §6.4.4, RFC 5256, RFC 5267)."""

from moxkit.imap.commandwriter import CommandWriter
from moxkit.imap.encodesearch import encode_search_key
from moxkit.imap.searchcommands import CancelUpdate, Search, Sort, Thread

__all__ = ["write_cancel_update", "write_search", "write_sort", "write_thread"]


def write_search(writer: CommandWriter, command: Search) -> None:
    """Write the arguments of SEARCH."""
    _returns(writer, command)
    if command.charset is not None:
        writer.raw(b" CHARSET ")
        writer.astring(command.charset)
    _key(writer, command)


def write_sort(writer: CommandWriter, command: Sort) -> None:
    """Write the arguments of SORT."""
    _returns(writer, command)
    writer.argument(b"(%b) " % b" ".join(map(bytes, command.criteria)))
    writer.astring(command.charset)
    _key(writer, command)


def write_thread(writer: CommandWriter, command: Thread) -> None:
    """Write the arguments of THREAD."""
    writer.argument(command.algorithm.encode("ascii") + b" ")
    writer.astring(command.charset)
    _key(writer, command)


def write_cancel_update(writer: CommandWriter, command: CancelUpdate) -> None:
    """Write the arguments of CANCELUPDATE."""
    for tag in command.tags:
        writer.raw(b" ")
        writer.string(tag)


def _returns(writer: CommandWriter, command: Search | Sort) -> None:
    if command.returns is None:
        return
    options = sorted(command.returns - {"PARTIAL"})
    if command.update_items:
        items = b" ".join(map(bytes, command.update_items)).decode()
        options[options.index("UPDATE")] = f"UPDATE ({items})"
    if command.partial is not None:
        options.append(f"PARTIAL {bytes(command.partial).decode()}")
    writer.argument(f"RETURN ({' '.join(options)})".encode("ascii"))


def _key(writer: CommandWriter, command: Search | Sort | Thread) -> None:
    writer.raw(b" ")
    encode_search_key(command.key, raw=writer.raw, astring=writer.astring, outermost=True)
