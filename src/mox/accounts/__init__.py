"""Who exists and who you are: addresses, accounts, credentials, signing in.

`Accounts` resolves addresses on the current configuration; `Credentials` keeps what proves an identity;
`SignIn` runs a SASL exchange against both. It keeps no mail and decides nothing about a message.
"""

from mox.accounts.credentials import Credentials
from mox.accounts.passwords import MIN_PASSWORD_OCTETS, PasswordInvalidError, hash_password, prepare_password
from mox.accounts.resolve import (
    Accounts,
    AddressUnknown,
    DomainDisabled,
    DomainUnknown,
    Recipient,
    Refused,
    Resolved,
)
from mox.accounts.signin import LoginAddresses, SignedIn, SignIn, SignInExchange, SignInFailed

__all__ = [
    "MIN_PASSWORD_OCTETS",
    "Accounts",
    "AddressUnknown",
    "Credentials",
    "DomainDisabled",
    "DomainUnknown",
    "LoginAddresses",
    "PasswordInvalidError",
    "Recipient",
    "Refused",
    "Resolved",
    "SignIn",
    "SignInExchange",
    "SignInFailed",
    "SignedIn",
    "hash_password",
    "prepare_password",
]
