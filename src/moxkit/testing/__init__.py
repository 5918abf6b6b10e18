"""Stand-ins for tests of anything built on the kit: clock, throw-away certificates.

clock = FakeClock()
await clock.advance(60)
certificate, key = make_certificate("mx.example", "ed25519")
"""

from moxkit.testing.certificates import CertificateAndKey, KeyKind, make_authority, make_certificate
from moxkit.testing.clock import FakeClock

__all__ = ["CertificateAndKey", "FakeClock", "KeyKind", "make_authority", "make_certificate"]
