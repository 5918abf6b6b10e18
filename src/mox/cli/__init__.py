"""The command line: `mox [global flags] command [flags] [arguments]`, one file for each family.

A family is imported when one of its commands is used, so that `mox --help` is fast. Errors go to standard
error; exit status 0 is success, 1 failure, 2 wrong usage.
"""

from mox.cli.main import main

__all__ = ["main"]
