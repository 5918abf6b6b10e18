"""TLS contexts of the listeners, what ACME providers look at, and self-signed certificates for tests.

Contexts go on with new certificates when files are replaced, or when somebody issued one. It asks nobody for
certificates: `mox.acme` does.
"""

from mox.certificates.byhosts import HostCertificates, Names
from mox.certificates.challenges import ACME_ALPN, CHALLENGE_PATH, Challenges
from mox.certificates.contexts import Certificates, certificate_files
from mox.certificates.selfsigned import make_self_signed

__all__ = [
    "ACME_ALPN",
    "CHALLENGE_PATH",
    "Certificates",
    "Challenges",
    "HostCertificates",
    "Names",
    "certificate_files",
    "make_self_signed",
]
