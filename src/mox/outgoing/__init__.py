"""Delivery to the servers of other domains, over the most secure way that both sides can go.

    policies = StsPolicies(directory=data, clock=clock, pool=pool, resolver=resolver, get=https.get)
    deliverer = DirectDelivery(resolver=resolver, policies=policies, dialer=Dialer(...))
    results = await deliverer.deliver(message, content)

MX records, DANE, MTA-STS, REQUIRETLS and opportunistic TLS decide together (`moxkit.smtpclient`). It keeps no
queue and tries each host once: when to try again is the queue's business. Trouble is a result, never an
exception; opening the policies raises `mox.database.DatabaseError`.
"""

from mox.outgoing.direct import DirectDelivery
from mox.outgoing.results import read_pieces, result_of
from mox.outgoing.stspolicies import PolicyUnknownError, StsPolicies

__all__ = ["DirectDelivery", "PolicyUnknownError", "StsPolicies", "read_pieces", "result_of"]
