"""Checks of what others need to know to send mail here, and to believe mail from here."""

from urllib.parse import unquote

from mox.admin.dnscheck.report import Means, Report, Subject, host_addresses
from mox.config import HostTLSRPT, ReportAddress
from moxkit import dkim, dmarc, mtasts, spf, tlsrpt
from moxkit.dns import NotFound
from moxkit.domain import Domain, parse_domain
from moxkit.mtasts import Mode

__all__ = [
    "check_dkim",
    "check_dmarc",
    "check_domain_tlsrpt",
    "check_host_tlsrpt",
    "check_mtasts",
    "check_mx",
    "check_spf",
]


async def check_mx(subject: Subject, means: Means, report: Report) -> None:
    """See whether mail for the domain comes to this host."""
    try:
        found = (await means.resolver.mx(f"{subject.name.ascii}.")).records
    except NotFound:
        found = ()
    hosts = [each.host.rstrip(".").lower() for each in sorted(found)]
    if subject.host.ascii not in hosts:
        now = f"; now it goes to {', '.join(hosts)}" if hosts else ""
        report.errors.append(f"missing: {subject.name.ascii}. MX 10 {subject.host.ascii}.{now}")
    elif len(hosts) > 1:
        others = [host for host in hosts if host != subject.host.ascii]
        report.warnings.append(
            f"mail may also go to {', '.join(others)}; they have to pass it on, or to refuse it"
        )


async def check_spf(subject: Subject, means: Means, report: Report) -> None:
    """See whether mail from this host's addresses passes, for the domain and for the host's own name."""
    addresses = subject.configured_addresses or frozenset(await host_addresses(subject, means))
    for name in dict.fromkeys((subject.name, subject.host)):
        found = await spf.lookup(means.resolver, name)
        if found.record is None:
            report.errors.append(f"{name.ascii}: {found.problem}")
            continue
        for address in sorted(addresses, key=str):
            sender = spf.Sender(address, f"postmaster@{name.ascii}", subject.host.ascii)
            result = await spf.check_host(means.resolver, sender, name, now=means.now)
            if result.status is not spf.Status.PASS:
                report.errors.append(
                    f"mail of {name.ascii} from {address} comes to {result.status}"
                    f"{f' ({result.problem})' if result.problem else ''} with: {found.text}"
                )


async def check_dkim(subject: Subject, means: Means, report: Report) -> None:
    """See whether all keys are published that mail is, or may be, signed with."""
    config = subject.config.dkim
    if config is None or not config.sign:
        report.warnings.append("mail of the domain is not signed: no selector is configured for that")
    for selector, key in sorted(subject.dkim_keys.items()):
        expected = dkim.public_record(key, flags=("s",))
        where = f"{selector}._domainkey.{subject.name.ascii}."
        found = await dkim.lookup(means.resolver, parse_domain(selector, allow_underscore=True), subject.name)
        if found.record is None:
            text = found.problem.text if found.problem is not None else "nothing there"
            report.errors.append(f'{where} {text}; it has to be: TXT "{expected}"')
        elif found.record.public_key != expected.public_key:
            report.errors.append(f'{where} has another key; it has to be: TXT "{expected}"')


async def check_dmarc(subject: Subject, means: Means, report: Report) -> None:
    """See which policy applies, and whether reports come here."""
    found = await dmarc.lookup(means.resolver, subject.name)
    if found.record is None:
        report.errors.append(f"_dmarc.{subject.name.ascii}. has no record that can be used {found.problem}")
        return
    if found.record.policy is dmarc.Policy.NONE:
        report.warnings.append(
            "the policy is none: forged mail is not refused; p=quarantine or p=reject is better"
        )
    if (to := subject.config.dmarc) is None:
        return
    wanted = _address(to, subject.name)
    addresses = [unquote(each.uri.removeprefix("mailto:")).lower() for each in found.record.rua]
    if wanted.lower() not in addresses:
        report.warnings.append(f"reports go to {', '.join(addresses) or 'nobody'}, and not to {wanted}")
    if to.domain and (destination := parse_domain(to.domain)) != subject.name:
        allowed = await dmarc.check_report_address(means.resolver, subject.name, destination)
        if allowed.consent not in {dmarc.Consent.INTERNAL, dmarc.Consent.GIVEN}:
            report.errors.append(
                f"{destination.ascii} does not say that it takes reports about {subject.name.ascii}"
            )


def _address(to: ReportAddress, name: Domain) -> str:
    return f"{to.localpart}@{parse_domain(to.domain).ascii if to.domain else name.ascii}"


async def check_host_tlsrpt(subject: Subject, means: Means, report: Report) -> None:
    """See whether reports about TLS to this host come here."""
    if isinstance(to := subject.static.host_tlsrpt, HostTLSRPT) and subject.host != subject.name:
        await _check_tlsrpt(means, report, subject.host, f"{to.localpart}@{subject.host.ascii}")


async def check_domain_tlsrpt(subject: Subject, means: Means, report: Report) -> None:
    """See whether reports about TLS to the domain come here."""
    if (to := subject.config.tlsrpt) is not None:
        await _check_tlsrpt(means, report, subject.name, _address(to, subject.name))


async def _check_tlsrpt(means: Means, report: Report, name: Domain, wanted: str) -> None:
    found = await tlsrpt.lookup(means.resolver, name)
    if found.record is None:
        text = f": {found.problem}" if found.problem else ""
        record = f'"v=TLSRPTv1; rua=mailto:{wanted}"'
        report.errors.append(f"missing{text}: _smtp._tls.{name.ascii}. TXT {record}")
    elif wanted.lower() not in {each.lower() for each in found.record.addresses}:
        report.warnings.append(f"reports go to {', '.join(found.record.rua)}, and not to {wanted}")


async def check_mtasts(subject: Subject, means: Means, report: Report) -> None:
    """See whether the policy that others fetch is the one that is configured."""
    found = await mtasts.lookup(means.resolver, means.get, subject.name)
    config = subject.config.mtasts
    if config is None:
        if found.record is not None:
            report.errors.append(
                f"_mta-sts.{subject.name.ascii}. is published, and the domain has no MTASTS section: others"
                " find no policy, or somebody else's"
            )
        return
    if found.record is None or found.policy is None:
        report.errors.append(f"{found.problem}: {found.detail}")
        return
    if found.record.id != config.policy_id:
        report.errors.append(
            f"_mta-sts.{subject.name.ascii}. has the id {found.record.id}, and the policy"
            f" {config.policy_id}: others do not notice that it changed"
        )
    if found.policy.mode is not Mode(config.mode):
        report.errors.append(f"others get a policy with mode {found.policy.mode}, not {config.mode}")
    if not found.policy.allows(subject.host) and found.policy.mode is not Mode.NONE:
        report.errors.append(f"the policy does not name this host, {subject.host.ascii}")
    if found.policy.mode is not Mode.ENFORCE:
        report.warnings.append(f"the policy is in mode {found.policy.mode}: it protects nobody yet")
