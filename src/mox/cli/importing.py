"""`mox import maildir|mbox|archive`: mail from elsewhere, brought by the running server."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mox.cli.context import Globals, ask_server, print_json
from mox.cli.movingprogress import MovingProgress

__all__ = ["import_"]

# Between two questions; a terminal need not be faster.
_PAUSE_S = 0.1
_as_json = click.option("--json", "as_json", is_flag=True, help="For scripts: the result, no progress.")
_skip_present = click.option(
    "--skip-present", is_flag=True, help="Leave out messages that the account has, by Message-ID and content."
)
_source = click.argument("source", type=click.Path(exists=True, path_type=Path))


@click.group("import")
def import_() -> None:
    """Bring mail from elsewhere into an account, all of it or nothing.

    The running server reads the files: it needs the right to, and may be allowed its own directories only;
    data/import is a good place. The account goes on receiving mail meanwhile.

    Example: mox import mbox mox Old old.mbox
    """


def _options(function: Callable[..., int]) -> Callable[..., int]:
    return _skip_present(_as_json(function))


@import_.command()
@click.argument("account")
@click.argument("mailbox")
@_source
@_options
@click.pass_obj
def maildir(
    given: Globals, *, account: str, mailbox: str, source: Path, skip_present: bool, as_json: bool
) -> int:
    """Import one Maildir into a mailbox, which is made if it is missing.

    Directories below it are left out; `mox import archive` takes whole trees.

    Example: mox import maildir mox Work data/import/Maildir/.Work
    """
    return _import(given, account, source, "maildir", mailbox, as_json=as_json, skip_present=skip_present)


@import_.command()
@click.argument("account")
@click.argument("mailbox")
@_source
@_options
@click.pass_obj
def mbox(
    given: Globals, *, account: str, mailbox: str, source: Path, skip_present: bool, as_json: bool
) -> int:
    """Import an mbox file into a mailbox, which is made if it is missing.

    Example: mox import mbox mox Lists/python data/import/python.mbox
    """
    return _import(given, account, source, "mbox", mailbox, as_json=as_json, skip_present=skip_present)


@import_.command()
@click.argument("account")
@_source
@click.option("--into", default="", help="Mailbox below which all is put.")
@click.option("--skip-prefix", default="", help="Cut from the beginning of names in the archive.")
@_options
@click.pass_obj
def archive(
    given: Globals,
    *,
    account: str,
    source: Path,
    into: str,
    skip_prefix: str,
    skip_present: bool,
    as_json: bool,
) -> int:
    """Import all mailboxes of an archive: .zip, .tar, .tgz, .tar.zst, or a directory.

    Its names say which mailboxes there are: Maildirs, also as Dovecot lays them out, and files .mbox. Google
    Takeout's labels become mailboxes and flags.

    Example: mox import archive mox data/import/takeout.zip
    """
    return _import(
        given,
        account,
        source,
        "archive",
        into,
        as_json=as_json,
        skip_present=skip_present,
        skip_prefix=skip_prefix,
    )


def _import(
    given: Globals,
    account: str,
    source: Path,
    kind: str,
    mailbox: str,
    *,
    as_json: bool,
    **options: object,
) -> int:
    asked = {
        "account": account,
        "source": str(source.absolute()),
        "kind": kind,
        "mailbox": mailbox,
        **options,
    }
    token = ask_server(given, "importbegin", asked)["token"]
    progress = MovingProgress(is_quiet=as_json)
    progress.line("importing...")
    problems: list[str] = []
    try:
        state = _follow(given, token, progress, problems)
    except KeyboardInterrupt:
        ask_server(given, "importabort", {"token": token})
        state = _follow(given, token, progress, problems)
    progress.clear()
    if as_json:
        keys = ("phase", "messages", "skipped", "counts", "problems_left_out", "reason")
        print_json({key: state[key] for key in keys} | {"problems": problems})
    elif state["phase"] == "done":
        skipped = f", {state['skipped']} were there" if state["skipped"] else ""
        progress.line(f"{state['messages']} imported{skipped}")
    else:
        progress.line(f"nothing was imported: {state['reason']}")
    return 0 if state["phase"] == "done" else 1


def _follow(given: Globals, token: str, progress: MovingProgress, problems: list[str]) -> dict[str, Any]:
    version = -1
    while True:
        state: dict[str, Any] = ask_server(
            given, "importnews", {"token": token, "version": version, "problems_from": len(problems)}
        )
        version = state["version"]
        for problem in state["problems"]:
            progress.line(problem)
        problems += state["problems"]
        total = state["total_octets"]
        share = state["read_octets"] / total if total else None
        what = "" if state["phase"] == "reading" else f"({state['phase']})"
        progress.show(state["messages"], share, what)
        if state["is_over"]:
            if state["problems_left_out"]:
                progress.line(f"{state['problems_left_out']} more problems are not shown")
            return state
        time.sleep(_PAUSE_S)
