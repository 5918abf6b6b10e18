"""Keys of the host that stay the same, whatever certificates are made for them: DANE names them.

RFC 7671 §8.1, RFC 7672 §2.1; reference config.md §2.4, quickstart.md §6.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mox.certificates import KeyType, key_pem, make_key, read_key
from mox.config import StaticConfig
from mox.runtime import write_file_durably
from moxkit.dane import MatchingType, Selector, Usage, make_record
from moxkit.dns import Tlsa
from moxkit.domain import parse_domain

__all__ = ["HOST_KEYS", "NewHostKeys", "ensure_host_keys", "host_key_name", "host_key_records"]

HOST_KEYS = "hostkeys"
"""Directory below that of the configuration."""
_NAMES = {KeyType.RSA: "rsa2048", KeyType.ECDSA: "ecdsap256"}


@dataclass(frozen=True, slots=True)
class NewHostKeys:
    """What a listener lacked.

    Attributes:
        listener: Its name.
        files: All files that its HostPrivateKeyFiles has to name, relative to the configuration.
        taken: Those of them whose keys certificates have now.
    """

    listener: str
    files: tuple[str, ...]
    taken: tuple[str, ...]


def host_key_name(host: str, key_type: KeyType, now: datetime) -> str:
    """Return where a new key is kept, relative to the configuration."""
    return f"{HOST_KEYS}/{host}.{now:%Y%m%dT%H%M%S}.{_NAMES[key_type]}.privatekey.pkcs8.pem"


def host_key_records(keys: Iterable[bytes]) -> list[Tlsa]:
    """Return records for private keys, PEM, those of elliptic curves first; other keys are not looked at.

    Raises:
        ValueError: One is no key.
    """
    usable = [found for pem in keys if (found := read_key(pem)) is not None]
    return [
        make_record(
            Usage.DANE_EE,
            Selector.SPKI,
            MatchingType.SHA2_256,
            spki=key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        )
        for _, key in sorted(usable, key=lambda found: found[0])
    ]


def ensure_host_keys(
    static: StaticConfig, *, directory: Path, data_dir: Path, now: datetime
) -> list[NewHostKeys]:
    """Write keys for listeners with ACME that lack one; those of certificates that there are, or new ones.

    Args:
        static: The configuration; it is not changed.
        directory: Of the configuration.
        data_dir: Where certificates are kept.
        now: For names of files.

    Raises:
        OSError: A file cannot be read or written.
        ValueError: A file that is named is no key.
    """
    return list(_ensure(static, directory, data_dir, now))


def _ensure(static: StaticConfig, directory: Path, data_dir: Path, now: datetime) -> Iterator[NewHostKeys]:
    written: dict[tuple[str, str, KeyType], str] = {}
    for name, listener in static.listeners.items():
        if listener.tls is None or not listener.tls.acme:
            continue
        named = listener.tls.host_private_key_files
        there = {found[0] for file in named if (found := read_key((directory / file).read_bytes()))}
        host = parse_domain(listener.hostname or static.hostname).ascii
        files, taken = list(named), []
        for key_type in sorted(set(KeyType) - there):
            # Listeners with the same name share their certificates.
            key = (listener.tls.acme, host, key_type)
            if key not in written:
                issued = _issued_key(data_dir, *key)
                file = written[key] = host_key_name(host, key_type, now)
                _write(directory / file, issued or key_pem(make_key(key_type)))
                taken += [file] if issued else []
            files.append(written[key])
        if len(files) > len(named):
            yield NewHostKeys(name, tuple(files), tuple(taken))


def _issued_key(data_dir: Path, provider: str, host: str, key_type: KeyType) -> bytes | None:
    from mox.acme import CertificateCache  # noqa: PLC0415  what it needs takes time to load

    issued = CertificateCache(data_dir, provider).load(host, key_type)
    return None if issued is None else issued.key


def _write(path: Path, octets: bytes) -> None:
    path.parent.mkdir(mode=0o750, exist_ok=True)
    write_file_durably(path, octets, 0o640)
