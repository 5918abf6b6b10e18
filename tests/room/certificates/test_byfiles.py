"""Several certificates of a listener: each name gets its own, and others the first."""

from pathlib import Path

from mox.certificates.byfiles import OfFiles
from moxkit.net import TLSContext, server_context
from moxkit.testing import make_certificate

HOST = make_certificate("mail.mox.example", "p256")
HOST_RSA = make_certificate("mail.mox.example", "rsa2048")
WILD = make_certificate(("*.else.example", "else.example"), "p256")


class Making:
    """Makes contexts, and remembers of what."""

    def __init__(self) -> None:
        self.of: dict[int, list[tuple[bytes, bytes]]] = {}

    def __call__(self, pairs: list[tuple[bytes, bytes]], **_: object) -> TLSContext:
        made = server_context(pairs)
        self.of[id(made)] = list(pairs)
        return made


def test_each_name_gets_the_certificates_that_have_it(tmp_path: Path) -> None:
    making = Making()
    contexts = OfFiles(making, lambda: [HOST, WILD, HOST_RSA])

    def chosen(name: str | None) -> list[tuple[bytes, bytes]]:
        return making.of[id(contexts._select(name))]

    # Both kinds of keys of one host are one context: the client's algorithms choose.
    assert chosen("mail.mox.example") == chosen("MAIL.mox.example") == [HOST, HOST_RSA]
    assert chosen("a.else.example") == chosen("else.example") == [WILD]
    assert chosen("b.a.else.example") == chosen("mox.example") == chosen(None) == [HOST, HOST_RSA]
