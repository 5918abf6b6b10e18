"""An internet of unsigned zones on loopback: nsd serves, unbound asks; some names are late, or never come.

Reverse names of 127.0.0.0/8 are a zone like others, so that clients there have names.
"""

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import dns.message
import dns.rdatatype
import dns.rrset

from endtoend.dnssec import free_port, running
from endtoend.nameservers import nsd_config, unbound_config

__all__ = ["REVERSE", "quoted", "serve_late", "serve_never", "serve_zones"]

REVERSE = "127.in-addr.arpa"
_HEAD = """$ORIGIN {name}.
$TTL 3600
@ SOA ns.example. admin.example. 1 3600 600 86400 60
@ NS ns.example.
"""
_OPTIONS = (
    "do-not-query-localhost: no",
    'module-config: "iterator"',
    f'local-zone: "{REVERSE}." nodefault',
)


def quoted(text: str) -> str:
    """Return what a TXT record is written as, in pieces that fit."""
    return " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))


@contextlib.contextmanager
def serve_zones(
    directory: Path,
    program: Callable[[str, str], str],
    zones: Mapping[str, str],
    elsewhere: Mapping[str, int] | None = None,
) -> Iterator[str]:
    """Serve zones; yields the resolver, as ``127.0.0.1:port``.

    Args:
        directory: For files.
        program: The fixture.
        zones: Records by the zone's name, names relative to it.
        elsewhere: Zones of others, by their port.
    """
    nsd, unbound = program("nsd", "nsd"), program("unbound", "unbound")
    nsd_port, unbound_port = free_port(), free_port()
    for name, records in zones.items():
        (directory / f"{name}.zone").write_text(_HEAD.format(name=name) + records)
    served = nsd_config(directory, f"127.0.0.1@{nsd_port}", [(name, f"{name}.zone") for name in zones])
    ports = {**dict.fromkeys(zones, nsd_port), **(elsewhere or {})}
    stubs = [(name, f"127.0.0.1@{port}") for name, port in ports.items()]
    asking = unbound_config(directory, f"127.0.0.1@{unbound_port}", stubs, _OPTIONS)
    (directory / "nsd.conf").write_text(served)
    (directory / "unbound.conf").write_text(asking)
    with contextlib.ExitStack() as stack:
        for command, port in (
            ([nsd, "-d", "-c", str(directory / "nsd.conf")], nsd_port),
            ([unbound, "-d", "-c", str(directory / "unbound.conf")], unbound_port),
        ):
            log = directory / f"{Path(command[0]).name}.log"
            stack.enter_context(running(command, port, log))
        yield f"127.0.0.1:{unbound_port}"


@contextlib.contextmanager
def serve_never() -> Iterator[int]:
    """Get questions and answer none; yields the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hole:
        hole.bind(("127.0.0.1", 0))
        yield int(hole.getsockname()[1])


@contextlib.contextmanager
def serve_late(records: Mapping[str, str], delay_s: float, resolver: str) -> Iterator[str]:
    """Be a resolver to which some TXT records come late, however often it is asked; yields its ``IP:port``.

    Args:
        records: By name.
        delay_s: From the first question for a name to its answer.
        resolver: Asked for all other names.
    """
    first_asked: dict[str, float] = {}
    host, _, port = resolver.partition(":")

    class Handler(socketserver.BaseRequestHandler):
        """One question."""

        def handle(self) -> None:
            octets, answering = self.request
            question = dns.message.from_wire(octets)
            name = question.question[0].name.to_text(omit_final_dot=True).lower()
            if name in records:
                asked_at = first_asked.setdefault(name, time.monotonic())
                time.sleep(max(0.0, asked_at + delay_s - time.monotonic()))
                answer = _answer(question, records[name])
            else:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                    asking.settimeout(5)
                    asking.sendto(octets, (host, int(port)))
                    answer = asking.recv(65535)
            # Somebody may ask until the very end.
            with contextlib.suppress(OSError):
                answering.sendto(answer, self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def _answer(question: dns.message.Message, text: str) -> bytes:
    answer: dns.message.Message = dns.message.make_response(question)
    asked = question.question[0]
    if asked.rdtype == dns.rdatatype.TXT:
        answer.answer.append(dns.rrset.from_text(asked.name, 3600, "IN", "TXT", quoted(text)))
    return answer.to_wire()
