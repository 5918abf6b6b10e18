"""When a domain was registered, by the Registration Data Access Protocol (RFC 9082, 9083, 9224).

New domains send more junk than old ones. It asks the registry that the bootstrap file names; nothing is kept.

    registered = await registered_at(client.get, parse_domain("mox.example"))

Raises `RdapError`, nothing else.
"""

from moxkit.rdap.registration import RdapError, registered_at

__all__ = ["RdapError", "registered_at"]
