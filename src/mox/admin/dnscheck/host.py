"""Checks of the host: DNSSEC, its names, its TLS, DANE."""

from mox.admin.dnscheck.report import Means, Report, Subject, host_addresses
from moxkit import dane, iprev
from moxkit.dns import Address, NotFound
from moxkit.domain import Domain
from moxkit.smtpclient import HostConnection, HostFailure, TlsPolicy, TlsUse, Verification

__all__ = ["check_addresses", "check_dane", "check_dnssec", "check_reverse_names", "check_tls"]


async def check_dnssec(subject: Subject, means: Means, report: Report) -> None:
    """See whether answers are verified, and whether the names are signed."""
    try:
        is_verified = (await means.resolver.ns("com.")).authentic
    except NotFound as error:
        is_verified = error.authentic
    if not is_verified:
        report.errors.append(
            "the resolver does not verify answers, or is elsewhere and not believed: there is no DANE for"
            " outgoing mail; install unbound on this machine and name it in resolv.conf"
        )
        return
    try:
        is_signed = (await means.resolver.ips(f"{subject.host.ascii}.")).authentic
    except NotFound as error:
        is_signed = error.authentic
    if not is_signed:
        report.warnings.append(
            f"{subject.host.ascii} is not signed: who delivers here cannot use DANE; DNSSEC is switched on"
            " at who runs its DNS"
        )


async def check_addresses(subject: Subject, means: Means, report: Report) -> None:
    """Compare the addresses of the host in DNS with the configuration."""
    found = await host_addresses(subject, means)
    if not found:
        report.errors.append(f"{subject.host.ascii} has no address in DNS; add A and AAAA records")
    if not (configured := subject.configured_addresses):
        return
    for address in found:
        if address not in configured:
            report.errors.append(
                f"{subject.host.ascii} leads to {address}, which no listener with SMTP has (IPs, or NATIPs)"
            )
    report.warnings.extend(
        f"{address} of a listener with SMTP is not an address of {subject.host.ascii}"
        for address in sorted(configured - set(found), key=str)
    )


async def check_reverse_names(subject: Subject, means: Means, report: Report) -> None:
    """See whether each address leads back to the host, and to nothing else."""
    for address in await host_addresses(subject, means):
        found = await iprev.verify(means.resolver, address)
        names = {name.rstrip(".").lower() for name in found.names}
        if found.status is not iprev.Status.PASS:
            report.errors.append(
                f"{address}: {found.problem}; whoever rents out the address sets its name,"
                f" which is to be {subject.host.ascii}"
            )
        elif names != {subject.host.ascii}:
            report.errors.append(
                f"{address} has the names {', '.join(sorted(names))}; it should be {subject.host.ascii} alone"
            )


async def check_tls(subject: Subject, means: Means, report: Report) -> None:
    """See whether port 25 has TLS with a certificate that everybody believes, at each address."""
    policy = TlsPolicy(TlsUse.REQUIRED, Verification.WEBPKI, (subject.host,))
    for address in await host_addresses(subject, means):
        if problem := await _dial(means, subject.host, address, policy):
            report.errors.append(problem)


async def check_dane(subject: Subject, means: Means, report: Report) -> None:
    """Compare DANE records with the keys of the host, and with what port 25 shows."""
    found = await dane.find_records(means.resolver, subject.host)
    if found.status is dane.Status.TEMPERROR:
        report.errors.append(f"DANE records cannot be looked up: {found.problem}")
        return
    missing = [key for key in subject.host_keys if key not in found.records]
    is_signed = (await means.resolver.ips(f"{subject.host.ascii}.")).authentic
    if missing and is_signed:
        report.errors.extend(
            f"missing: _25._tcp.{subject.host.ascii}. TLSA"
            f" {key.usage} {key.selector} {key.matching_type} {key.data.hex()}"
            for key in missing
        )
    elif not subject.host_keys:
        report.warnings.append(
            "no listener has HostPrivateKeyFiles, so there can be no stable DANE records;"
            " mox config ensureacmehostprivatekeys makes them"
        )
    if not found.records:
        return
    policy = TlsPolicy(TlsUse.REQUIRED, Verification.DANE, (subject.host,), found)
    for address in await host_addresses(subject, means):
        if problem := await _dial(means, subject.host, address, policy):
            report.errors.append(f"who believes DANE does not deliver: {problem}")


async def _dial(means: Means, host: Domain, address: Address, policy: TlsPolicy) -> str:
    """Connect, and say what is wrong; nothing when it is fine."""
    found = await means.dialer.dial(host, [address], policy)
    if isinstance(found, HostFailure):
        failures = "; ".join(each.reason or each.result_type for each in found.failures)
        return f"{found.text}{f' ({failures})' if failures else ''}"
    problem = "" if _is_verified(found) else f"{host.ascii} [{address}] does not offer STARTTLS"
    await found.close()
    return problem


def _is_verified(connection: HostConnection) -> bool:
    return connection.tls is not None and connection.is_verified
