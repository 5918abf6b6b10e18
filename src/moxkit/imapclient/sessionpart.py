"""What a client can ask about connection and account: compression, starting over, language, quota."""

from collections.abc import Sequence

from moxkit.imap import (
    Capability,
    Compress,
    GetQuota,
    GetQuotaRoot,
    Language,
    LanguageData,
    QuotaData,
    QuotaRootData,
    Unauthenticate,
)
from moxkit.imapclient.running import Running

__all__ = ["SessionPart"]


class SessionPart(Running):
    """Commands about the session itself; part of `ImapClient`."""

    async def compress(self) -> None:
        """Compress both directions from here on (RFC 4978); sign in first.

        Raises:
            ImapError: The server does not, or does already.
        """
        await self.run(Compress())
        self._wire.compress(self._machine.take_unread())

    async def unauthenticate(self) -> None:
        """Go back to the state before signing in; TLS stays, compression ends (RFC 8437).

        Raises:
            ImapError: The server cannot.
        """
        tag = self._machine.send(Unauthenticate())
        await self._send()
        await self._wire.stop_compressing()
        await self._finish(Unauthenticate.verb, tag)
        self.is_authenticated = False
        self.enabled = frozenset()
        self._machine.utf8 = False
        await self.run(Capability())

    async def languages(self) -> tuple[str, ...]:
        """Return the languages the server can speak (RFC 5255 §3.2).

        Raises:
            ImapError: It has but one.
        """
        answer = await self.run(Language())
        return next((data.tags for data in answer.untagged if isinstance(data, LanguageData)), ())

    async def speak(self, ranges: Sequence[str]) -> str | None:
        """Choose the first of these languages that the server can speak; return which it is.

        Raises:
            ImapError: It speaks none of them.
        """
        answer = await self.run(Language(tuple(ranges)))
        tags = [data.tags for data in answer.untagged if isinstance(data, LanguageData)]
        return tags[-1][0] if tags else None

    async def quota(self, root: str = "") -> QuotaData | None:
        """Return usage and limits of a quota root (RFC 9208 §4.1.1).

        Raises:
            ImapError: There is no such root.
        """
        answer = await self.run(GetQuota(root))
        return next((data for data in answer.untagged if isinstance(data, QuotaData)), None)

    async def quota_roots(self, mailbox: str) -> dict[str, QuotaData | None]:
        """Return the quota roots that a mailbox counts for, with what is limited (RFC 9208 §4.1.2).

        Raises:
            ImapError: Refused.
        """
        answer = await self.run(GetQuotaRoot(mailbox))
        quotas = {data.root: data for data in answer.untagged if isinstance(data, QuotaData)}
        roots = [root for data in answer.untagged if isinstance(data, QuotaRootData) for root in data.roots]
        return {root: quotas.get(root) for root in roots}
