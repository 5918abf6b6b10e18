"""From a listener's TLS section to a TLS context."""

from collections.abc import Sequence
from pathlib import Path

from mox.config import TLS
from moxkit.net import ClientJudge, TLSContext, TLSVersion, server_context

__all__ = ["listener_context"]

_VERSIONS = {
    "TLSv1.0": TLSVersion.TLS10,
    "TLSv1.1": TLSVersion.TLS11,
    "TLSv1.2": TLSVersion.TLS12,
    "TLSv1.3": TLSVersion.TLS13,
}


def listener_context(
    tls: TLS,
    directory: Path,
    *,
    session_id: bytes,
    tickets: bool = True,
    judge_client: ClientJudge | None = None,
    alpn: Sequence[str] = (),
) -> TLSContext:
    """Read a listener's certificates.

    Args:
        tls: With KeyCerts.
        directory: What file names are relative to.
        session_id: Sessions are resumed only where it is the same.
        tickets: Whether sessions can be resumed.
        judge_client: Ask for client certificates, and let this decide about them.
        alpn: Application protocols, best first.

    Raises:
        OSError: A file cannot be read.
        ValueError: A file is not what it should be.
    """
    pairs = [
        ((directory / pair.cert_file).read_bytes(), (directory / pair.key_file).read_bytes())
        for pair in tls.key_certs
    ]
    return server_context(
        pairs,
        min_version=_VERSIONS[tls.min_version],
        session_id=session_id,
        tickets=tickets,
        judge_client=judge_client,
        alpn=alpn,
    )
