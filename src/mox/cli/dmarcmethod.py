"""The option that says how the organization of a domain is found."""

import click

from moxkit.dmarc import Method

__all__ = ["method_option"]

method_option = click.option(
    "--method",
    type=click.Choice([each.value for each in Method]),
    default=Method.TREE_WALK.value,
    show_default=True,
    help="How organizational domains are found: as in RFC 9989, or by public suffix list as in RFC 7489.",
)
