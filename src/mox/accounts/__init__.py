"""Who exists and who you are: addresses, accounts, credentials, signing in.

`Accounts` resolves addresses on the current configuration. `Credentials` keeps passwords, `TlsKeys` the keys
of client certificates, `WebSessions` browsers that signed in, `Attempts` who tried to; all in `AuthDatabase`.
`SignIn` is the desk that believes or does not, and `Visit` one connection at it. It keeps no mail and
decides nothing about a message.
"""

from mox.accounts.aliases import AliasRecipient
from mox.accounts.apppasswords import AppPassword, AppPasswords
from mox.accounts.attempts import Attempt, Attempts, RecordedAttempt, Result
from mox.accounts.authdatabase import AuthDatabase
from mox.accounts.credentials import Credentials, Proof
from mox.accounts.identities import Identities
from mox.accounts.passwords import MIN_PASSWORD_OCTETS, PasswordInvalidError, hash_password, prepare_password
from mox.accounts.recipient import Recipient
from mox.accounts.resolve import (
    Accounts,
    AddressUnknown,
    DomainDisabled,
    DomainUnknown,
    Refused,
    Resolved,
)
from mox.accounts.service import APP_SERVICES, Service
from mox.accounts.signin import KeyRefused, LoginAddresses, SignedIn, SignIn, SignInFailed
from mox.accounts.tlskeys import TlsKey, TlsKeyError, TlsKeys, fingerprint_of, read_key
from mox.accounts.visit import ServiceDesk, Visit, VisitExchange
from mox.accounts.websessions import WebSession, WebSessions, csrf_token

__all__ = [
    "APP_SERVICES",
    "MIN_PASSWORD_OCTETS",
    "Accounts",
    "AddressUnknown",
    "AliasRecipient",
    "AppPassword",
    "AppPasswords",
    "Attempt",
    "Attempts",
    "AuthDatabase",
    "Credentials",
    "DomainDisabled",
    "DomainUnknown",
    "Identities",
    "KeyRefused",
    "LoginAddresses",
    "PasswordInvalidError",
    "Proof",
    "Recipient",
    "RecordedAttempt",
    "Refused",
    "Resolved",
    "Result",
    "Service",
    "ServiceDesk",
    "SignIn",
    "SignInFailed",
    "SignedIn",
    "TlsKey",
    "TlsKeyError",
    "TlsKeys",
    "Visit",
    "VisitExchange",
    "WebSession",
    "WebSessions",
    "csrf_token",
    "fingerprint_of",
    "hash_password",
    "prepare_password",
    "read_key",
]
