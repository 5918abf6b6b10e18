"""What was issued, on disk: one file for each host and kind of key, the key first, then the chain."""

import logging
import re
from pathlib import Path

from mox.acme.certificate import Issued, read_issued
from mox.certificates import KeyType
from mox.runtime import write_file_durably

__all__ = ["CertificateCache", "account_file", "account_key_file"]

logger = logging.getLogger(__name__)

_BEGIN_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
# They become names of files.
_HOST = re.compile(r"[a-z0-9_][a-z0-9._-]{0,252}")
_MOST_OCTETS = 1 << 20


def account_key_file(data_dir: Path, provider: str) -> Path:
    """Return where the key of the account at a provider is kept."""
    return data_dir / "acme" / f"{provider}.key"


def account_file(data_dir: Path, provider: str) -> Path:
    """Return where it is kept which account that key has."""
    return data_dir / "acme" / f"{provider}.json"


class CertificateCache:
    """Certificates of one provider."""

    def __init__(self, data_dir: Path, provider: str) -> None:
        self._directory = data_dir / "acme" / "keycerts" / provider

    def file(self, host: str, key_type: KeyType) -> Path:
        """Return where a certificate is kept.

        Raises:
            ValueError: The host is no name of a host.
        """
        if not _HOST.fullmatch(host):
            raise ValueError(f"{host!r} is no name of a host")
        return self._directory / (host if key_type is KeyType.ECDSA else f"{host}+rsa")

    def load(self, host: str, key_type: KeyType) -> Issued | None:
        """Return what is kept; `None` without, and for what cannot be used, which is logged."""
        path = self.file(host, key_type)
        try:
            with path.open("rb") as file:
                content = file.read(_MOST_OCTETS)
            key, begin, chain = content.partition(_BEGIN_CERTIFICATE)
            return read_issued(host, key_type, begin + chain, key)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, IndexError) as error:
            logger.warning(
                "kept certificate cannot be used, a new one is asked for",
                extra={"path": path, "reason": str(error)},
            )
            return None

    def store(self, issued: Issued) -> None:
        """Keep it.

        Raises:
            OSError: It cannot be written.
        """
        path = self.file(issued.host, issued.key_type)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        write_file_durably(path, issued.key.rstrip() + b"\n" + issued.chain, 0o600)
