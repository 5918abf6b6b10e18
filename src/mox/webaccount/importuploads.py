"""Archives that people bring: the body of a request, which goes to disk as it comes.

What it is called and how it is to be read stands in the address. No parser of forms holds it in memory.
"""

import asyncio
import logging
from collections import Counter

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mox.http import ProblemError, WebDoor, body_pieces
from mox.moving import ArchiveError, Import, ImportRequest, ImportRunningError, NoRoomError, Upload
from mox.webaccount.parts import AccountParts

__all__ = ["ImportUploads"]

logger = logging.getLogger(__name__)

_LONGEST_NAME = 250


class ImportUploads:
    """Takes archives, and begins to import them."""

    def __init__(self, parts: AccountParts, door: WebDoor) -> None:
        self._imports = parts.imports
        self._door = door
        self._uploading: Counter[str] = Counter()

    def routes(self) -> list[Route]:
        """Return what is no JSON."""
        return [Route("/import", self.upload, methods=["POST"])]

    async def upload(self, request: Request) -> Response:
        """Take an archive, and begin to import it."""
        caller = await self._door.admit(request)
        account = caller.account
        if self._uploading[account] or self._imports.running(account) is not None:
            raise _running()
        self._uploading[account] += 1
        try:
            begun = await self._take(request, account)
        finally:
            del self._uploading[account]
        return JSONResponse({"token": begun.token}, headers={"cache-control": "no-store"})

    async def _take(self, request: Request, account: str) -> Import:
        declared = request.headers.get("content-length", "")
        upload: Upload | None = None
        try:
            upload = await self._imports.uploads.begin(int(declared[:20]) if declared.isdecimal() else 0)
            async for piece in body_pieces(request):
                await upload.write(piece)
            await upload.finish()
            begun = self._begin(request, account, upload)
            upload = None
        except NoRoomError as error:
            raise ProblemError(507, f"{_sentence(error)} Nothing was imported.", code="no-room") from error
        except OSError as error:
            logger.warning("upload not written", extra={"account": account}, exc_info=error)
            raise ProblemError(
                500, f"The archive could not be stored: {error.strerror}.", code="not-stored"
            ) from error
        finally:
            if upload is not None:
                await asyncio.shield(upload.discard())
        logger.info("import begun", extra={"account": account, "size": begun.state.total_octets})
        return begun

    def _begin(self, request: Request, account: str, upload: Upload) -> Import:
        if upload.size == 0:
            raise ProblemError(400, "The file is empty, or none was sent.", code="no-file", field="file")
        given = request.query_params
        try:
            return self._imports.begin(
                ImportRequest(
                    account=account,
                    source=upload.path,
                    name=_file_name(given.get("name", "")),
                    mailbox=given.get("mailbox", "").strip("/ "),
                    skip_prefix=given.get("skip_prefix", "").strip(),
                    skip_present=given.get("skip_present", "") in {"1", "true", "yes"},
                    removes_source=True,
                )
            )
        except ImportRunningError as error:
            raise _running() from error
        except ArchiveError as error:
            raise ProblemError(400, _sentence(error), code="not-an-archive", field="file") from error


def _running() -> ProblemError:
    return ProblemError(409, "An import into this account is running. One at a time.", code="import-running")


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _file_name(given: str) -> str:
    """Return the last part of a file's name: what it is called, not where it was."""
    return given.replace("\\", "/").rpartition("/")[2][-_LONGEST_NAME:]
