"""Reports as they travel: XML as it is, in gzip, or in a zip file of one; inflated with a bound."""

import io
import zipfile
import zlib
from enum import StrEnum

from moxkit.dmarcreport.errors import ReportError
from moxkit.message import GunzipError, gunzip

__all__ = ["Packing", "packing_of", "unpack"]

_MOST_OCTETS = 20 << 20
_UTF8_MARK = b"\xef\xbb\xbf"


class Packing(StrEnum):
    """How a report is packed."""

    XML = "xml"
    GZIP = "gzip"
    ZIP = "zip"


def packing_of(start: bytes) -> Packing | None:
    """Tell by its first octets how a report is packed, since types and file names are often wrong."""
    if start.startswith(b"\x1f\x8b"):
        return Packing.GZIP
    if start.startswith(b"PK\x03\x04"):
        return Packing.ZIP
    text = start.removeprefix(_UTF8_MARK).lstrip(b" \t\r\n")
    return Packing.XML if text.startswith((b"<?xml", b"<feedback")) else None


def unpack(octets: bytes) -> bytes:
    """Return the XML of a packed report.

    Raises:
        ReportError: It is packed in no known way, damaged, larger than 20 MB, or not one file.
    """
    match packing_of(octets[:1024]):
        case Packing.XML:
            return octets
        case Packing.GZIP:
            try:
                return gunzip(octets, limit=_MOST_OCTETS)
            except GunzipError as error:
                raise ReportError(str(error)) from None
        case Packing.ZIP:
            return _unzip(octets)
        case None:
            raise ReportError("neither XML nor gzip nor zip")


def _unzip(octets: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            files = [info for info in archive.infolist() if not info.is_dir()]
            if len(files) != 1:
                raise ReportError(f"{len(files)} files in zip")
            # Other methods need memory for their own ends, and are in no use.
            if files[0].compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise ReportError("unknown compression in zip")
            with archive.open(files[0]) as file:
                content = file.read(_MOST_OCTETS + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
        OverflowError,
    ) as error:
        if isinstance(error, ReportError):
            raise
        raise ReportError(f"bad zip: {error}") from None
    if len(content) > _MOST_OCTETS:
        raise ReportError("too large when decompressed")
    return content
