"""How far an import is: a stream of events for whoever has its token (reference import-export.md §1.2).

First all that is known, then what is new; after the end, how far searching and the junk filter are with the
new mail. The token cannot be guessed, so that nothing else is asked for.
"""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from mox.http import ProblemError
from mox.moving import (
    Aborted,
    Count,
    Done,
    Event,
    Import,
    ImportUnknownError,
    Problem,
    ReadOctets,
    Step,
)
from mox.webaccount.parts import AccountParts

__all__ = ["ImportProgress"]

# Between two pieces of news, so that they come together; and of silence.
_NEWS_S, _SILENCE_S = 0.2, 15.0
# What follows an import is looked at so often, and so often without anything new.
_FOLLOW_UP_S, _MOST_LOOKS = 1.0, 600

_EVENTS: dict[type[Event], str] = {
    Count: "count",
    Problem: "problem",
    ReadOctets: "read",
    Step: "step",
    Done: "done",
    Aborted: "aborted",
}


@dataclass(frozen=True, slots=True)
class _FollowUp:
    """How far others are with new mail; None: that is not known yet."""

    to_index: int | None
    learned: int | None
    is_learning: bool

    @property
    def is_over(self) -> bool:
        return self.to_index == 0 and not self.is_learning


class ImportProgress:
    """Tells of imports."""

    def __init__(self, parts: AccountParts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """Return what is no JSON."""
        return [Route("/importprogress", self.follow, methods=["GET"])]

    async def follow(self, request: Request) -> Response:
        """Tell of an import, to whoever has the token."""
        token = request.query_params.get("token", "")
        if not token:
            raise ProblemError(400, "The token of the import is missing.", code="no-token")
        try:
            found = self._parts.imports.find(token)
        except ImportUnknownError as error:
            raise ProblemError(
                400,
                "There is no such import any more: what is known of one is dropped a minute after its end.",
                code="no-such-import",
            ) from error
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        return StreamingResponse(self._events(found), media_type="text/event-stream", headers=headers)

    async def _events(self, found: Import) -> AsyncIterator[str]:
        yield ": keepalive\n\n"
        events: list[Event] = []
        with found.following() as follower:
            while not follower.is_over:
                try:
                    async with asyncio.timeout(_SILENCE_S):
                        events = await follower.news()
                except TimeoutError:
                    yield ": keepalive\n\n"
                    continue
                yield "".join(map(_event, events))
                await self._parts.clock.sleep(_NEWS_S)
        if any(isinstance(event, Done) for event in events):
            async for follow_up in self._follow_ups(found.account):
                yield _encoded("after", dataclasses.asdict(follow_up) | {"is_over": follow_up.is_over})

    async def _follow_ups(self, account: str) -> AsyncIterator[_FollowUp]:
        """Yield how far others are, when that changes, until they are done, or seem to be stuck."""
        told, looks = await self._follow_up(account), 0
        yield told
        while not told.is_over and looks < _MOST_LOOKS:
            await self._parts.clock.sleep(_FOLLOW_UP_S)
            found, looks = await self._follow_up(account), looks + 1
            if found != told:
                told, looks = found, 0
                yield told

    async def _follow_up(self, account: str) -> _FollowUp:
        to_index = await self._parts.store.account(account).search_index.waiting()
        if self._parts.settings(account).junk_filter is None:
            return _FollowUp(to_index, None, is_learning=False)
        progress = await self._parts.classifiers.of(account).progress()
        if progress is None:
            return _FollowUp(to_index, None, is_learning=True)
        return _FollowUp(to_index, progress.ham + progress.junk, progress.is_behind)


def _event(event: Event) -> str:
    return _encoded(_EVENTS[type(event)], dataclasses.asdict(event))


def _encoded(kind: str, data: object) -> str:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n"
