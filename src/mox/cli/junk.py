"""`mox retrain` and `mox junk`: what accounts learned of junk, and what other settings would make of it."""

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO

import click

from mox.cli.context import Globals, ask_server, load_or_fail, print_json
from mox.cli.foreigntext import escape_controls
from mox.cli.messagefile import read_message
from mox.cli.resolving import CheckError
from mox.config import JunkFilter
from mox.database import DatabaseError, DriverError
from mox.filtering.classifier import (
    CountsUnreadableError,
    Flip,
    Judgement,
    StoredCounts,
    backtest as judge_again,
    check_counts,
    classify_tokens,
    tokenize,
)

__all__ = ["junk", "retrain"]

_POLL_S = 0.5
_as_json = click.option("--json", "as_json", is_flag=True, help="For scripts.")


@click.command()
@click.argument("account", default="")
@click.option("--no-wait", is_flag=True, help="Do not wait until all is learned.")
@_as_json
@click.pass_obj
def retrain(given: Globals, account: str, *, no_wait: bool, as_json: bool) -> None:
    """Have an account, or all, learn anew what junk is, from the flags $Junk and $NotJunk of its mail.

    What was learned before goes on to judge mail until all is learned. Waits for that; the server goes on
    when the command is ended.

    Example: mox retrain mox
    """
    names = ask_server(given, "retrain", {"account": account})
    results = {}
    for name in () if no_wait else names:
        results[name] = _wait(given, name, is_shown=not as_json)
    if as_json:
        print_json({name: results.get(name) for name in names})
    elif no_wait:
        click.echo(f"learning anew: {', '.join(names) or '(no account has a junk filter)'}")


def _wait(given: Globals, name: str, *, is_shown: bool) -> dict[str, object]:
    while True:
        progress: dict[str, object] = ask_server(given, "retrainprogress", {"account": name})
        if progress["is_done"]:
            break
        if is_shown:
            click.echo(f"{name}: {progress['looked_at']} of {progress['of']} looked at", err=True)
        time.sleep(_POLL_S)
    if is_shown:
        click.echo(f"{name}: learned {progress['ham']} good messages and {progress['junk']} junk")
    return progress


@click.group()
def junk() -> None:
    """Look into what an account learned of junk; it is read from disk, the server need not run.

    Example: mox junk backtest mox --threshold 0.9
    """


@contextmanager
def _stored(given: Globals, name: str) -> Iterator[tuple[StoredCounts, JunkFilter]]:
    """Open what an account learned; end with the trouble there is."""
    file = given.found_config
    config = load_or_fail(file)
    if (account := config.accounts.get(name)) is None:
        raise CheckError(f"no account {name!r} in {file.parent}")
    if account.junk_filter is None:
        raise CheckError(f"account {name!r} has no JunkFilter in the configuration")
    try:
        with StoredCounts.open(file.parent / config.static.data_dir / "accounts" / name) as stored:
            yield stored, account.junk_filter
    except (CountsUnreadableError, DatabaseError, DriverError, OSError) as error:
        raise CheckError(f"what account {name!r} learned cannot be used: {error}") from error


@junk.command()
@click.argument("account")
@click.option("--threshold", type=click.FloatRange(0, 1), help="Probability above which mail is junk.")
@click.option("--max-power", type=click.FloatRange(0, 0.5), help="How far from 0 and 1 one word must stay.")
@click.option("--top-words", type=click.IntRange(0), help="How many words of each side count.")
@click.option("--ignore-words", type=click.FloatRange(0, 0.5), help="Ignore words this close to 0.5.")
@click.option("--rare-words", type=click.IntRange(0), help="Words seen at most this often are rare.")
@click.option("--limit", default=10_000, show_default=True, help="The newest so many messages at most.")
@_as_json
@click.pass_obj
def backtest(given: Globals, /, account: str, *, limit: int, as_json: bool, **changes: float | None) -> int:
    """Judge the mail that was learned by other settings, and show what would be judged otherwise.

    Each message is judged by what all others taught. Nothing is changed. What else is known of senders is
    left out: mail of known senders never came before the filter. The exit status is 1 if good mail would be
    refused that is not now.

    Example: mox junk backtest mox --threshold 0.9
    """
    changed = {key: value for key, value in changes.items() if value is not None}
    if not changed:
        raise click.UsageError("give at least one setting to try, such as --threshold 0.9")
    with _stored(given, account) as (stored, settings):
        others = dataclasses.replace(settings, **changed)  # type: ignore[arg-type]  # click checked each option
        judged = list(judge_again(stored, settings, others, most=limit))
    flips = [each.flip for each in judged if each.flip is not None]
    if as_json:
        print_json({"before": _totals(judged, before=True), "after": _totals(judged, before=False),
                    "flips": [dataclasses.asdict(flip) for flip in flips]})  # fmt: skip
    else:
        for flip in flips:
            click.echo(escape_controls(_line(flip)))
        for title, before in (("as configured:", True), ("with the other settings:", False)):
            click.echo(_summary(title, _totals(judged, before=before)))
    return int(any(flip.is_refused and not flip.is_junk for flip in flips))


def _line(flip: Flip) -> str:
    at = datetime.fromtimestamp(flip.received_at, UTC)
    kind, fate = ("junk" if flip.is_junk else "good"), ("refused" if flip.is_refused else "accepted")
    values = f"{flip.before:.3f} -> {flip.after:.3f}"
    return (
        f"{kind} now {fate:8} {values} {at:%Y-%m-%d} {flip.mailbox} {flip.uid} {flip.sender}: {flip.subject}"
    )


def _totals(judged: list[Judgement], *, before: bool) -> dict[str, int]:
    refused = [each for each in judged if (each.was_refused if before else each.is_refused)]
    return {
        "junk": sum(each.is_junk for each in judged),
        "junk_refused": sum(each.is_junk for each in refused),
        "good": sum(not each.is_junk for each in judged),
        "good_refused": sum(not each.is_junk for each in refused),
    }


def _summary(title: str, totals: dict[str, int]) -> str:
    return (
        f"{title:25}{totals['junk_refused']} of {totals['junk']} junk refused, "
        f"{totals['good_refused']} of {totals['good']} good messages refused"
    )


@junk.command()
@click.argument("account")
@_as_json
@click.pass_obj
def check(given: Globals, account: str, *, as_json: bool) -> int:
    """Count anew what an account learned, and compare; the exit status is 1 if it differs.

    Takes about a second for a thousand messages. `mox retrain` repairs.

    Example: mox junk check mox
    """
    with _stored(given, account) as (stored, _):
        result = check_counts(stored)
    if as_json:
        print_json(dataclasses.asdict(result))
    else:
        click.echo(f"{result.ham} good messages, {result.junk} junk, {result.words} words")
        click.echo(
            f"{result.problem} ({result.different} words); run mox retrain" if result.problem else "OK"
        )
    return int(bool(result.problem))


@junk.command()
@click.argument("account")
@click.argument("message", type=click.File("rb"))
@_as_json
@click.pass_obj
def analyze(given: Globals, account: str, message: IO[bytes], *, as_json: bool) -> int:
    """Judge a message in a file by what an account learned, and show the words that decide.

    `-` is standard input. The exit status is 1 if it would be refused, were nothing known of its sender.

    Example: mox junk analyze mox letter.eml
    """
    octets = read_message(message)
    with _stored(given, account) as (stored, settings):
        tokens = tokenize(octets, stored.recipe.grams)
        said = classify_tokens(tokens, stored.find(tokens.texts), settings)
    is_refused = said.is_significant and said.probability > settings.threshold
    if as_json:
        print_json(dataclasses.asdict(said) | {"threshold": settings.threshold, "is_refused": is_refused})
        return int(is_refused)
    for word in said.words:
        seen = f"in {word.junk} junk and {word.ham} good messages"
        click.echo(escape_controls(f"{word.probability:.3f}  {word.text}  ({seen})"))
    click.echo(f"probability {said.probability:.3f}, limit {settings.threshold:.3f}")
    if not said.is_significant:
        click.echo("too few good messages were learned for this to count")
    return int(is_refused)
