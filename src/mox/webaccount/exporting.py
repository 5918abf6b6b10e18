"""Taking mail along: a whole account, a mailbox or some messages, as a file that is made while it is sent.

Asked for with a form of the page, so that a browser saves it as it comes (reference import-export.md §5.1).
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mox.database import DatabaseError, DriverError
from mox.http import ProblemError, WebDoor, read_body
from mox.moving import Exporter, ExportFormat, ExportRequest, Packing, export_name, pack
from mox.runtime import Lane
from mox.store import MailboxUnknownError
from mox.webaccount.parts import AccountParts

__all__ = ["Exporting", "parse_export"]

logger = logging.getLogger(__name__)

_FORM_OCTETS, _FORM_S = 1 << 20, 60
_MOST_FIELDS = 20
# Each has a thread, and a view of the account that its database keeps.
_MOST_AT_ONCE = 3
# So much is made in one visit to a thread.
_TOGETHER_OCTETS = 1 << 18
_TYPES = {
    None: "application/mbox",
    Packing.TAR: "application/x-tar",
    Packing.TGZ: "application/gzip",
    Packing.ZIP: "application/zip",
}


def parse_export(form: dict[str, str]) -> tuple[ExportRequest, Packing | None]:
    """Read what is wanted.

    Raises:
        ProblemError: That cannot be had.
    """
    format_, archive = form.get("format", "maildir"), form.get("archive", "tgz")
    mailbox, ids = form.get("mailbox", ""), form.get("messageids", "")
    is_recursive = bool(form.get("recursive", ""))
    if format_ not in {each.value for each in ExportFormat}:
        raise _wrong("The format is maildir or mbox.", "format")
    if archive not in {"none", *(each.value for each in Packing)}:
        raise _wrong("The archive is none, tar, tgz or zip.", "archive")
    if mailbox and ids:
        raise _wrong("Name a mailbox or messages, not both.", "messageids")
    if ids and is_recursive:
        raise _wrong("Messages have nothing below them.", "recursive")
    if archive == "none" and (format_ != "mbox" or is_recursive or not (mailbox or ids)):
        raise _wrong("Only a single mailbox as mbox goes without an archive.", "archive")
    request = ExportRequest(ExportFormat(format_), mailbox, is_recursive, _message_ids(ids))
    return request, None if archive == "none" else Packing(archive)


def _message_ids(given: str) -> tuple[int, ...]:
    if not given:
        return ()
    parts = given.split(",")
    if not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):
        raise _wrong("The messages are numbers with commas between them.", "messageids")
    return tuple(map(int, parts))


def _wrong(text: str, name: str) -> ProblemError:
    return ProblemError(400, text, code="wrong-value", field=name)


class Exporting:
    """Makes what is asked for."""

    def __init__(self, parts: AccountParts, door: WebDoor) -> None:
        self._parts = parts
        self._door = door
        self._running: Counter[str] = Counter()

    def routes(self) -> list[Route]:
        """Return what is no JSON."""
        return [Route("/export", self.export, methods=["POST"])]

    async def export(self, request: Request) -> Response:
        """Send it."""
        form = await _form(request)
        caller = await self._door.admit(request, csrf=form.get("csrf", ""))
        wanted, packing = parse_export(form)
        account, now = caller.account, self._parts.clock.now()
        if self._running[account] >= _MOST_AT_ONCE:
            raise ProblemError(429, "Some exports are running. Wait until one is finished.")
        self._running[account] += 1
        try:
            exporter = await self._begin(account, wanted, int(now.timestamp()))
        except BaseException:
            self._end(account)
            raise
        name = export_name(wanted, "" if packing is None else f".{packing}", now)
        lane = Lane(self._parts.store.pool)

        async def end() -> None:
            self._end(account)
            # After what still runs, if the browser went away.
            await lane.run(exporter.close)

        return _Download(
            _pieces(account, exporter, packing, lane),
            end=end,
            media_type=_TYPES[packing],
            headers={"content-disposition": _attachment(name), "cache-control": "no-store"},
        )

    async def _begin(self, account: str, wanted: ExportRequest, now: int) -> Exporter:
        store = self._parts.store
        directory = store.account(account).files.root.parent
        try:
            return await Lane(store.pool).run(lambda: Exporter(account=directory, request=wanted, now=now))
        except MailboxUnknownError as error:
            raise ProblemError(
                404, "There is no such mailbox any more.", code="no-such-mailbox", field="mailbox"
            ) from error

    def _end(self, account: str) -> None:
        self._running -= Counter((account,))


class _Download(StreamingResponse):
    """A stream that is ended whatever becomes of it, also if nobody took any of it."""

    def __init__(
        self,
        pieces: AsyncIterator[bytes],
        *,
        end: Callable[[], Awaitable[None]],
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(pieces, media_type=media_type, headers=headers)
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await asyncio.shield(self._end())


async def _pieces(
    account: str, exporter: Exporter, packing: Packing | None, lane: Lane
) -> AsyncIterator[bytes]:
    pieces = _octets(exporter) if packing is None else pack(exporter.files(), packing)
    logger.info("export begun", extra={"account": account, "messages": exporter.total})
    try:
        while octets := await lane.run(lambda: _next(pieces)):
            yield octets
    except (DatabaseError, DriverError, OSError):
        # Its receiver sees that it ends early.
        logger.exception("export failed", extra={"account": account})
        raise
    logger.info("export ended", extra={"account": account, "messages": exporter.done})


def _octets(exporter: Exporter) -> Iterator[bytes]:
    """Yield the octets of the one mbox file."""
    for file in exporter.files():
        if file.name.endswith(".mbox") and file.pieces is not None:
            yield from file.pieces


def _next(pieces: Iterator[bytes]) -> bytes:
    """Return the next octets, some pieces together; nothing at the end."""
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= _TOGETHER_OCTETS:
            break
    return b"".join(gathered)


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form (application/x-www-form-urlencoded)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise ProblemError(415, "The body must be application/x-www-form-urlencoded.")
    try:
        async with asyncio.timeout(_FORM_S):
            body = await read_body(request, _FORM_OCTETS)
    except TimeoutError as error:
        raise ProblemError(408, "The request did not arrive in time.") from error
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise ProblemError(400, "The body is not a form.", code="not-a-form") from error
    return {name: values[-1] for name, values in fields.items()}


def _attachment(name: str) -> str:
    """Return how a file is called that a browser saves (RFC 6266 §4.1)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
