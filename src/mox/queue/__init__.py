"""Outgoing mail: durable entries, when each is due, one attempt after the other, what it came to.

An accepted message is on stable storage when `add` returns, and stays until every recipient was delivered to
or has failed for good. How a delivery is made is a `Deliverer`; who wants to hear of results, a
`DeliveryListener`: both are passed in.

    queue = Queue(directory=data, clock=clock, pool=pool, deliverer=deliverer, listener=listener)
    await queue.add(NewEntry(...), content)
    tasks.spawn(queue.run(), "queue")

Raises `mox.database.DatabaseError` when its database cannot be used.
"""

from mox.queue.bounces import Bounces
from mox.queue.entries import Attempted, NewMessage, QueuedEntry, QueuedMessage
from mox.queue.outcome import Delivered, Failed, Result, Retry
from mox.queue.plan import RetryPlan, is_late, next_attempt
from mox.queue.queue import Deliverer, DeliveryListener, Queue

__all__ = [
    "Attempted",
    "Bounces",
    "Delivered",
    "Deliverer",
    "DeliveryListener",
    "Failed",
    "NewMessage",
    "Queue",
    "QueuedEntry",
    "QueuedMessage",
    "Result",
    "Retry",
    "RetryPlan",
    "is_late",
    "next_attempt",
]
