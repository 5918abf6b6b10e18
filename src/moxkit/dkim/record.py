"""Key records: what is published at ``selector._domainkey.domain`` (RFC 6376 §3.6.1, RFC 8463 §4)."""

import base64
import re
from dataclasses import dataclass

from moxkit.dkim.errors import RecordError, TagListError
from moxkit.dkim.taglist import decode_base64, parse_tag_list, split_list

__all__ = ["Record", "looks_like_record", "parse_record"]

# key-v-tag: first in the record, and compared as a string.
_VERSION = re.compile(r"[ \t]*+v[ \t]*+=[ \t]*+DKIM1[ \t]*+(?:;|\Z)")


@dataclass(frozen=True, slots=True)
class Record:
    """A public key and what it may be used for.

    Attributes:
        public_key: As the key type says, decoded; empty if the key is revoked.
        key_type: ``rsa``, ``ed25519`` or one that we do not know.
        hashes: Hash algorithms that may be used with it; empty for any.
        services: What it is for; ``*`` is everything.
        flags: ``y`` for testing, ``s`` for no subdomains in ``i=``, others without meaning to us.
        notes: For people, as published, not decoded.
    """

    public_key: bytes
    key_type: str = "rsa"
    hashes: tuple[str, ...] = ()
    services: tuple[str, ...] = ("*",)
    flags: tuple[str, ...] = ()
    notes: str = ""

    def __str__(self) -> str:
        """Return the text to publish."""
        tags = ["v=DKIM1"]
        if self.hashes:
            tags.append("h=" + ":".join(self.hashes))
        if self.key_type != "rsa":
            tags.append(f"k={self.key_type}")
        if self.notes:
            tags.append(f"n={_escape(self.notes)}")
        if self.services != ("*",):
            tags.append("s=" + ":".join(self.services))
        if self.flags:
            tags.append("t=" + ":".join(self.flags))
        tags.append("p=" + base64.b64encode(self.public_key).decode("ascii"))
        return ";".join(tags)

    @property
    def is_revoked(self) -> bool:
        """Whether the key must not be believed any more."""
        return not self.public_key

    @property
    def is_testing(self) -> bool:
        """Whether its owner only tries DKIM out: a failure must count as no signature."""
        return "y" in self.flags

    @property
    def requires_exact_identity(self) -> bool:
        """Whether the domains of ``i=`` and ``d=`` must be the same."""
        return "s" in self.flags

    def allows_hash(self, name: str) -> bool:
        """Return whether the hash algorithm may be used with this key."""
        return not self.hashes or name in self.hashes

    def allows_service(self, service: str) -> bool:
        """Return whether the key is for a service: ``email``, or another such as ``tlsrpt`` (RFC 8460 §3)."""
        return "*" in self.services or service in self.services


def parse_record(text: str, *, max_octets: int = 1 << 16) -> Record:
    """Parse a key record; unknown tags are ignored.

    Raises:
        RecordError: Anything that is none, or none of version DKIM1.
    """
    try:
        tags = parse_tag_list(text, max_octets=max_octets)
        if "v" in tags and (tags["v"] != "DKIM1" or next(iter(tags)) != "v"):
            raise RecordError("v= is not DKIM1, or not first")
        if "p" not in tags:
            raise RecordError("no p=")
        return Record(
            public_key=decode_base64(tags["p"]),
            key_type=tags.get("k", "rsa").lower(),
            hashes=split_list(tags["h"]) if "h" in tags else (),
            services=split_list(tags["s"]) if "s" in tags else ("*",),
            flags=split_list(tags["t"]) if tags.get("t") else (),
            notes=tags.get("n", ""),
        )
    except TagListError as error:
        raise RecordError(str(error)) from None


def looks_like_record(text: str) -> bool:
    """Return whether somebody meant this as a key record: it begins with ``v=DKIM1``."""
    return _VERSION.match(text) is not None


def _escape(notes: str) -> str:
    octets = notes.strip().encode("utf-8", "surrogateescape")
    return "".join(chr(o) if 0x20 <= o < 0x7F and o != 0x3B else f"={o:02X}" for o in octets)
