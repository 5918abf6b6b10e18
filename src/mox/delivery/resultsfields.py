"""What was found out about a message, as header fields: Authentication-Results and Received-SPF.

Names stand in them as A-labels, so that readers without UTF-8 see the same.
"""

import base64
from collections.abc import Iterator, Sequence

from mox.verification import Verification
from moxkit import arc, dkim, dmarc, spf
from moxkit.message import AuthenticationResults, Method, Property

__all__ = ["authentication_results", "received_spf_field"]

# Signatures that are told; of further ones none was checked.
_MOST_SIGNATURES = 20
# RFC 6008 §4: enough to tell signatures apart.
_SIGNATURE_CHARACTERS = 12
_LONGEST_REASON = 200


def authentication_results(
    found: Verification, hostname: str, *, overrides: Sequence[str] = (), smtputf8: bool = False
) -> bytes:
    """Write the field with all results, with its CRLF (RFC 8601 §2.2).

    Args:
        found: The results.
        hostname: Of this server: who says so (RFC 8601 §2.5).
        overrides: Why DMARC's policy did not count for this recipient, if it would have.
        smtputf8: The header may hold UTF-8.
    """
    methods = [_iprev(found), *_dkim(found, smtputf8=smtputf8), _spf(found), _dmarc(found, overrides)]
    if found.arc.status is not arc.Status.NONE:
        methods.append(_arc(found))
    return bytes(AuthenticationResults(hostname, tuple(methods)))


def received_spf_field(found: Verification) -> bytes:
    """Write the field with the result of SPF, with its CRLF (RFC 7208 §9.1)."""
    return str(spf.received_spf(found.sender, found.spf)).encode("utf-8", "replace")


def _dnssec(*, authentic: bool) -> str:
    return "with dnssec" if authentic else "without dnssec"


def _iprev(found: Verification) -> Method:
    """RFC 8601 §2.7.3."""
    result = found.iprev
    return Method(
        "iprev",
        result.status,
        reason=result.problem[:_LONGEST_REASON],
        comment=_dnssec(authentic=result.authentic),
        properties=(Property("policy", "iprev", str(found.sender.client_ip)),),
    )


def _dkim(found: Verification, *, smtputf8: bool) -> Iterator[Method]:
    """RFC 8601 §2.7.1, one for each signature."""
    for result in found.dkim[:_MOST_SIGNATURES]:
        reason = "" if result.problem is None else result.problem.text[:_LONGEST_REASON]
        signature = result.signature
        if signature is None:
            yield Method("dkim", result.status, reason=reason)
            continue
        shown = base64.b64encode(signature.signature).decode()[:_SIGNATURE_CHARACTERS]
        properties = [
            Property("header", "d", signature.domain.ascii),
            Property("header", "s", signature.selector.ascii),
            Property("header", "a", signature.algorithm),
            Property("header", "b", shown),
        ]
        if (identity := signature.identity) is not None and (smtputf8 or identity.localpart.isascii()):
            properties.append(Property("header", "i", f"{identity.localpart}@{identity.domain.ascii}"))
        comment = f"{_key(result)}{_dnssec(authentic=result.authentic)}"
        yield Method("dkim", result.status, reason=reason, comment=comment, properties=tuple(properties))
    if not found.dkim:
        yield Method("dkim", "none")


def _key(result: dkim.Result) -> str:
    """Tell how strong the key is, if there is one."""
    if result.record is None:
        return ""
    try:
        key = dkim.load_public_key(result.record)
    except dkim.KeyFormatError:
        return ""
    # Ed25519 has one size only (RFC 8463 §4).
    size = getattr(key, "key_size", None)
    return f"{result.record.key_type}, " if size is None else f"{size} bit {result.record.key_type}, "


def _spf(found: Verification) -> Method:
    """RFC 8601 §2.7.2."""
    result, sender = found.spf, found.sender
    if result.identity is spf.Identity.MAILFROM:
        identity = Property("smtp", "mailfrom", sender.mail_from)
    else:
        identity = Property("smtp", "helo", sender.helo_text)
    return Method(
        "spf",
        result.status,
        reason=result.problem[:_LONGEST_REASON],
        comment=_dnssec(authentic=result.authentic),
        properties=(identity,) if identity.value else (),
    )


def _dmarc(found: Verification, overrides: Sequence[str]) -> Method:
    """RFC 7489 §11.2."""
    result, domain = found.dmarc, found.author_domain
    if result is None or domain is None:
        return Method("dmarc", "none", reason="no single author with a domain")
    comment = _dnssec(authentic=result.lookup.authentic)
    if result.record is not None and result.status is dmarc.Status.FAIL:
        comment = f"p={result.published_policy}, {comment}"
    if overrides:
        comment += f", override {' '.join(overrides)}"
    return Method(
        "dmarc",
        result.status,
        reason=result.problem[:_LONGEST_REASON],
        comment=comment,
        properties=(Property("header", "from", domain.ascii),),
    )


def _arc(found: Verification) -> Method:
    """RFC 8617 §10.2."""
    result = found.arc
    reason = "" if result.problem is None else result.problem.text[:_LONGEST_REASON]
    sealers = [each.seal.signature.domain.ascii for each in result.sets[-_MOST_SIGNATURES:]]
    properties = [Property("smtp", "remote-ip", str(found.sender.client_ip))]
    if result.oldest_pass is not None:
        properties.append(Property("header", "oldest-pass", str(result.oldest_pass)))
    comment = f"sealed by {' '.join(sealers)}" if sealers else ""
    return Method("arc", result.status, reason=reason, comment=comment, properties=tuple(properties))
