"""Stand-ins for tests of anything built on the kit: clock, resolver, throw-away certificates.

Each does what its server counterpart does, at once and the same every time; nothing here is for production.

Example:
    clock = FakeClock()
    await clock.advance(60)
    resolver = FakeResolver("mox.example. MX 10 mail.mox.example.", authentic=True)
    certificate, key = make_certificate("mx.example", "ed25519")
"""

from moxkit.testing.certificates import CertificateAndKey, KeyKind, make_authority, make_certificate
from moxkit.testing.clock import FakeClock
from moxkit.testing.nameserver import serve_zone
from moxkit.testing.resolver import FakeResolver
from moxkit.testing.transcripts import (
    Transcript,
    TranscriptConnection,
    TranscriptError,
    Wait,
    parse_transcript,
    run_transcript,
)

__all__ = [
    "CertificateAndKey",
    "FakeClock",
    "FakeResolver",
    "KeyKind",
    "Transcript",
    "TranscriptConnection",
    "TranscriptError",
    "Wait",
    "make_authority",
    "make_certificate",
    "parse_transcript",
    "run_transcript",
    "serve_zone",
]
