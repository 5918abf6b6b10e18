"""The process behind `SendingServer`: a server whose queue delivers to hosts that DNS names.

    python -m endtoend.sendingprogram DIRECTORY --dns 127.0.0.1:61001 --smtp-port 61002 --https-port 61003

`mox serve` without what needs the outside world: ports, resolver and authorities are the test's.
"""

import argparse
import asyncio
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import uvloop
from cryptography import x509

from mox.app import Ground, Server, build
from mox.app.workers import run_workers
from mox.config import STATIC_NAME, ConfigSource, load_config
from mox.observe import LogfmtFormatter, LogLevels, install
from mox.outgoing import RoutedDelivery, StsPolicies, TlsResults
from mox.privilege import Inherited
from mox.runtime import SystemClock
from moxkit.dns import DnsResolver, parse_name_server
from moxkit.https import HttpsClient
from moxkit.smtpclient import Dialer


class _HastyClock(SystemClock):
    """The machine's clock; but who sent unwanted mail is not kept for half a minute over each reply."""

    async def sleep(self, seconds: float) -> None:
        """Sleep; what comes octet by octet, a second each, comes faster."""
        await super().sleep(seconds / 100 if seconds == 1 else seconds)


async def _serve(options: argparse.Namespace, source: ConfigSource, inherited: Inherited | None) -> int:
    clock, levels = _HastyClock(), LogLevels("debug")
    config, pool = source.current, ThreadPoolExecutor(4)
    data_dir = options.directory / config.static.data_dir
    roots = x509.load_pem_x509_certificates((options.directory / "roots.pem").read_bytes())
    resolver = DnsResolver(servers=[parse_name_server(options.dns)])
    https = HttpsClient(resolver, roots=roots, now=clock.now, timeout_s=10, port=options.https_port)
    policies = StsPolicies(directory=data_dir, clock=clock, pool=pool, resolver=resolver, get=https.get)
    dialer = Dialer(config.static.hostname, roots, clock.now, port=options.smtp_port, timeout_s=10)
    results = TlsResults(directory=data_dir, clock=clock, pool=pool)
    deliverer = RoutedDelivery(
        current=lambda: source.current,
        resolver=resolver,
        policies=policies,
        dialer=dialer,
        clock=clock,
        tls_results=results,
    )
    ground = Ground(source=source, data_dir=data_dir, clock=clock, levels=levels)
    if inherited is not None:
        ground = replace(ground, worker=inherited.worker, notices=inherited.notices)
    server = build(ground, deliverer=deliverer, bound=None if inherited is None else inherited.sockets)
    if inherited is not None:
        inherited.follow(lambda _: None, lambda: server.shutdown.ask("the parent is gone", 1))
    credentials = server.identities.credentials
    for account in config.accounts if inherited is None or inherited.worker.is_first else ():
        if not credentials.has_password(account):
            await credentials.set_password(account, options.password)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _ask_for_end, server, number)
    try:
        return await server.run(lambda: None)
    finally:
        await deliverer.close()
        await results.close()
        await policies.close()
        resolver.close()
        pool.shutdown()


def _ask_for_end(server: Server, number: int) -> None:
    server.shutdown.ask(signal.Signals(number).name, 0)


def main() -> int:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, help="with mox.toml, domains.toml and roots.pem")
    parser.add_argument("--dns", required=True, help="resolver, IP:PORT")
    parser.add_argument("--smtp-port", type=int, required=True, help="of all other hosts")
    parser.add_argument("--https-port", type=int, required=True, help="of hosts with MTA-STS policies")
    parser.add_argument("--password", required=True, help="of accounts that have none")
    options = parser.parse_args()
    install(LogfmtFormatter())
    static_file, inherited = options.directory / STATIC_NAME, Inherited.take()
    source = ConfigSource(static_file, load_config(static_file), _HastyClock())
    if inherited is None and (static := source.current.static).workers > 1:
        argv = [sys.executable, "-m", "endtoend.sendingprogram", *sys.argv[1:]]
        data_dir = options.directory / static.data_dir
        return run_workers(argv, static=static, data_dir=data_dir, run_as=None, files=())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(options, source, inherited))


if __name__ == "__main__":
    raise SystemExit(main())
