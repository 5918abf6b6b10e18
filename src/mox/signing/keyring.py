"""Private keys of selectors, read from their files when first needed, and again when a file changed."""

from pathlib import Path

from mox.config import Selector
from moxkit import dkim
from moxkit.domain import DomainError, parse_domain

__all__ = ["KeyRing", "UnusableKeyError"]


class UnusableKeyError(Exception):
    """A selector's key cannot be used; the text says why, without anything of the key."""


class KeyRing:
    """The keys below a configuration's directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        # Which version of the file it was, and the key.
        self._keys: dict[Path, tuple[tuple[int, int], dkim.PrivateKey]] = {}

    def signing_key(self, name: str, selector: Selector) -> dkim.SigningKey:
        """Return the key of a selector, to be used as it is configured; reads a small file.

        Raises:
            UnusableKeyError: It cannot be read, is no key, or its hash is not secure.
        """
        if selector.hash != "sha256":
            # RFC 8301 §3.1: SHA-1 must not be used for signing.
            raise UnusableKeyError(f"hash {selector.hash} is not secure, nobody accepts it")
        path = self._directory / selector.private_key_file
        try:
            key, label = self._load(path), parse_domain(name)
        except (OSError, dkim.KeyFormatError, DomainError) as error:
            raise UnusableKeyError(f"{path}: {error}") from error
        headers = tuple(each.lower() for each in selector.headers) or dkim.DEFAULT_HEADERS
        relaxed = selector.canonicalization
        return dkim.SigningKey(
            selector=label,
            private_key=key,
            headers=headers,
            sealed=() if selector.dont_seal_headers else _sealed(headers),
            header_canonicalization=_canonicalization(relaxed.header_relaxed),
            body_canonicalization=_canonicalization(relaxed.body_relaxed),
            lifetime=selector.expiration or None,
        )

    def _load(self, path: Path) -> dkim.PrivateKey:
        status = path.stat()
        version = status.st_mtime_ns, status.st_size
        known = self._keys.get(path)
        if known is not None and known[0] == version:
            return known[1]
        key = dkim.load_private_key(path.read_bytes())
        self._keys[path] = version, key
        return key


def _sealed(headers: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in headers if name in dkim.DEFAULT_SEALED)


def _canonicalization(is_relaxed: bool) -> dkim.Canonicalization:
    return dkim.Canonicalization.RELAXED if is_relaxed else dkim.Canonicalization.SIMPLE
