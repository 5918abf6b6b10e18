"""Certificates asked for and renewed by ACME (RFC 8555), for the hosts of the configuration and no others.

The protocol is the `acme` package's. It opens no ports: `mox.certificates.Challenges` is what the TLS
contexts of port 443 and the sites of port 80 have to say while a provider looks. Import it only where there
is a provider: what it needs takes time to load.

    acme = Acme(snapshot=lambda: source.current, sessions={"letsencrypt": Session(...)}, ...)
    acme.current("letsencrypt", "mail.example")  # chains and keys, or None: not for this host, or not yet
    await acme.run()                             # asks for what is missing, renews what gets old
"""

from mox.acme.cache import CertificateCache
from mox.acme.certificate import Issued
from mox.acme.hosts import Hosts, certificate_hosts, host_key_files
from mox.acme.issuing import Acme, Ordering
from mox.acme.kept import KeptCertificates
from mox.acme.registration import Account, known_account
from mox.acme.session import AcmeError, Session

__all__ = [
    "Account",
    "Acme",
    "AcmeError",
    "CertificateCache",
    "Hosts",
    "Issued",
    "KeptCertificates",
    "Ordering",
    "Session",
    "certificate_hosts",
    "host_key_files",
    "known_account",
]
