"""`moxkit.dkim` as an outsider uses it; checked by mypy, not run."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from moxkit.dkim import (
    DEFAULT_HEADERS,
    DEFAULT_LIMITS,
    DEFAULT_SEALED,
    BodyHash,
    Candidate,
    Canonicalization,
    Content,
    ContentTooLargeError,
    DkimError,
    Field,
    Identity,
    KeyFormatError,
    KeyLookup,
    Limits,
    Policy,
    PrivateKey,
    Problem,
    ProblemKind,
    PublicKey,
    Record,
    RecordError,
    Result,
    Signature,
    SignatureError,
    SignError,
    SigningKey,
    Source,
    Status,
    check_candidates,
    encode_private_key,
    generate_ed25519,
    generate_rsa,
    hash_body,
    key_type_of,
    load_private_key,
    load_public_key,
    lookup,
    parse_record,
    parse_signature,
    public_record,
    refuse_unsigned_subject,
    select_key,
    sign,
    sign_digest,
    verify,
    verify_digest,
)
from moxkit.dns import Resolver
from moxkit.domain import Domain


def make_keys(selector: Domain, pem: bytes) -> list[SigningKey]:
    """Load, make and configure."""
    try:
        loaded: PrivateKey = load_private_key(pem)
    except KeyFormatError:
        loaded = generate_rsa(2048)
    made: PrivateKey = generate_ed25519()
    text: bytes = encode_private_key(made)
    record: Record = public_record(loaded, flags=("s",), notes=str(len(text)))
    kind: str = key_type_of(made)
    return [
        SigningKey(selector=selector, private_key=loaded, lifetime=timedelta(days=3)),
        SigningKey(
            selector=selector,
            private_key=made,
            headers=(*DEFAULT_HEADERS, kind, str(record)),
            sealed=DEFAULT_SEALED,
            header_canonicalization=Canonicalization.RELAXED,
            body_canonicalization=Canonicalization.SIMPLE,
        ),
    ]


def sign_for(message: Source, domain: Domain, keys: Sequence[SigningKey], now: datetime) -> bytes:
    """Sign, or leave it."""
    try:
        return sign(message, domain=domain, keys=keys, now=now, identity=Identity("joe", domain))
    except SignError:
        return b""
    except DkimError:
        raise


async def check(resolver: Resolver, message: bytes, now: datetime) -> list[Domain]:
    """Return who has signed."""
    policy: Policy = refuse_unsigned_subject
    limits = Limits(max_signatures=5)
    results: tuple[Result, ...] = await verify(
        resolver,
        memoryview(message),
        now=now,
        policy=policy,
        allow_unsigned_content=True,
        ignore_test_mode=True,
        limits=limits,
    )
    passed: list[Domain] = []
    for result in results:
        status: Status = result.status
        problem: Problem | None = result.problem
        record: Record | None = result.record
        authentic: bool = result.authentic
        if status is Status.PASS and result.signature is not None:
            passed.append(result.signature.domain)
        elif problem is not None and problem.kind is ProblemKind.EXPIRED:
            raise ValueError(problem.text, problem.status, record, authentic, result.field)
    return passed


def read(value: bytes, text: str) -> tuple[Signature | None, Record | None]:
    """Parse by hand."""
    try:
        signature: Signature = parse_signature(value)
        record: Record = parse_record(text)
    except SignatureError as error:
        kind: ProblemKind = error.kind
        raise ValueError(kind) from error
    except RecordError:
        return None, None
    expires: datetime | None = signature.expires_at
    identity: Identity | None = signature.identity
    names: tuple[str, ...] = signature.headers
    if record.is_revoked or expires is None or identity is None or "from" not in names:
        return None, record
    return signature, record


async def build_on(
    resolver: Resolver, message: bytes, own: Field, signature: Signature, now: datetime
) -> bool:
    """Check a signature of another kind, as ARC does."""
    try:
        content = Content(message, DEFAULT_LIMITS)
    except ContentTooLargeError:
        return False
    [result] = await check_candidates(resolver, content, [Candidate(own, signature)], now=now)
    hashes: dict[int | None, BodyHash] = hash_body(message, content.body_start, Canonicalization.RELAXED)
    found: KeyLookup = await lookup(resolver, signature.selector, signature.domain)
    if found.record is None:
        return False
    key: PublicKey | Problem = select_key(found, signature, service="tlsrpt")
    if isinstance(key, Problem):
        key = load_public_key(found.record)
    digest: bytes = hashes[None].digest
    made: bytes = sign_digest(generate_ed25519(), digest)
    return verify_digest(key, digest, made) or result.status is Status.PASS
