"""Signing of what this server sends, with the keys of the author's domain (DKIM, RFC 6376).

    signer = Signer(current=lambda: source.current, keys=KeyRing(directory), clock=clock, pool=pool)
    fields = await signer.sign(content, prefix, author)

It does not decide who may write as whom (`mox.submission`), and raises nothing: a message that cannot be
signed goes without, and the log says why.
"""

from mox.signing.keyring import KeyRing
from mox.signing.signer import Signer

__all__ = ["KeyRing", "Signer"]
