"""Problems of whom certificates come from: ACME providers, and authorities that are believed."""

import re
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509

from mox.config.problem import KeyPath
from mox.config.static import ACME, StaticConfig

__all__ = ["check_authorities"]

Found = tuple[KeyPath, str]

_LAST_PORT = 65535
# It is a part of names of files.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_authorities(config: StaticConfig, directory: Path) -> Iterator[Found]:
    """Find them all."""
    for name, provider in config.acme.items():
        yield from _check_provider(provider, directory, ("ACME", name))
    if config.tls is not None and config.tls.ca is not None:
        for index, name in enumerate(config.tls.ca.cert_files):
            yield from _check_authorities(directory / name, ("TLS", "CA", "CertFiles", index))


def _check_provider(provider: ACME, directory: Path, path: KeyPath) -> Iterator[Found]:
    if not _NAME.fullmatch(str(path[-1])):
        yield path, "is no name that a file could have; use letters, digits and hyphens"
    for key, value in (("DirectoryURL", provider.directory_url), ("ContactEmail", provider.contact_email)):
        if not value:
            yield (*path, key), "must not be empty"
    if provider.directory_url and not provider.directory_url.startswith("https://"):
        yield (*path, "DirectoryURL"), "must begin with https://"
    if not 0 < provider.port <= _LAST_PORT:
        yield (*path, "Port"), f"must be from 1 to {_LAST_PORT}"
    if (binding := provider.external_account_binding) is not None:
        yield from _check_file(directory / binding.key_file, (*path, "ExternalAccountBinding", "KeyFile"))


def _check_authorities(file: Path, path: KeyPath) -> Iterator[Found]:
    try:
        x509.load_pem_x509_certificates(file.read_bytes())
    except OSError as error:
        yield path, f"cannot be read: {error.strerror}"
    except ValueError:
        yield path, "has no certificate that can be read (PEM)"


def _check_file(file: Path, path: KeyPath) -> Iterator[Found]:
    try:
        with file.open("rb"):
            pass
    except OSError as error:
        yield path, f"cannot be read: {error.strerror}"
