"""What `moxsubmit.toml` holds: how `mox sendmail` submits. The string below a field is its documentation."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mox.config.load import load_text
from mox.config.problem import ConfigError, KeyPath, Problem
from moxkit.domain import DomainError, parse_domain
from moxkit.sasl import Mechanism

__all__ = ["SubmitConfig", "load_submit_config"]

_REQUIRE_TLS = ("", "yes", "no")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitConfig:
    """A submission server, and how to sign in there."""

    local_hostname: str
    """Name of this machine, for EHLO."""
    host: str
    """Name or address of the submission server."""
    port: int
    """Its port: 465 with TLS, 587 with STARTTLS."""
    tls: bool = field(metadata={"key": "TLS"})
    """TLS begins at once."""
    starttls: bool = field(metadata={"key": "STARTTLS"})
    """TLS begins with STARTTLS, which the server must offer."""
    tls_insecure_skip_verify: bool = field(default=False, metadata={"key": "TLSInsecureSkipVerify"})
    """Do not verify the server's certificate. Whoever sits in between can then read the mail."""
    ca_file: str = field(default="", metadata={"key": "CAFile"})
    """PEM file of authorities to believe instead of the system's; absolute path."""
    username: str
    """Login address."""
    password: str = ""
    """Password. Exactly one of Password and the two keys below is set."""
    client_auth_ed25519_private_key: str = ""
    """Seed of an Ed25519 key as raw base64url, as `mox config tlspubkey gen` prints it."""
    client_auth_cert_private_key_pem_file: str = field(
        default="", metadata={"key": "ClientAuthCertPrivateKeyPEMFile"}
    )
    """File with a private key (PKCS#8) and its certificate, both PEM; absolute path."""
    auth_method: str = ""
    """SASL mechanism, like EXTERNAL or SCRAM-SHA-256; empty takes the strongest there is."""
    from_: str = field(metadata={"key": "From"})
    """Address in MAIL FROM and the From header."""
    default_destination: str = ""
    """Where mail for names without a domain goes, like that of cron for root."""
    require_tls: str = field(default="", metadata={"key": "RequireTLS"})
    """`yes`: only over verified TLS all the way (REQUIRETLS); `no`: even where TLS cannot be verified."""


def load_submit_config(file: Path) -> SubmitConfig:
    """Read and check the file.

    Raises:
        ConfigError: With all problems; the texts hold no secret.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError([Problem(file, (), f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(file, (), "is not UTF-8")]) from error
    loaded = load_text(SubmitConfig, text, file)
    problems = list(loaded.problems)
    if loaded.is_usable:
        problems += [loaded.problem(path, what) for path, what in _check(loaded.value)]
    if problems:
        raise ConfigError(problems)
    config: SubmitConfig = loaded.value
    return config


def _check(config: SubmitConfig) -> Iterator[tuple[KeyPath, str]]:
    if config.tls and config.starttls:
        yield ("STARTTLS",), "cannot be used together with TLS"
    if not 0 < config.port < 65536:
        yield ("Port",), "is no port"
    credentials = (
        config.password,
        config.client_auth_ed25519_private_key,
        config.client_auth_cert_private_key_pem_file,
    )
    if sum(map(bool, credentials)) != 1:
        names = "Password, ClientAuthEd25519PrivateKey and ClientAuthCertPrivateKeyPEMFile"
        yield ("Password",), f"set exactly one of {names}"
    elif not config.password and not (config.tls or config.starttls):
        yield ("TLS",), "a client certificate needs TLS or STARTTLS"
    if config.auth_method and config.auth_method not in set(Mechanism):
        yield ("AuthMethod",), f"unknown; use one of {', '.join(Mechanism)}"
    if config.require_tls not in _REQUIRE_TLS:
        yield ("RequireTLS",), 'must be "yes", "no" or empty'
    if config.require_tls == "yes" and not (config.tls or config.starttls):
        yield ("RequireTLS",), "needs TLS or STARTTLS"
    for key, value in (
        ("CAFile", config.ca_file),
        ("ClientAuthCertPrivateKeyPEMFile", config.client_auth_cert_private_key_pem_file),
    ):
        if value and not Path(value).is_absolute():
            yield (key,), "must be an absolute path"
    for key, value in (("From", config.from_), ("DefaultDestination", config.default_destination)):
        if (value or key == "From") and not _is_address(value):
            yield (key,), f"{value!r} is no address"


def _is_address(value: str) -> bool:
    localpart, _, domain = value.rpartition("@")
    try:
        parse_domain(domain)
    except DomainError:
        return False
    return bool(localpart)
