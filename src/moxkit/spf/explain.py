"""The words of a domain about its fail (RFC 7208 §6.2). Whatever is wrong with them, there are none then."""

from moxkit.dns import DnsError, Resolver
from moxkit.spf.errors import RecordError
from moxkit.spf.limits import EvaluationError, Queries, is_name
from moxkit.spf.macros import MacroString, parse_explain_string
from moxkit.spf.values import MacroValues

__all__ = ["explain"]

# It may end up in an SMTP reply, whose lines have 512 octets at most (RFC 5321 §4.5.3.1.5).
_MAX_CHARACTERS = 800
# Longer texts are no explanations, and need not be parsed.
_MAX_TEXT = 4096


async def explain(resolver: Resolver, values: MacroValues, spec: MacroString, domain: str) -> str:
    """Return the explanation: printable ASCII, cut at 800 characters; empty if there is none.

    Its lookups come after the evaluation and have limits of their own (RFC 7208 §4.6.4).
    """
    queries = Queries(resolver, values.client_ip)
    try:
        confirmed = await queries.name_for_macro(domain) if "p" in spec.letters else ""
        name = spec.expand_name(values.of(domain, confirmed))
        if not is_name(name):
            return ""
        texts = (await resolver.txt(name)).records
        if len(texts) != 1 or len(texts[0]) > _MAX_TEXT or not _is_printable_ascii(texts[0]):
            return ""
        text = parse_explain_string(texts[0])
        if "p" in text.letters and not confirmed:
            confirmed = await queries.name_for_macro(domain)
    except (DnsError, EvaluationError, RecordError):
        return ""
    explanation = text.expand_text(values.of(domain, confirmed), limit=_MAX_CHARACTERS)
    # Localparts and HELO names come from the client, who must not write lines of ours.
    return "".join(char if _is_printable_ascii(char) else "?" for char in explanation)


def _is_printable_ascii(text: str) -> bool:
    return text.isascii() and text.isprintable()
