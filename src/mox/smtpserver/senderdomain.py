"""Whether names a client gives exist, and could take an answer (RFC 5321 §3.6.2, RFC 7505)."""

from moxkit.dns import DnsError, NotFound, Resolver
from moxkit.smtp import Reply

__all__ = ["check_hello_name", "check_sender_domain"]


async def check_sender_domain(resolver: Resolver, domain: str) -> Reply | None:
    """Return why mail from a domain is refused, if it cannot be answered."""
    hosts = []
    try:
        try:
            hosts = [record.host for record in (await resolver.mx(domain)).records]
        except NotFound:
            # RFC 5321 §5.1: without MX the name itself takes mail.
            hosts = [domain]
        if hosts == ["."]:
            return Reply(550, "5.7.27", "sender domain does not accept mail (null MX)")
        for host in hosts[:10]:
            try:
                await resolver.ips(host)
            except NotFound:
                continue
            return None
    except DnsError:
        return Reply(451, "4.4.0", "cannot look up sender domain, try again later")
    return Reply(550, "5.7.27", "sender domain does not accept mail (no MX and no address)")


async def check_hello_name(resolver: Resolver, domain: str) -> Reply | None:
    """Return why HELO is refused, if its name is known not to exist."""
    try:
        await resolver.ips(domain)
    except NotFound:
        return Reply(550, "5.5.0", "your name does not exist in DNS")
    except DnsError:
        return None
    return None
