"""Contexts by server name, where certificates are files: each name gets the certificate that has it."""

from collections.abc import Callable, Sequence

from cryptography import x509

from moxkit.net import HelloSelector, TLSContext

__all__ = ["OfFiles"]

_Pair = tuple[bytes, bytes]
_Made = list[tuple[frozenset[str], TLSContext]]


class OfFiles:
    """The contexts of a service: one for all certificates with the same names, of whatever kinds of keys."""

    def __init__(self, make: Callable[..., TLSContext], pairs: Callable[[], Sequence[_Pair]]) -> None:
        """Make them.

        Args:
            make: Makes a context from chains and keys, with what `server_context` takes besides.
            pairs: Returns what files hold now: chains and keys, the usual one first.

        Raises:
            OSError: A file cannot be read.
            ValueError: A file is not what it should be.
        """
        self._make = make
        self._pairs = pairs
        self._made = self.made_again()

    def made_again(self) -> _Made:
        """Make them from what files hold now, without using them.

        Raises:
            OSError: A file cannot be read.
            ValueError: A file is not what it should be.
        """
        groups: dict[frozenset[str], list[_Pair]] = {}
        for pair in self._pairs():
            groups.setdefault(_names(pair[0]), []).append(pair)
        return [(names, self._make(group)) for names, group in groups.items()]

    def use(self, made: _Made) -> None:
        """Go on with them, in connections to come."""
        self._made = made

    def listening(self, hello: HelloSelector | None) -> TLSContext:
        """Return the context to listen with; who asks for an unknown name gets the first certificate."""
        return self._make(self._pairs()[:1], select=self._select, hello=hello)

    def _select(self, name: str | None) -> TLSContext:
        host = (name or "").lower()
        wildcard = f"*.{host.partition('.')[2]}"
        for names, context in self._made:
            if host in names or wildcard in names:
                return context
        return self._made[0][1]


def _names(chain: bytes) -> frozenset[str]:
    """Return the DNS names of the first certificate of a chain (RFC 9525 §6.3).

    Raises:
        ValueError: There is none.
    """
    certificates = x509.load_pem_x509_certificates(chain)
    try:
        found = certificates[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(name.lower() for name in found.get_values_for_type(x509.DNSName))
