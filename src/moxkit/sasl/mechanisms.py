"""The mechanisms by name, and which of them is stronger."""

from enum import StrEnum

__all__ = ["STRONGEST_FIRST", "Mechanism"]


class Mechanism(StrEnum):
    """Registered names."""

    EXTERNAL = "EXTERNAL"
    SCRAM_SHA_256_PLUS = "SCRAM-SHA-256-PLUS"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_1_PLUS = "SCRAM-SHA-1-PLUS"
    SCRAM_SHA_1 = "SCRAM-SHA-1"
    CRAM_MD5 = "CRAM-MD5"
    PLAIN = "PLAIN"
    LOGIN = "LOGIN"

    @property
    def is_scram(self) -> bool:
        """Whether it is of the SCRAM family."""
        return self.startswith("SCRAM-")

    @property
    def is_plus(self) -> bool:
        """Whether it binds to the TLS channel."""
        return self.endswith("-PLUS")

    @property
    def hash_name(self) -> str:
        """The SCRAM hash, as hashlib calls it."""
        return "sha256" if "SHA-256" in self else "sha1"


STRONGEST_FIRST: tuple[Mechanism, ...] = tuple(Mechanism)
