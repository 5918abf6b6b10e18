"""Reports of others, as mail, and who they are from."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from mox.verification import Verification
from moxkit import arc, dkim, dmarc, dmarcreport, iprev, spf, tlsrpt
from moxkit.domain import parse_domain
from moxkit.message import Address

NOW = datetime(2030, 1, 3, 12, tzinfo=UTC)
DAY = datetime(2030, 1, 2, tzinfo=UTC)
BIG = parse_domain("big.example")
OURS = ("mox.example", "mail.mox.example")

ROWS = (
    dmarcreport.Row(
        source_ip=ip_address("192.0.2.1"),
        count=3,
        disposition=dmarcreport.Disposition.NONE,
        dkim_aligned=True,
        spf_aligned=False,
        header_from="mox.example",
        envelope_from="lists.example",
        envelope_to="big.example",
        dkim=(dmarcreport.DkimAuth("mox.example", "s", dmarcreport.AuthResult.PASS),),
        spf=(dmarcreport.SpfAuth("lists.example", dmarcreport.AuthResult.SOFTFAIL, "mfrom"),),
    ),
    dmarcreport.Row(
        source_ip=ip_address("2001:db8::1"),
        count=40,
        disposition=dmarcreport.Disposition.REJECT,
        dkim_aligned=False,
        spf_aligned=False,
        header_from="mox.example",
        reasons=(dmarcreport.OverrideReason("mailing_list", "a list"),),
    ),
)


def dmarc_report(domain: str = "mox.example", **also: Any) -> dmarcreport.Report:
    """Return a report about a domain; `also` are fields of its metadata."""
    about = dmarcreport.Metadata(
        org_name="Big",
        email="dmarc@big.example",
        report_id="1",
        begin_at=DAY,
        end_at=DAY + timedelta(hours=24),
    )
    policy = dmarcreport.PublishedPolicy(
        domain=domain, policy="reject", subdomain_policy="reject", percentage=100
    )
    return dmarcreport.Report(replace(about, **also), policy, ROWS)


def dmarc_mail(report: dmarcreport.Report) -> bytes:
    """Return the mail that carries it."""
    return dmarcreport.compose_report_mail(
        report,
        submitter=BIG,
        author=Address("", "dmarc", "big.example"),
        recipients=[Address("", "dmarc", "mox.example")],
        now=NOW,
        message_id="1@big.example",
        schema=dmarcreport.Schema.RFC_7489,
    )


RESULTS = (
    tlsrpt.PolicyResult(
        tlsrpt.Policy(tlsrpt.PolicyType.STS, "mox.example", ("version: STSv1",), ("mail.mox.example",)),
        100,
        5,
        (
            tlsrpt.FailureDetails(
                result_type=tlsrpt.ResultType.CERTIFICATE_EXPIRED, failed_sessions=3, receiving_ip="10.0.0.1"
            ),
            tlsrpt.FailureDetails(
                result_type=tlsrpt.ResultType.STARTTLS_NOT_SUPPORTED, failed_sessions=2, reason_code="none"
            ),
        ),
    ),
    tlsrpt.PolicyResult(tlsrpt.Policy(tlsrpt.PolicyType.TLSA, "mail.mox.example"), 7, 0),
    tlsrpt.PolicyResult(tlsrpt.Policy(tlsrpt.PolicyType.NONE, "other.example"), 1, 1),
)


def tls_report(**also: Any) -> tlsrpt.Report:
    """Return a report about our domain and host, and about another; `also` are its fields."""
    report = tlsrpt.Report(
        organization_name="Big",
        contact_info="tls@big.example",
        report_id="1",
        begin_at=DAY,
        end_at=DAY + timedelta(hours=24),
        results=RESULTS,
    )
    return replace(report, **also)


def tls_mail(report: tlsrpt.Report) -> bytes:
    """Return the mail that carries it."""
    return tlsrpt.compose_report_mail(
        report,
        policy_domain=parse_domain("mox.example"),
        submitter=BIG,
        author=Address("", "tls", "big.example"),
        recipients=[Address("", "tls", "mox.example")],
        now=NOW,
        message_id="2@big.example",
    )


def signature(domain: str = "big.example", **also: Any) -> dkim.Signature:
    """Return a signature of a domain."""
    return dkim.Signature(domain=parse_domain(domain), selector=parse_domain("s"), **also)


KEY = dkim.Record(b"key")
PASSED = dkim.Result(dkim.Status.PASS, signature(), KEY)


def dmarc_result(status: dmarc.Status, rua: str = "mailto:rua@big.example", **also: Any) -> dmarc.Result:
    """Return what DMARC says of big.example."""
    record = dmarc.Record(policy=dmarc.Policy.REJECT, rua=(dmarc.ReportUri(rua),) if rua else ())
    return dmarc.Result(status, dmarc.Lookup(BIG, BIG, record, str(record)), **also)


def verified(**also: Any) -> Verification:
    """Return what was found out about mail of Big's; `also` are what is otherwise."""
    found = Verification(
        sender=spf.Sender(ip_address("192.0.2.9"), "bounces@mail.big.example", "mx.big.example"),
        iprev=iprev.Result(iprev.Status.PERMERROR),
        spf=spf.Result(spf.Status.PASS, spf.Identity.MAILFROM, parse_domain("mail.big.example")),
        dkim=(PASSED,),
        arc=arc.Result(arc.Status.NONE),
        dmarc=dmarc_result(dmarc.Status.PASS, aligned_dkim=True, aligned_spf=True),
        author=Address("", "dmarc", "big.example"),
        author_domain=BIG,
    )
    return replace(found, **also)
