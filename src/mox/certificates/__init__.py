"""TLS contexts of the listeners, and self-signed certificates for tests on one's own machine."""

from mox.certificates.contexts import listener_context
from mox.certificates.selfsigned import make_self_signed

__all__ = ["listener_context", "make_self_signed"]
