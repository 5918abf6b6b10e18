"""Domain names: parsing with IDNA, comparison, display. Pure.

RFC 5890, 5891 (IDNA 2008) with the mapping of UTS 46, RFC 1035 §2.3.4 (length), RFC 5321 §4.1.2 (syntax).
It looks nothing up and does not know public suffixes.

    domain = parse_domain("Bücher.example")
    domain.ascii, domain.unicode    # "xn--bcher-kva.example", "bücher.example"
    str(domain), domain.display     # "xn--bcher-kva.example", "bücher.example/xn--bcher-kva.example"

Parsing raises `DomainError`, nothing else.
"""

from moxkit.domain.name import Domain, DomainError, parse_domain

__all__ = ["Domain", "DomainError", "parse_domain"]
