"""Outgoing mail: durable entries, when each is due, one attempt after the other, what it came to.

An accepted message is on stable storage when `add` returns, and stays until every recipient was delivered to
or has failed for good. No destination gets more than its share of the deliveries at once. What people see and
change of it is `Queue.steering`. How a delivery is made is a `Deliverer`; who wants to hear of results, a
`DeliveryListener`: both are passed in.

    queue = Queue(directory=data, clock=clock, pool=pool, deliverer=deliverer, listeners=[bounces])
    await queue.add(NewMessage(...), content)
    tasks.spawn(queue.run(), "queue")
    await queue.steering.set_hold(EntryFilter(recipient="@example.com"), hold=True)

Raises `mox.database.DatabaseError` when its database cannot be used.
"""

from mox.queue.bounces import Bounces
from mox.queue.entries import FromIdTakenError
from mox.queue.filters import EntryFilter, EntrySort, Period, RetiredFilter, RetiredSort
from mox.queue.holdrules import HoldRule, NewHoldRule
from mox.queue.message import Attempted, NewMessage, NewRecipient, QueuedEntry, QueuedMessage
from mox.queue.outcome import Delivered, Failed, Result, Retry
from mox.queue.plan import RetryPlan, is_late, next_attempt
from mox.queue.queue import Deliverer, DeliveryListener, Queue
from mox.queue.returned import Returned, ReturnedMail, ReturnEvent, from_id_of
from mox.queue.sendlimits import LimitKind, SendLimitError, SendLimits
from mox.queue.steering import Steered, Steering
from mox.queue.suppression import Suppressed, Suppressions

__all__ = [
    "Attempted",
    "Bounces",
    "Delivered",
    "Deliverer",
    "DeliveryListener",
    "EntryFilter",
    "EntrySort",
    "Failed",
    "FromIdTakenError",
    "HoldRule",
    "LimitKind",
    "NewHoldRule",
    "NewMessage",
    "NewRecipient",
    "Period",
    "Queue",
    "QueuedEntry",
    "QueuedMessage",
    "Result",
    "RetiredFilter",
    "RetiredSort",
    "Retry",
    "RetryPlan",
    "ReturnEvent",
    "Returned",
    "ReturnedMail",
    "SendLimitError",
    "SendLimits",
    "Steered",
    "Steering",
    "Suppressed",
    "Suppressions",
    "from_id_of",
    "is_late",
    "next_attempt",
]
