"""An IP address on the command line."""

from ipaddress import ip_address
from typing import Any

import click

from moxkit.dns import Address

__all__ = ["IpArgument"]


class IpArgument(click.ParamType[Address]):
    """An IPv4 or IPv6 address, with or without brackets; becomes an `Address`."""

    name = "ip"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Return the address, or end with what is wrong with it."""
        try:
            return ip_address(str(value).removeprefix("[").removesuffix("]"))
        except ValueError:
            self.fail(f"{value!r} is no IP address", param, ctx)
