"""Asking for a password: without echo on a terminal, else one line of standard input."""

import sys

import click

__all__ = ["read_password"]


def read_password(min_octets: int) -> str:
    """Return a new password as it was typed."""
    if sys.stdin.isatty():
        click.echo(f"At least {min_octets} characters; 12 random ones or more are good.", err=True)
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return password
    return sys.stdin.readline().rstrip("\r\n")
