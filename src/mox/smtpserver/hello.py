"""The reply to EHLO: what is offered now (RFC 5321 §4.1.1.1)."""

from datetime import datetime

from mox.smtpserver.futurerelease import longest_release
from mox.smtpserver.options import Options
from moxkit.sasl import Mechanism

__all__ = ["ehlo_lines"]


def ehlo_lines(
    options: Options,
    *,
    is_tls: bool,
    offers_starttls: bool,
    mechanisms: tuple[Mechanism, ...],
    now: datetime,
) -> str:
    """Return the text of the reply, a line for each extension."""
    lines = [options.hostname, "PIPELINING", f"SIZE {options.max_message_size}"]
    if offers_starttls and not is_tls:
        lines.append("STARTTLS")
    if is_tls and options.allows_requiretls:
        lines.append("REQUIRETLS")
    if mechanisms:
        lines.append("AUTH " + " ".join(mechanisms))
    if options.kind.is_submission:
        # On port 25 nothing could be promised: who delivers here sends no notifications (RFC 3461 §4).
        # And to encode what is binary would break the signatures of whoever sent it.
        lines += ["DSN", f"FUTURERELEASE {longest_release(now)}", "BINARYMIME"]
    lines += [
        "CHUNKING",
        "ENHANCEDSTATUSCODES",
        "8BITMIME",
        f"LIMITS RCPTMAX={options.max_recipients}",
        "SMTPUTF8",
    ]
    return "\n".join(lines)
