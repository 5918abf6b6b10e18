"""TLS contexts of the listeners, what ACME providers look at, and self-signed certificates for tests.

Contexts go on with new certificates when files are replaced, or when somebody issued one. It asks nobody for
certificates: `mox.acme` does.
"""

from mox.certificates.byhosts import HostCertificates, Names
from mox.certificates.challenges import ACME_ALPN, CHALLENGE_PATH, Challenges
from mox.certificates.contexts import Certificates, certificate_files
from mox.certificates.hostkeys import KeyType, PrivateKey, key_pem, make_key, read_key
from mox.certificates.selfsigned import make_self_signed

__all__ = [
    "ACME_ALPN",
    "CHALLENGE_PATH",
    "Certificates",
    "Challenges",
    "HostCertificates",
    "KeyType",
    "Names",
    "PrivateKey",
    "certificate_files",
    "key_pem",
    "make_key",
    "make_self_signed",
    "read_key",
]
