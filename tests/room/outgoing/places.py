"""Ways out for tests, with a zone and a policy of their own; closed at the end."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from mox.config import ConfigSnapshot, Route, Transport, make_snapshot
from mox.config.testing import make
from mox.outgoing import Connections, DirectDelivery, RoutedDelivery, StsPolicies, TlsResults
from moxkit.domain import Domain
from moxkit.https import HttpsError, Response, Stage
from moxkit.smtpclient import Dialer
from moxkit.testing import FakeClock, FakeResolver
from room.outgoing.messages import QUEUED

__all__ = ["STS", "ZONE", "Places", "Policies", "configured"]

ZONE = """
other.example MX 10 mx.mox.example
other.example MX 20 mx2.mox.example
mx.mox.example A 127.0.0.1
mx2.mox.example A 127.0.0.2
"""
STS = """
_mta-sts.other.example TXT "v=STSv1; id=1;"
"""


class Policies:
    """Serves one policy, or nothing."""

    def __init__(self, text: str = "") -> None:
        self.text = text

    async def get(self, url: str, *, max_octets: int) -> Response:
        assert url == "https://mta-sts.other.example/.well-known/mta-sts.txt"
        if not self.text:
            raise HttpsError(Stage.CONNECT, "nobody there")
        return Response(200, "text/plain", "utf-8", self.text.encode())


def by_name(hosts: list[Domain]) -> None:
    hosts.sort(key=str)


@dataclass
class Places:
    """Makes deliverers; a resolver's parameters are passed on."""

    directory: Path
    pool: ThreadPoolExecutor
    clock: FakeClock = field(default_factory=lambda: FakeClock(QUEUED))
    opened: list[StsPolicies | TlsResults | Connections] = field(default_factory=list)

    def policies(self, resolver: FakeResolver, policy: str = "") -> StsPolicies:
        policies = StsPolicies(
            directory=self.directory,
            clock=self.clock,
            pool=self.pool,
            resolver=resolver,
            get=Policies(policy).get,
        )
        self.opened.append(policies)
        return policies

    def tls_results(self) -> TlsResults:
        results = TlsResults(directory=self.directory, clock=self.clock, pool=self.pool)
        self.opened.append(results)
        return results

    def connections(self) -> Connections:
        connections = Connections(self.clock)
        self.opened.append(connections)
        return connections

    def deliverer(
        self,
        dialer: Dialer,
        zone: str = ZONE,
        policy: str = "",
        connections: Connections | None = None,
        tls_results: TlsResults | None = None,
        **resolver: object,
    ) -> DirectDelivery:
        answers = FakeResolver(zone, **resolver)  # type: ignore[arg-type]  # passed on
        return DirectDelivery(
            resolver=answers,
            policies=self.policies(answers, policy),
            dialer=dialer,
            connections=connections,
            tls_results=tls_results,
            shuffle=by_name,
        )

    def routed(
        self, dialer: Dialer, current: Callable[[], ConfigSnapshot], zone: str = ZONE
    ) -> RoutedDelivery:
        answers = FakeResolver(zone)
        return RoutedDelivery(
            current=current,
            resolver=answers,
            policies=self.policies(answers),
            dialer=dialer,
            clock=self.clock,
            connections=self.connections(),
        )

    async def close(self) -> None:
        for each in self.opened:
            await each.close()
        self.opened.clear()


def configured(
    transport: Transport | None = None, routes: Sequence[Route] = (Route(transport="way"),)
) -> ConfigSnapshot:
    """Return a configuration with a transport that everything takes, or with these routes."""
    made = make(static={"transports": {} if transport is None else {"way": transport}})
    return make_snapshot(made.static, replace(made.dynamic, routes=tuple(routes)))
