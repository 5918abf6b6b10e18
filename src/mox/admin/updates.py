"""Whether there is a newer version: a record in DNS says which is the latest; the postmaster is told, once.

Whoever distributes mox publishes it, as ``_updates.<domain> TXT "v=UPDATES0; l=0.2.0"``. A forged record can
do no more than to have somebody look.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from mox.runtime import Clock, write_file_durably
from moxkit.dns import DnsError, Resolver
from moxkit.domain import Domain

__all__ = ["KnownVersion", "UpdateCheck", "UpdatesError", "Version", "latest_version", "parse_version"]

logger = logging.getLogger(__name__)

_EVERY_S = 86400.0
_AFTER_START_S = 60.0
_AFTER_TROUBLE_S = 3600.0
_LOOKUP_S = 30.0
_LONGEST_NUMBER = 9
# Of a record, in what is said of it.
_LONGEST_TEXT = 100


class UpdatesError(Exception):
    """It cannot be known which version is the latest; the text says why."""


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version; later ones are greater."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


def parse_version(text: str) -> Version:
    """Read ``1.2.3``, perhaps with a ``v`` before it, and something behind ``-``, which is not looked at.

    Raises:
        ValueError: It is none.
    """
    numbers = text.strip().removeprefix("v").partition("-")[0].split(".")
    if len(numbers) != 3 or not all(
        each.isascii() and each.isdecimal() and len(each) <= _LONGEST_NUMBER for each in numbers
    ):
        raise ValueError(f"{text!r} is no version")
    return Version(*map(int, numbers))


def _parse_record(text: str) -> Version | None:
    """Read a record; None for one of something else."""
    tags = [tag.partition("=") for tag in text.split(";")]
    named = {name.strip(): value.strip() for name, _, value in tags if name.strip()}
    # The version comes first, as in the records of RFC 7489 §6.3.
    if tags[0][0].strip() != "v" or named.get("v") != "UPDATES0":
        return None
    try:
        return parse_version(named.get("l", ""))
    except ValueError as error:
        raise UpdatesError(f"record {text[:_LONGEST_TEXT]!r} has no version after l=") from error


async def latest_version(resolver: Resolver, domain: Domain) -> Version:
    """Ask DNS for the latest version.

    Raises:
        UpdatesError: There is no record, or more than one, or it cannot be had or read.
    """
    name = f"_updates.{domain.ascii}."
    try:
        async with asyncio.timeout(_LOOKUP_S):
            answer = await resolver.txt(name)
    except TimeoutError as error:
        raise UpdatesError(f"{name}: no answer") from error
    except DnsError as error:
        raise UpdatesError(f"{name}: {error}") from error
    found = [version for text in answer.records if (version := _parse_record(text)) is not None]
    if len(found) != 1:
        raise UpdatesError(f"{name}: {'no' if not found else 'more than one'} record with v=UPDATES0")
    return found[0]


class KnownVersion:
    """The latest version that somebody was told of, on disk; its time of change is that of the last look."""

    def __init__(self, data_dir: Path) -> None:
        self._file = data_dir / "lastknownversion"

    def read(self) -> Version | None:
        """Return it; None if there is none yet, or none that can be read."""
        try:
            return parse_version(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def looked_at(self) -> float | None:
        """Return when somebody looked, Unix seconds; None for never."""
        try:
            return self._file.stat().st_mtime
        except OSError:
            return None

    def write(self, version: Version, now: float) -> None:
        """Note that somebody looked, and what was found.

        Raises:
            OSError: It cannot be written.
        """
        write_file_durably(self._file, f"{version}\n".encode(), 0o660)
        os.utime(self._file, (now, now))


class UpdateCheck:
    """Looks once a day, over restarts."""

    def __init__(
        self,
        *,
        own: Version,
        domain: Domain,
        data_dir: Path,
        clock: Clock,
        resolver: Resolver,
        tell: Callable[[Version], Awaitable[None]],
    ) -> None:
        """Remember the parts.

        Args:
            own: The version that runs.
            domain: Of whoever publishes versions.
            data_dir: Where it is kept who was told.
            clock: Says when to look.
            resolver: Is asked.
            tell: Tells the postmaster of a new version.
        """
        self._own = own
        self._domain = domain
        self._known = KnownVersion(data_dir)
        self._clock = clock
        self._resolver = resolver
        self._tell = tell

    async def run(self) -> None:
        """Look, again and again, for ever."""
        while True:
            await self._clock.sleep(self._wait_s())
            try:
                await self.look()
            except Exception:  # A full disk or mailbox must not end it for good.
                logger.exception("update check failed")
                await self._clock.sleep(_AFTER_TROUBLE_S)

    def _wait_s(self) -> float:
        looked_at = self._known.looked_at()
        now = self._clock.now().timestamp()
        return _AFTER_START_S if looked_at is None else max(_AFTER_START_S, looked_at + _EVERY_S - now)

    async def look(self) -> None:
        """Look once; tell of a version that is newer than what runs, unless that one was told of last.

        So a forged record that names a version of the far future hides the true ones only while it is there.

        Raises:
            OSError: It cannot be kept, so that it would be told again.
        """
        known = self._known.read() or self._own
        try:
            latest = await latest_version(self._resolver, self._domain)
        except UpdatesError as error:
            logger.info("latest version not known", extra={"reason": str(error)})
            latest = known
        if latest not in {known, self._own} and latest > self._own:
            await self._tell(latest)
            logger.info("there is a new version", extra={"version": str(latest), "own": str(self._own)})
        self._known.write(latest, self._clock.now().timestamp())
