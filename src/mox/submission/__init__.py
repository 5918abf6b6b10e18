"""A draft -> checked, completed, queued: the one package all front doors submit through.

The sender must own the address in From; Message-ID and Date are added where they are missing; the queue has
the message, signed, on stable storage when `submit` returns `Queued`. Daily limits are a later step of the
same path.
"""

from mox.submission.draft import Draft, Queued, Refusal, RefusalKind
from mox.submission.submission import Submission

__all__ = ["Draft", "Queued", "Refusal", "RefusalKind", "Submission"]
