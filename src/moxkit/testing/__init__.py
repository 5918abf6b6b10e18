"""Stand-ins for tests of anything built on the kit: throw-away certificates.

certificate, key = make_certificate("mx.example", "ed25519")
"""

from moxkit.testing.certificates import CertificateAndKey, KeyKind, make_authority, make_certificate

__all__ = ["CertificateAndKey", "KeyKind", "make_authority", "make_certificate"]
