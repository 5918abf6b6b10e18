"""From listeners' TLS sections to TLS contexts, which go on with new certificates when files are replaced."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mox.config import TLS, Listener
from moxkit.net import ClientJudge, TLSContext, TLSVersion, server_context

__all__ = ["Certificates", "certificate_files"]

logger = logging.getLogger(__name__)

_VERSIONS = {
    "TLSv1.0": TLSVersion.TLS10,
    "TLSv1.1": TLSVersion.TLS11,
    "TLSv1.2": TLSVersion.TLS12,
    "TLSv1.3": TLSVersion.TLS13,
}


def certificate_files(listeners: Iterable[Listener], directory: Path) -> list[Path]:
    """Return the files with keys and certificates that listeners name, each once; names are relative."""
    return list(
        dict.fromkeys(
            directory / name
            for listener in listeners
            if listener.tls is not None
            for pair in listener.tls.key_certs
            for name in (pair.cert_file, pair.key_file)
        )
    )


@dataclass(slots=True)
class _Current:
    """What new connections of a context get; `make` makes it from the files as they are."""

    make: Callable[[], TLSContext]
    context: TLSContext


class Certificates:
    """The keys and certificates of all listeners."""

    def __init__(self, directory: Path, contents: Mapping[Path, bytes] | None = None) -> None:
        """Remember where they are.

        Args:
            directory: What names of files are relative to.
            contents: Of files that somebody else had to open; others are read.
        """
        self._directory = directory
        self._contents = dict(contents or {})
        self._given = contents is not None
        self._contexts: list[_Current] = []

    def context(
        self,
        tls: TLS,
        *,
        session_id: bytes,
        tickets: bool = True,
        judge_client: ClientJudge | None = None,
        alpn: Sequence[str] = (),
    ) -> TLSContext:
        """Make the context of a service.

        Args:
            tls: With KeyCerts.
            session_id: Sessions are resumed only where it is the same.
            tickets: Whether sessions can be resumed.
            judge_client: Ask for client certificates, and let this decide about them.
            alpn: Application protocols, best first.

        Raises:
            OSError: A file cannot be read.
            ValueError: A file is not what it should be.
        """

        def make(select: Callable[[str | None], TLSContext] | None = None) -> TLSContext:
            return server_context(
                self._pairs(tls),
                min_version=_VERSIONS[tls.min_version],
                session_id=session_id,
                tickets=tickets,
                judge_client=judge_client,
                alpn=alpn,
                select=select,
            )

        current = _Current(make, make())
        self._contexts.append(current)
        # Asked at each handshake, so that connections to come have the new certificate.
        return make(lambda _name: current.context)

    def renew(self, contents: Mapping[Path, bytes] | None = None) -> None:
        """Go on with what files hold now; what cannot be used is logged, and changes nothing.

        Args:
            contents: Of files that somebody else had to open.
        """
        before = self._contents
        self._contents = dict(contents or {})
        try:
            made = [current.make() for current in self._contexts]
        except (OSError, ValueError) as error:
            self._contents = before
            logger.warning("new keys and certificates cannot be used, old ones stay", extra={"error": error})
            return
        for current, context in zip(self._contexts, made, strict=True):
            current.context = context
        logger.info("new keys and certificates are in use")

    def _pairs(self, tls: TLS) -> list[tuple[bytes, bytes]]:
        return [(self._read(pair.cert_file), self._read(pair.key_file)) for pair in tls.key_certs]

    def _read(self, name: str) -> bytes:
        path = self._directory / name
        if path in self._contents:
            return self._contents[path]
        if self._given:
            raise FileNotFoundError(0, "not handed over by the parent", str(path))
        return path.read_bytes()
