"""Ways out for the mail of the queue: direct to other domains' hosts, or as routes of the configuration say.

    policies = StsPolicies(directory=data, clock=clock, pool=pool, resolver=resolver, get=https.get)
    results = TlsResults(directory=data, clock=clock, pool=pool)
    deliverer = RoutedDelivery(
        current=lambda: source.current, resolver=resolver, policies=policies, dialer=Dialer(...),
        clock=clock, tls_results=results,
    )
    outcome = await deliverer.deliver(message, content)

Direct delivery is as secure as MX records, DANE, MTA-STS, REQUIRETLS and opportunistic TLS together ask
(`moxkit.smtpclient`). What TLS came to is recorded for TLS reports (RFC 8460); sending those is somebody
else's. It keeps no queue: when to try again is the queue's business. Trouble is a result, never an exception;
opening the databases raises `mox.database.DatabaseError`.
"""

from mox.outgoing.addresses import own_addresses
from mox.outgoing.connections import Connections
from mox.outgoing.direct import DirectDelivery
from mox.outgoing.hostreach import DirectWay
from mox.outgoing.letters import read_pieces, result_of
from mox.outgoing.routed import RoutedDelivery
from mox.outgoing.routes import Chosen, choose_transport
from mox.outgoing.smarthost import Smarthost, SmarthostDelivery
from mox.outgoing.stspolicies import KnownPolicy, PolicyUnknownError, StsPolicies
from mox.outgoing.tlsresults import DayResults, TlsResults
from mox.outgoing.tlssessions import Noted, Session, results_of

__all__ = [
    "Chosen",
    "Connections",
    "DayResults",
    "DirectDelivery",
    "DirectWay",
    "KnownPolicy",
    "Noted",
    "PolicyUnknownError",
    "RoutedDelivery",
    "Session",
    "Smarthost",
    "SmarthostDelivery",
    "StsPolicies",
    "TlsResults",
    "choose_transport",
    "own_addresses",
    "read_pieces",
    "result_of",
    "results_of",
]
