"""The reply to EHLO: what is offered now (RFC 5321 §4.1.1.1)."""

from mox.smtpserver.options import Options
from moxkit.sasl import Mechanism

__all__ = ["ehlo_lines"]


def ehlo_lines(
    options: Options, *, is_tls: bool, offers_starttls: bool, mechanisms: tuple[Mechanism, ...]
) -> str:
    """Return the text of the reply, a line for each extension."""
    lines = [options.hostname, "PIPELINING", f"SIZE {options.max_message_size}"]
    if offers_starttls and not is_tls:
        lines.append("STARTTLS")
    if is_tls and options.allows_requiretls:
        lines.append("REQUIRETLS")
    if mechanisms:
        lines.append("AUTH " + " ".join(mechanisms))
    lines += ["ENHANCEDSTATUSCODES", "8BITMIME", f"LIMITS RCPTMAX={options.max_recipients}", "SMTPUTF8"]
    return "\n".join(lines)
