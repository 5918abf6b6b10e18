"""The parts that mail from the internet goes through, put together."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from mox.accounts import Accounts
from mox.app.ground import Ground
from mox.config import ConfigSource, JunkFilter
from mox.delivery import (
    AccountRules,
    BlockLists,
    Delivery,
    Gathering,
    Judging,
    KeepsReports,
    NotesEvaluations,
    NotesReturnedMail,
    WordsLearned,
    rules_of,
)
from mox.filtering import Classifiers
from mox.queue import ReturnedMail
from mox.reports import Reports
from mox.store import Store
from mox.verification import Verifier
from moxkit.dns import Resolver

__all__ = ["Receiving", "make_receiving"]

# Long enough to see what changed since last year's move.
_KEEP_REPORTS = timedelta(days=400)
# Reports are about a day, and made the day after.
_KEEP_EVALUATIONS = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Receiving:
    """What receives, and what learns from it."""

    delivery: Delivery
    reports: Reports
    classifiers: Classifiers

    async def forget_old(self, now: datetime) -> None:
        """Forget reports and evaluations that nobody looks at any more."""
        await self.reports.inbox.forget(now - _KEEP_REPORTS)
        await self.reports.evaluations.forget(now - _KEEP_EVALUATIONS)

    async def close(self) -> None:
        """Finish what is being learned and written; while the store is still open."""
        await self.classifiers.close()
        await self.reports.close()


def make_receiving(
    ground: Ground,
    pool: ThreadPoolExecutor,
    *,
    store: Store,
    accounts: Accounts,
    resolver: Resolver,
    returned: ReturnedMail,
) -> Receiving:
    """Put it together; `returned` hears what comes back."""
    source, clock, static = ground.source, ground.clock, ground.static

    def rules(name: str) -> AccountRules:
        return rules_of(source.current.accounts[name])

    classifiers = Classifiers(store=store, settings=lambda name: _junk_filter(source, name))
    reports = Reports(
        directory=ground.data_dir,
        clock=clock,
        pool=pool,
        own_domains=lambda: {*source.current.domains, static.hostname},
        is_shared=ground.worker.is_shared,
    )
    delivery = Delivery(
        store=store,
        clock=clock,
        canonical=accounts.canonical,
        verifier=Verifier(resolver=resolver, clock=clock),
        judging=Judging(
            store=store,
            clock=clock,
            gathering=Gathering(lists=BlockLists(resolver=resolver, clock=clock)),
            rules=rules,
            classifying=WordsLearned(classifiers=classifiers),
            enforces=ground.enforces,
        ),
        keep_rejects=lambda name: rules(name).rejects,
        own_names=lambda: source.current.postmaster_domains,
        reports=reports.inbox,
        listeners=[
            KeepsReports(inbox=reports.inbox, clock=clock),
            NotesReturnedMail(returned=returned, separator=_separators(source)),
            NotesEvaluations(
                evaluations=reports.evaluations,
                store=store,
                clock=clock,
                is_wanted=lambda: not static.no_outgoing_dmarc_reports,
            ),
        ],
    )
    return Receiving(delivery, reports, classifiers)


def _junk_filter(source: ConfigSource, name: str) -> JunkFilter | None:
    # An account may have left the configuration while it was learning.
    account = source.current.accounts.get(name)
    return None if account is None else account.junk_filter


def _separators(source: ConfigSource) -> Callable[[str], str]:
    """Return what says how ids of unique return paths are told from the rest, by the domain."""

    def separator(domain: str) -> str:
        found = source.current.domains.get(domain)
        return "" if found is None or not found.separators else found.separators[0]

    return separator
