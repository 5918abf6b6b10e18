"""What a client can ask for: messages that match, in an order, in threads, in parts, or kept up to date."""

from collections.abc import Sequence

from moxkit.imap import (
    CancelUpdate,
    EsearchData,
    PartialRange,
    Search,
    SearchData,
    SearchKey,
    SequenceSet,
    Sort,
    SortCriterion,
    SortData,
    Thread,
    ThreadAlgorithm,
    ThreadData,
    ThreadNode,
)
from moxkit.imapclient.keptresult import KeptResult, expand
from moxkit.imapclient.running import Answer, Running

__all__ = ["SearchPart"]


class SearchPart(Running):
    """Searching commands; part of `ImapClient`. Results are UIDs, unless asked for otherwise."""

    async def search(self, key: SearchKey, *, uid: bool = True) -> list[int]:
        """Return the messages that match, ascending.

        Raises:
            ImapError: Refused.
            ConnectionError: The result has more numbers than any mailbox has messages.
        """
        answer = await self.run(Search(key, uid))
        found: list[int] = []
        for data in answer.untagged:
            if isinstance(data, SearchData):
                found += data.numbers
            elif isinstance(data, EsearchData) and data.tag in {None, answer.condition.tag}:
                found += expand(data.all)
        return sorted(found)

    async def search_for(
        self,
        key: SearchKey,
        *returns: str,
        partial: PartialRange | None = None,
        uid: bool = True,
    ) -> EsearchData:
        """Search, and return only what is asked for (RFC 4731, RFC 5182, RFC 9394).

        Args:
            key: What to look for.
            returns: Of MIN, MAX, ALL, COUNT, SAVE; nothing means ALL, unless there is `partial`.
            partial: Which part of the result to return.
            uid: The result is UIDs.

        Raises:
            ImapError: Refused.
        """
        answer = await self.run(Search(key, uid, _options(returns, partial), partial=partial))
        return _extended(answer, uid=uid)

    async def sort(
        self, criteria: Sequence[SortCriterion], key: SearchKey, *, uid: bool = True, charset: str = "UTF-8"
    ) -> list[int]:
        """Return the messages that match, in an order (RFC 5256, RFC 5957).

        Raises:
            ImapError: Refused.
        """
        answer = await self.run(Sort(tuple(criteria), key, charset, uid))
        return [n for data in answer.untagged if isinstance(data, SortData) for n in data.numbers]

    async def sort_for(
        self,
        criteria: Sequence[SortCriterion],
        key: SearchKey,
        *returns: str,
        partial: PartialRange | None = None,
        uid: bool = True,
    ) -> EsearchData:
        """Sort, and return only what is asked for, as for `search_for` (ESORT, RFC 5267 §3).

        Raises:
            ImapError: Refused.
        """
        options = _options(returns, partial)
        answer = await self.run(Sort(tuple(criteria), key, "UTF-8", uid, options, partial))
        return _extended(answer, uid=uid)

    async def thread(
        self, algorithm: ThreadAlgorithm, key: SearchKey, *, uid: bool = True
    ) -> tuple[ThreadNode, ...]:
        """Return the messages that match as threads (RFC 5256).

        Raises:
            ImapError: Refused.
        """
        answer = await self.run(Thread(algorithm, key, "UTF-8", uid))
        return next((data.threads for data in answer.untagged if isinstance(data, ThreadData)), ())

    async def keep(
        self, key: SearchKey, criteria: Sequence[SortCriterion] = (), *, uid: bool = True
    ) -> KeptResult:
        """Search or sort, and be told of changes of the result (RFC 5267 §4.3).

        Returns:
            The result; hand it every response that comes from now on. It says whether the server tells.

        Raises:
            ImapError: Refused.
            ConnectionError: The result has more numbers than any mailbox has messages.
        """
        options = frozenset({"ALL", "UPDATE", "CONTEXT"})
        if criteria:
            answer = await self.run(Sort(tuple(criteria), key, "UTF-8", uid, options))
        else:
            answer = await self.run(Search(key, uid, options))
        result = KeptResult(answer.condition.tag or "", expand(_extended(answer, uid=uid).all), uid=uid)
        for data in answer.untagged:
            result.take(data)
        return result

    async def cancel_updates(self, *results: KeptResult) -> None:
        """Hear no more of results (RFC 5267 §4.3.5).

        Raises:
            ImapError: Refused.
        """
        await self.run(CancelUpdate(tuple(result.tag for result in results)))
        for result in results:
            result.is_updated = False


def _options(returns: Sequence[str], partial: PartialRange | None) -> frozenset[str]:
    options = {option.upper() for option in returns}
    if partial is not None:
        options.add("PARTIAL")
    return frozenset(options or {"ALL"})


def _extended(answer: Answer, *, uid: bool) -> EsearchData:
    """Return the result among what came: the others are about other searches."""
    tag = answer.condition.tag
    for data in answer.untagged:
        if isinstance(data, EsearchData) and data.tag == tag and not data.updates:
            return data
    # Nothing but SAVE was asked for.
    return EsearchData(tag, uid=uid, all=SequenceSet(()))
