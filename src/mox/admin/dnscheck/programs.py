"""Checks of what mail programs look for."""

from mox.admin.dnscheck.report import Means, Report, Subject, names_host
from mox.config import Security, client_settings
from moxkit.dns import NotFound, Srv
from moxkit.domain import parse_domain
from moxkit.https import HttpsError

__all__ = ["check_autoconfig", "check_autodiscover", "check_services"]

_MAX_OCTETS = 64 * 1024
_HTTPS = 443


async def check_services(subject: Subject, means: Means, report: Report) -> None:
    """Compare SRV records with the ports that are configured (RFC 6186, RFC 8314 §5.1)."""
    settings = client_settings(subject.static, subject.config)
    wanted: dict[str, tuple[str, int]] = {}
    for server in (*settings.imap, *settings.submission):
        if server.security is not Security.NONE and not server.on_https:
            secure = "s" if server.security is Security.TLS else ""
            wanted.setdefault(f"_{server.protocol}{secure}._tcp", (server.host, server.port))
    for service, (host, port) in wanted.items():
        name = f"{service}.{subject.name.ascii}."
        found = await _srv(means, name)
        if (host, port) not in {(each.host.rstrip(".").lower(), each.port) for each in found}:
            now = ", ".join(f"{each.host}:{each.port}" for each in found)
            report.errors.append(
                f"missing: {name} SRV 0 1 {port} {host}.{f'; it leads to {now}' if now else ''}"
            )
    if subject.config.client_settings_domain:
        name = parse_domain(subject.config.client_settings_domain).ascii
        if problem := await names_host(subject, means, name):
            report.errors.append(problem)


async def check_autoconfig(subject: Subject, means: Means, report: Report) -> None:
    """See whether settings are to be had at the name that programs ask."""
    if not _serves_settings(subject):
        return
    name = f"autoconfig.{subject.name.ascii}"
    if problem := await names_host(subject, means, name):
        report.errors.append(problem)
        return
    url = f"https://{name}/mail/config-v1.1.xml?emailaddress=postmaster%40{subject.name.ascii}"
    try:
        found = await means.get(url, max_octets=_MAX_OCTETS)
    except HttpsError as error:
        report.errors.append(f"{url}: {error}")
        return
    if found.status != 200 or b"<clientConfig" not in found.body:
        report.errors.append(f"{url}: the answer is no settings, status {found.status}")


async def check_autodiscover(subject: Subject, means: Means, report: Report) -> None:
    """See whether programs of Microsoft find settings."""
    if not _serves_settings(subject):
        return
    name = f"_autodiscover._tcp.{subject.name.ascii}."
    found = await _srv(means, name)
    if (subject.host.ascii, _HTTPS) not in {(each.host.rstrip(".").lower(), each.port) for each in found}:
        report.errors.append(f"missing: {name} SRV 0 1 {_HTTPS} {subject.host.ascii}.")


def _serves_settings(subject: Subject) -> bool:
    return any(
        each.autoconfig_https is not None and each.autoconfig_https.enabled
        for each in subject.static.listeners.values()
    )


async def _srv(means: Means, name: str) -> tuple[Srv, ...]:
    try:
        return (await means.resolver.srv(name)).records
    except NotFound:
        return ()
