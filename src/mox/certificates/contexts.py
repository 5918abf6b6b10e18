"""From listeners' TLS sections to TLS contexts, which go on with new certificates when there are some."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mox.certificates.byfiles import OfFiles
from mox.certificates.byhosts import HostCertificates, Names, OfHosts
from mox.certificates.firstclients import FirstClients
from mox.config import TLS, Listener
from moxkit.net import ClientJudge, HelloSelector, TLSContext, TLSVersion, server_context

__all__ = ["Certificates", "certificate_files"]

logger = logging.getLogger(__name__)

_VERSIONS = {
    "TLSv1.0": TLSVersion.TLS10,
    "TLSv1.1": TLSVersion.TLS11,
    "TLSv1.2": TLSVersion.TLS12,
    "TLSv1.3": TLSVersion.TLS13,
}
_Pairs = Sequence[tuple[bytes, bytes]]


def certificate_files(listeners: Iterable[Listener], directory: Path) -> list[Path]:
    """Return the files with keys and certificates that listeners name, each once; names are relative."""
    sections = [listener.tls for listener in listeners if listener.tls is not None]
    names = [name for tls in sections for pair in tls.key_certs for name in (pair.cert_file, pair.key_file)]
    names += [name for tls in sections for name in tls.host_private_key_files]
    return list(dict.fromkeys(directory / name for name in names))


class Certificates:
    """The keys and certificates of all listeners."""

    def __init__(
        self,
        directory: Path,
        contents: Mapping[Path, bytes] | None = None,
        *,
        issued: HostCertificates | None = None,
        hello: HelloSelector | None = None,
    ) -> None:
        """Remember where they are.

        Args:
            directory: What names of files are relative to.
            contents: Of files that somebody else had to open; others are read.
            issued: For listeners with ACME.
            hello: What to show to an ACME provider that looks, on web ports.
        """
        self._directory = directory
        self._contents = dict(contents or {})
        self._given = contents is not None
        self._issued = issued
        self._hello = hello
        self._of_files: list[OfFiles] = []

    def issued_by(self, issued: HostCertificates) -> None:
        """Say who issues certificates, who may want to read files here first."""
        self._issued = issued

    def context(
        self,
        tls: TLS,
        *,
        names: Names,
        session_id: bytes,
        tickets: bool = True,
        judge_client: ClientJudge | None = None,
        alpn: Sequence[str] = (),
    ) -> TLSContext:
        """Make the context of a service.

        Args:
            tls: With ACME or KeyCerts.
            names: Which certificate is for whom.
            session_id: Sessions are resumed only where it is the same.
            tickets: Whether sessions can be resumed.
            judge_client: Ask for client certificates, and let this decide about them.
            alpn: Application protocols, best first; web ports have them, and show themselves to who looks.

        Raises:
            OSError: A file cannot be read.
            ValueError: A file is not what it should be, or nobody issues certificates.
        """

        def make(pairs: _Pairs, **more: Any) -> TLSContext:
            return server_context(
                pairs,
                min_version=_VERSIONS[tls.min_version],
                session_id=session_id,
                tickets=tickets,
                judge_client=judge_client,
                alpn=alpn,
                **more,
            )

        hello = self._hello if alpn else None
        if tls.acme:
            of_hosts = OfHosts(make, names, self._current(tls.acme))
            return of_hosts.listening(FirstClients(hello, self._issuer(tls.acme), tls.acme) if alpn else None)
        of_files = OfFiles(make, lambda: self._pairs(tls))
        self._of_files.append(of_files)
        return of_files.listening(hello)

    def looked_at(self) -> TLSContext:
        """Make the context of a port that is there only for ACME providers to look at."""
        return server_context(select=lambda _name: None, hello=self._hello)

    def _current(self, provider: str) -> Callable[[str], _Pairs | None]:
        issued = self._issuer(provider)
        return lambda host: issued.current(provider, host)

    def _issuer(self, provider: str) -> HostCertificates:
        if self._issued is None:
            raise ValueError(f"nobody issues certificates of ACME provider {provider!r} here")
        return self._issued

    def renew(self, contents: Mapping[Path, bytes] | None = None) -> None:
        """Go on with what files hold now; what cannot be used is logged, and changes nothing.

        Args:
            contents: Of files that somebody else had to open.
        """
        before = self._contents
        self._contents = dict(contents or {})
        try:
            made = [each.made_again() for each in self._of_files]
        except (OSError, ValueError) as error:
            self._contents = before
            logger.warning("new keys and certificates cannot be used, old ones stay", extra={"error": error})
            return
        for each, contexts in zip(self._of_files, made, strict=True):
            each.use(contexts)
        logger.info("new keys and certificates are in use")

    def _pairs(self, tls: TLS) -> list[tuple[bytes, bytes]]:
        return [(self.read(pair.cert_file), self.read(pair.key_file)) for pair in tls.key_certs]

    def read(self, name: str) -> bytes:
        """Return the content of a file that a TLS section names.

        Raises:
            OSError: It cannot be read.
        """
        path = self._directory / name
        if path in self._contents:
            return self._contents[path]
        if self._given:
            raise FileNotFoundError(0, "not handed over by the parent", str(path))
        return path.read_bytes()
