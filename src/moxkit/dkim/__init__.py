"""Signing messages for a domain, and checking such signatures: DKIM.

RFC 6376, with 8301 (no SHA-1, key sizes), 8463 (Ed25519) and 8616 (internationalized names). It does not
relate the signing domain to the author's (DMARC does), does not decide about mail and repairs no line ends.

    key = SigningKey(selector=parse_domain("s1"), private_key=generate_ed25519())
    fields = sign(message, domain=parse_domain("mox.example"), keys=[key], now=now)
    for result in await verify(resolver, fields + message, now=now):
        print(result.status, result.signature, result.problem)

`verify` and `lookup` raise nothing: what is wrong is in their results. Parsers, loaders and `sign` raise
subclasses of `DkimError`. What ARC and others build on: `Content`, `check_candidates`, `lookup_all`,
`select_key`, `read_signature`, `signature_tags`, `fold_tags`, `sign_digest`, `verify_digest`.
"""

from moxkit.dkim.bodyhash import BodyHash, Source, hash_body
from moxkit.dkim.canonical import Canonicalization, canonical_field, without_signature
from moxkit.dkim.content import Content, ContentTooLargeError, Field
from moxkit.dkim.encoding import append_signature, encode_signature, fold_tags, signature_tags
from moxkit.dkim.errors import (
    DkimError,
    KeyFormatError,
    RecordError,
    SignatureError,
    SignError,
    TagListError,
)
from moxkit.dkim.keys import (
    PrivateKey,
    PublicKey,
    encode_private_key,
    generate_ed25519,
    generate_rsa,
    key_type_of,
    load_private_key,
    load_public_key,
    public_record,
    sign_digest,
    verify_digest,
)
from moxkit.dkim.limits import DEFAULT_LIMITS, Limits
from moxkit.dkim.lookup import KeyLookup, lookup, lookup_all, select_key
from moxkit.dkim.problem import Problem, ProblemKind, Status
from moxkit.dkim.record import Record, parse_record
from moxkit.dkim.result import Result
from moxkit.dkim.sign import DEFAULT_HEADERS, DEFAULT_SEALED, SigningKey, select_names, sign
from moxkit.dkim.signature import Identity, Signature, parse_signature, read_signature
from moxkit.dkim.taglist import decode_base64, decode_quoted, encode_quoted, parse_tag_list
from moxkit.dkim.verify import Candidate, Policy, check_candidates, refuse_unsigned_subject, verify

__all__ = [
    "DEFAULT_HEADERS",
    "DEFAULT_LIMITS",
    "DEFAULT_SEALED",
    "BodyHash",
    "Candidate",
    "Canonicalization",
    "Content",
    "ContentTooLargeError",
    "DkimError",
    "Field",
    "Identity",
    "KeyFormatError",
    "KeyLookup",
    "Limits",
    "Policy",
    "PrivateKey",
    "Problem",
    "ProblemKind",
    "PublicKey",
    "Record",
    "RecordError",
    "Result",
    "SignError",
    "Signature",
    "SignatureError",
    "SigningKey",
    "Source",
    "Status",
    "TagListError",
    "append_signature",
    "canonical_field",
    "check_candidates",
    "decode_base64",
    "decode_quoted",
    "encode_private_key",
    "encode_quoted",
    "encode_signature",
    "fold_tags",
    "generate_ed25519",
    "generate_rsa",
    "hash_body",
    "key_type_of",
    "load_private_key",
    "load_public_key",
    "lookup",
    "lookup_all",
    "parse_record",
    "parse_signature",
    "parse_tag_list",
    "public_record",
    "read_signature",
    "refuse_unsigned_subject",
    "select_key",
    "select_names",
    "sign",
    "sign_digest",
    "signature_tags",
    "verify",
    "verify_digest",
    "without_signature",
]
