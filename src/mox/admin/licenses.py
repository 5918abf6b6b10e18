"""Under which terms mox and all that it is made of may be used: what installed packages say of themselves."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import PurePosixPath

__all__ = ["License", "installed_licenses"]

_DISTRIBUTION = "moxmail"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_LICENSE_FILE = re.compile(r"(?:licen[cs]e|copying|notice)", re.IGNORECASE)
# Older packages put the whole text where the name of the license belongs.
_LONGEST_TERMS = 100


@dataclass(frozen=True, slots=True)
class License:
    """The license of a package.

    Attributes:
        name: Of the package.
        version: Of the package.
        terms: The license's name as the package gives it; may be empty.
        texts: Its license files, whole.
    """

    name: str
    version: str
    terms: str
    texts: tuple[str, ...]


def installed_licenses(
    name: str = _DISTRIBUTION, *, find: Callable[[str], Distribution] = distribution
) -> Iterator[License]:
    """Yield the license of a package, then those of all that it needs, by name.

    Packages that are needed on other platforms only are not installed, and left out.

    Args:
        name: Of the package.
        find: Gives what is known of an installed package.

    Raises:
        PackageNotFoundError: The package itself is not installed.
    """
    yield _license(find(name))
    needed = _needed(find(name), find)
    for each in sorted(needed, key=lambda key: key.lower()):
        yield _license(needed[each])


def _needed(root: Distribution, find: Callable[[str], Distribution]) -> dict[str, Distribution]:
    found: dict[str, Distribution] = {}
    waiting = [root]
    while waiting:
        for requirement in waiting.pop().requires or []:
            wanted = _NAME.match(requirement)
            if wanted is None or "extra ==" in requirement:
                continue
            try:
                needed = find(wanted[0])
            except PackageNotFoundError:
                continue
            if needed.name not in found and needed.name != root.name:
                found[needed.name] = needed
                waiting.append(needed)
    return found


def _license(package: Distribution) -> License:
    named = (package.metadata[key] for key in ("License-Expression", "License") if key in package.metadata)
    terms = next(named, "")
    files = [file for file in package.files or () if _is_license(PurePosixPath(file))]
    texts = (file.read_text(encoding="utf-8") for file in sorted(files))
    return License(
        package.name,
        package.version,
        "" if len(terms) > _LONGEST_TERMS or "\n" in terms else terms,
        tuple(text.strip("\n") for text in texts),
    )


def _is_license(file: PurePosixPath) -> bool:
    inside = any(part.endswith(".dist-info") for part in file.parts)
    return inside and _LICENSE_FILE.match(file.name) is not None
