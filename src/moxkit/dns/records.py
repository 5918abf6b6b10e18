"""From dnspython's records to ours; for TLSA see `tlsarecords`."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import dns.name

from moxkit.dns.answer import Mx, Srv
from moxkit.dns.bytype import RecordType

__all__ = ["read_record"]


def read_record(kind: RecordType, rdata: Any) -> Any:
    """Return the record as our type for `kind`."""
    return _READ[kind](rdata)


def _host(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


_READ: dict[RecordType, Callable[[Any], Any]] = {
    RecordType.A: lambda rdata: IPv4Address(rdata.address),
    RecordType.AAAA: lambda rdata: IPv6Address(rdata.address),
    RecordType.CNAME: lambda rdata: _host(rdata.target),
    RecordType.MX: lambda rdata: Mx(rdata.preference, _host(rdata.exchange)),
    RecordType.NS: lambda rdata: _host(rdata.target),
    RecordType.PTR: lambda rdata: _host(rdata.target),
    RecordType.SRV: lambda rdata: Srv(rdata.priority, rdata.weight, rdata.port, _host(rdata.target)),
    RecordType.TXT: lambda rdata: b"".join(rdata.strings).decode("utf-8", "surrogateescape"),
}
