"""What a client can do with authorized URLs (RFC 4467)."""

from collections.abc import Sequence

from moxkit.imap import GenUrlAuth, GenUrlAuthData, ResetKey, UrlFetch, UrlFetchData
from moxkit.imapclient.running import Running
from moxkit.wiretrace import Kind

__all__ = ["UrlPart"]


class UrlPart(Running):
    """Commands about authorized URLs; part of `ImapClient`."""

    async def authorize_urls(self, urls: Sequence[str], mechanism: str = "INTERNAL") -> tuple[str, ...]:
        """Return URLs with their tokens, in the same order; whoever has one can use it as it says.

        Args:
            urls: Absolute, of messages of one's own, up to and with ``;URLAUTH=`` and who may use it.
            mechanism: That the server has.

        Raises:
            ImapError: One of them cannot be authorized; none is.
        """
        command = GenUrlAuth(tuple((url, mechanism) for url in urls))
        answer = await self.run(command, Kind.AUTH)
        return tuple(url for data in answer.untagged if isinstance(data, GenUrlAuthData) for url in data.urls)

    async def fetch_urls(self, urls: Sequence[str]) -> dict[str, bytes | None]:
        """Return what authorized URLs stand for; `None` where that is not to be had.

        Raises:
            ImapError: The server does not know such URLs.
        """
        answer = await self.run(UrlFetch(tuple(urls)), Kind.AUTH)
        told = [data.contents for data in answer.untagged if isinstance(data, UrlFetchData)]
        return {url: octets for contents in told for url, octets in contents}

    async def revoke_urls(self, mailbox: str | None = None) -> None:
        """Revoke all URLs that were authorized, of one mailbox or of all.

        Raises:
            ImapError: No such mailbox.
        """
        await self.run(ResetKey(mailbox))
