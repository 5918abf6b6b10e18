"""ARC Sets: the three fields that belong together, read from a header (RFC 8617 §4)."""

import re
from dataclasses import dataclass, field as attribute

from moxkit import dkim
from moxkit.arc.errors import SetError
from moxkit.arc.status import Status

__all__ = ["FIELD_NAMES", "MAX_SETS", "ArcSet", "Seal", "collect_sets", "highest_instance", "last_is_failed"]

MAX_SETS = 50
# In the order in which they are signed (§5.1.1).
FIELD_NAMES = ("arc-authentication-results", "arc-message-signature", "arc-seal")
# Comments without comments in them: more is never written here.
_CFWS = rb"(?:[ \t\r\n]++|\([^()]*+\))*+"
_INSTANCE = re.compile(_CFWS + rb"i" + _CFWS + rb"=" + _CFWS + rb"([0-9]{1,2})" + _CFWS + rb";")
# In signature fields i= is a tag like others, most often the first.
_INSTANCE_TAG = re.compile(rb"(?:\A|;)[ \t\r\n]*+i[ \t\r\n]*+=[ \t\r\n]*+([0-9]{1,2})[ \t\r\n]*+(?:;|\Z)")
_FAILED_TAG = re.compile(
    rb"(?:\A|;)[ \t\r\n]*+cv[ \t\r\n]*+=[ \t\r\n]*+fail[ \t\r\n]*+(?:;|\Z)", re.IGNORECASE
)
# What ARC-Seal takes over from DKIM (§4.1.3).
_SEAL_TAGS = ("a", "b", "d", "s", "t")


@dataclass(frozen=True, slots=True)
class Seal:
    """An ARC-Seal field.

    Attributes:
        validation: What its maker found about the chain before (``cv=``).
        signature: Who sealed, when, and the signature proper; it has no header names and no body hash.
    """

    validation: Status
    signature: dkim.Signature


@dataclass(frozen=True, slots=True)
class ArcSet:
    """What one handler added to a message.

    Attributes:
        instance: Its number in the chain, from 1.
        authentication_results: What it had found about the message, without ``i=``, unfolded (RFC 8601).
        message_signature: Over the message as it left the handler.
        seal: Over this and the earlier sets.
        fields: The three fields in the order in which they are signed.
    """

    instance: int
    authentication_results: str
    message_signature: dkim.Signature
    seal: Seal
    fields: tuple[dkim.Field, dkim.Field, dkim.Field] = attribute(repr=False)


def collect_sets(content: dkim.Content, *, limits: dkim.Limits) -> tuple[ArcSet, ...]:
    """Return the sets of a message in order, from 1 without gaps (RFC 8617 §5.2 step 3, A and B).

    Raises:
        SetError: A field is malformed, is missing, or is there twice.
    """
    by_name = [_by_instance(content, name) for name in FIELD_NAMES]
    count = max(map(len, by_name))
    sets = []
    for instance in range(1, count + 1):
        fields = [found.get(instance) for found in by_name]
        results, signature, seal = fields
        if results is None or signature is None or seal is None:
            raise SetError(f"ARC set {instance} is not complete")
        sets.append(
            ArcSet(
                instance,
                _results_of(results),
                _signature_of(signature, limits),
                _seal_of(seal, limits),
                (results, signature, seal),
            )
        )
    return tuple(sets)


def highest_instance(content: dkim.Content) -> int:
    """Return the highest instance number of any ARC field; 0 if there is none that can be read."""
    return max(
        (_read_instance(each) or 0 for name in FIELD_NAMES for each in content.fields(name)), default=0
    )


def last_is_failed(content: dkim.Content) -> bool:
    """Return whether the seal with the highest number says that the chain was broken already (step 2)."""
    seals = [(_read_instance(each) or 0, each) for each in content.fields("arc-seal")]
    highest = max((number for number, _ in seals), default=0)
    return any(_FAILED_TAG.search(each.value) is not None for number, each in seals if number == highest)


def _read_instance(field: dkim.Field) -> int | None:
    is_results = field.name == "arc-authentication-results"
    found = _INSTANCE.match(field.value) if is_results else _INSTANCE_TAG.search(field.value)
    return int(found[1]) if found is not None else None


def _by_instance(content: dkim.Content, name: str) -> dict[int, dkim.Field]:
    found: dict[int, dkim.Field] = {}
    for field in content.fields(name):
        instance = _read_instance(field)
        if instance is None or not 1 <= instance <= MAX_SETS:
            raise SetError(f"{name} without instance from 1 to {MAX_SETS}")
        if instance in found:
            raise SetError(f"{name} with instance {instance} is there twice")
        found[instance] = field
    return found


def _results_of(field: dkim.Field) -> str:
    _, _, results = field.value.partition(b";")
    return results.replace(b"\r\n", b"").decode("utf-8", "replace").strip(" \t")


def _tags(field: dkim.Field, limits: dkim.Limits) -> dict[str, str]:
    try:
        return dkim.parse_tag_list(field.value.decode(), max_octets=limits.max_tag_list_octets)
    except UnicodeDecodeError:
        raise SetError(f"{field.name} is not UTF-8") from None
    except dkim.TagListError as error:
        raise SetError(f"{field.name}: {error}") from None


def _signature_of(field: dkim.Field, limits: dkim.Limits) -> dkim.Signature:
    tags = _tags(field, limits)
    try:
        # There is no version, and i= was the instance (§4.1.2).
        return dkim.read_signature(tags, limits=limits)
    except dkim.SignatureError as error:
        raise SetError(f"{field.name}: {error}") from None


def _seal_of(field: dkim.Field, limits: dkim.Limits) -> Seal:
    tags = _tags(field, limits)
    if "h" in tags:
        # A seal that chooses what it covers is none (§4.1.3).
        raise SetError("arc-seal has h=")
    try:
        validation = Status(tags.get("cv", "").lower())
        signature = dkim.read_signature(
            {name: tags[name] for name in _SEAL_TAGS if name in tags}, covers_body=False, limits=limits
        )
    except ValueError:
        raise SetError("arc-seal with bad cv=") from None
    except dkim.SignatureError as error:
        raise SetError(f"arc-seal: {error}") from None
    return Seal(validation, signature)
