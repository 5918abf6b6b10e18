"""Keys for tests, and zones that publish them."""

from datetime import UTC, datetime

from moxkit.dkim import PrivateKey, generate_ed25519, generate_rsa, public_record
from moxkit.domain import parse_domain

RSA = generate_rsa(1024)
ED25519 = generate_ed25519()
KEYS: dict[str, PrivateKey] = {"rsa": RSA, "ed": ED25519}
DOMAIN = parse_domain("mox.example")
NOW = datetime(2026, 8, 1, 12, 0, tzinfo=UTC)


def zone(*, rsa: str = "", ed: str = "") -> str:
    """Publish both keys, at ``rsa`` and ``ed``, with more tags in front of each key."""
    lines = []
    for selector, tags in (("rsa", rsa), ("ed", ed)):
        record = str(public_record(KEYS[selector])).replace("v=DKIM1;", f"v=DKIM1;{tags}")
        lines.append(f'{selector}._domainkey.mox.example. TXT "{record}"')
    return "\n".join(lines)
