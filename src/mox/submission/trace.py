"""What stands before a message that was submitted: where it came in, and that its sender signed in."""

from mox.delivery import received_field
from mox.submission.draft import Draft
from mox.submission.uniquesenders import Sending
from moxkit.message import AuthenticationResults, Method, Property

__all__ = ["trace_fields"]


def trace_fields(draft: Draft, sending: Sending) -> bytes:
    """Write Received (RFC 5321 §4.4) and Authentication-Results (RFC 8601 §2.7.4)."""
    received = received_field(
        draft.connection,
        received_at=draft.received_at,
        recipients=[recipient.path for recipient in sending.recipients],
        smtputf8=draft.smtputf8,
        requires_tls=draft.require_tls is True,
        is_authenticated=True,
    )
    properties = (Property("smtp", "mailfrom", sending.reverse_path),) if sending.reverse_path else ()
    method = Method("auth", "pass", properties=properties)
    return received + bytes(AuthenticationResults(draft.connection.hostname, methods=(method,)))
