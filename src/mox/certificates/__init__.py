"""TLS contexts of the listeners, and self-signed certificates for tests on one's own machine."""

from mox.certificates.contexts import Certificates, certificate_files
from mox.certificates.selfsigned import make_self_signed

__all__ = ["Certificates", "certificate_files", "make_self_signed"]
