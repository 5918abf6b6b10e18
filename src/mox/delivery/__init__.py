"""A received message -> verified, judged, deposited.

Takes an `Incoming` from the SMTP server and returns an `Outcome` for each recipient. Sender verification and
the judgement of content are a later seam between the two.
"""

from mox.delivery.delivery import Delivery
from mox.delivery.headers import received_field
from mox.delivery.incoming import Connection, Incoming, Outcome

__all__ = ["Connection", "Delivery", "Incoming", "Outcome", "received_field"]
