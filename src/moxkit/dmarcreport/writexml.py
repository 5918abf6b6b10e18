"""Writing a report's XML, in the schema of RFC 9990 appendix A or that of RFC 7489 appendix C."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import Enum
from xml.sax.saxutils import escape

from moxkit.dmarcreport.report import Disposition, Report, Row

__all__ = ["Schema", "encode_report_xml"]

_NAMESPACE = "urn:ietf:params:xml:ns:dmarc-2.0"
# What XML 1.0 §2.2 cannot hold, escaped or not.
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Reasons that only one of the schemas has; both have "other" (RFC 9990 §3.1.6, RFC 7489 appendix C).
_ONLY_OLD = {"forwarded", "sampled_out"}
_ONLY_NEW = {"policy_test_mode"}

_Leaf = tuple[str, str | int | None]


class Schema(Enum):
    """Which schema to write; both are widely read."""

    RFC_9990 = 9990
    RFC_7489 = 7489


def encode_report_xml(report: Report, *, schema: Schema = Schema.RFC_9990) -> bytes:
    """Write a report; what the schema has no word for is left out or becomes the nearest one."""
    namespace = f' xmlns="{_NAMESPACE}"' if schema is Schema.RFC_9990 else ""
    pieces = [
        f'<?xml version="1.0" encoding="UTF-8"?>\n<feedback{namespace}>\n',
        *_leaves([("version", "1.0")]),
        *_metadata(report, schema),
        *_policy(report, schema),
    ]
    for row in report.rows:
        pieces += _row(row, schema)
    return "".join([*pieces, "</feedback>\n"]).encode()


def _metadata(report: Report, schema: Schema) -> Iterator[str]:
    about = report.metadata
    yield "<report_metadata>\n"
    yield from _leaves(
        [
            ("org_name", about.org_name),
            ("email", about.email),
            ("extra_contact_info", about.extra_contact_info or None),
            ("report_id", about.report_id),
        ]
    )
    period: list[_Leaf] = [("begin", _seconds(about.begin_at)), ("end", _seconds(about.end_at))]
    yield from _group("date_range", period)
    yield from _leaves(("error", error) for error in about.errors)
    if schema is Schema.RFC_9990:
        yield from _leaves([("generator", about.generator or None)])
    yield "</report_metadata>\n"


def _policy(report: Report, schema: Schema) -> Iterator[str]:
    policy = report.policy
    leaves: list[_Leaf] = [
        ("domain", policy.domain),
        ("adkim", policy.dkim_alignment or None),
        ("aspf", policy.spf_alignment or None),
        ("p", policy.policy),
        # Demanded by both; without a tag of its own, subdomains have the domain's policy.
        ("sp", policy.subdomain_policy or policy.policy),
    ]
    if schema is Schema.RFC_9990:
        testing = None if policy.testing is None else "y" if policy.testing else "n"
        leaves += [
            ("np", policy.nonexistent_policy or None),
            ("testing", testing),
            ("discovery_method", policy.discovery_method or None),
        ]
    else:
        leaves.append(("pct", 100 if policy.percentage is None else policy.percentage))
    yield from _group("policy_published", [*leaves, ("fo", policy.failure_options or None)])


def _row(row: Row, schema: Schema) -> Iterator[str]:
    disposition = row.disposition
    if schema is Schema.RFC_7489 and disposition is Disposition.PASS:
        disposition = Disposition.NONE
    yield "<record>\n<row>\n"
    yield from _leaves([("source_ip", str(row.source_ip)), ("count", row.count)])
    yield "<policy_evaluated>\n"
    aligned = [("dkim", row.dkim_aligned), ("spf", row.spf_aligned)]
    yield from _leaves([("disposition", disposition)])
    yield from _leaves((name, "pass" if passed else "fail") for name, passed in aligned)
    for reason in row.reasons:
        foreign = _ONLY_OLD if schema is Schema.RFC_9990 else _ONLY_NEW
        kind = "other" if reason.type in foreign else reason.type
        comment = reason.comment or (reason.type if kind != reason.type else None)
        yield from _group("reason", [("type", kind), ("comment", comment)])
    yield "</policy_evaluated>\n</row>\n"
    yield from _group(
        "identifiers",
        [
            ("envelope_to", row.envelope_to),
            ("envelope_from", row.envelope_from),
            ("header_from", row.header_from),
        ],
    )
    yield "<auth_results>\n"
    for dkim in row.dkim:
        leaves: list[_Leaf] = [("domain", dkim.domain), ("selector", dkim.selector), ("result", dkim.result)]
        yield from _group("dkim", [*leaves, ("human_result", dkim.human_result or None)])
    for spf in row.spf:
        leaves = [("domain", spf.domain), ("scope", spf.scope or None), ("result", spf.result)]
        human = spf.human_result if schema is Schema.RFC_9990 else ""  # not in the old schema
        yield from _group("spf", [*leaves, ("human_result", human or None)])
    yield "</auth_results>\n</record>\n"


def _group(name: str, leaves: Iterable[_Leaf]) -> Iterator[str]:
    yield f"<{name}>\n"
    yield from _leaves(leaves)
    yield f"</{name}>\n"


def _leaves(leaves: Iterable[_Leaf]) -> Iterator[str]:
    """Write elements that hold text only; those that are None are left out."""
    for name, value in leaves:
        if value is not None:
            yield f"<{name}>{escape(_NO_CHARACTER.sub(' ', str(value)))}</{name}>\n"


def _seconds(when: datetime) -> int:
    return int(when.timestamp())
