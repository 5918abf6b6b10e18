"""Where the registries' part of a domain name ends: public suffixes and organizational domains.

RFC 7489 §3.2 (organizational domain). It uses the ICANN section of the Public Suffix List that the package
publicsuffixlist brings along; nothing is fetched.

    organizational_domain(parse_domain("a.b.example.co.uk"))    # example.co.uk
    is_public_suffix(parse_domain("co.uk"))                     # True

Nothing is raised.
"""

from moxkit.publicsuffix.suffixes import is_public_suffix, organizational_domain, public_suffix

__all__ = ["is_public_suffix", "organizational_domain", "public_suffix"]
