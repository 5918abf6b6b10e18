"""What becomes of incoming mail: the junk filter, flags, rejects, mail of strangers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from mox.config import AccountConfig, AutomaticJunkFlags, JunkFilter
from mox.http import Caller, Operation, described
from mox.webaccount.parts import AccountParts

__all__ = ["Filtering"]

_PATTERN = "Regular expression, on the mailbox's name in lower case; empty for none."


@dataclass(frozen=True, slots=True, kw_only=True)
class JunkFlagSettings:
    """Junk flags that follow from the mailbox a message is moved to.

    The first pattern that matches decides, in this order. If just one of them is empty, it stands for all
    other mailboxes.
    """

    enabled: bool
    junk: str = field(metadata=described(_PATTERN, max_length=500))
    neutral: str = field(metadata=described(_PATTERN, max_length=500))
    not_junk: str = field(metadata=described(_PATTERN, max_length=500))


@dataclass(frozen=True, slots=True, kw_only=True)
class JunkFilterSettings:
    """The filter that learns."""

    enabled: bool
    threshold: float = field(
        metadata=described("Probability from which a message is junk.", minimum=0, maximum=1)
    )
    onegrams: bool = field(metadata=described("Look at single words."))
    twograms: bool = field(metadata=described("Look at pairs of words."))
    threegrams: bool = field(
        default=False, metadata=described("Three words; only an administrator changes it.")
    )
    max_power: float = field(
        metadata=described("How far from 0 and 1 one word must stay.", minimum=0, maximum=0.5)
    )
    top_words: int = field(metadata=described("How many words of each side count.", minimum=1, maximum=1000))
    ignore_words: float = field(metadata=described("Ignore words this close to 0.5.", minimum=0, maximum=0.5))
    rare_words: int = field(
        metadata=described("Words seen at most this often are rare.", minimum=0, maximum=1000)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectsSettings:
    """Where refused mail is kept for a while."""

    mailbox: str = field(metadata=described("Empty: nowhere.", max_length=200))
    keep: bool = field(metadata=described("Keep it for longer than some days."))


@dataclass(frozen=True, slots=True, kw_only=True)
class IntroboxSettings:
    """Where mail of first-time senders goes."""

    mailbox: str = field(metadata=described("Empty: to the Inbox, as all mail.", max_length=200))


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterSettings:
    """All of it."""

    junk_flags: JunkFlagSettings
    junk_filter: JunkFilterSettings
    rejects: RejectsSettings
    introbox: IntroboxSettings


# What the form shows where the filter is off.
_USUAL = JunkFilterSettings(
    enabled=False,
    threshold=0.95,
    onegrams=True,
    twograms=False,
    max_power=0.01,
    top_words=10,
    ignore_words=0.1,
    rare_words=2,
)


class Filtering:
    """The operations."""

    def __init__(self, parts: AccountParts) -> None:
        self._parts = parts

    def operations(self) -> list[Operation]:
        """Return all of them."""

        def put(path: str, summary: str, call: Callable[..., Awaitable[object]]) -> Operation:
            return Operation(method="PUT", path=f"filtering/{path}", summary=summary, call=call)

        return [
            Operation(
                method="GET", path="filtering", summary="How mail is filtered.", call=self.get_filtering
            ),
            put("junk-flags", "Change the automatic junk flags.", self.set_junk_flags),
            put("junk-filter", "Change the junk filter.", self.set_junk_filter),
            put("rejects", "Change where refused mail is kept.", self.set_rejects),
            put("introbox", "Change where mail of first-time senders goes.", self.set_introbox),
        ]

    async def get_filtering(self, caller: Caller) -> FilterSettings:
        """Return the settings."""
        settings = self._parts.settings(caller.account)
        return FilterSettings(
            junk_flags=_junk_flags(settings),
            junk_filter=_junk_filter(settings.junk_filter),
            rejects=RejectsSettings(mailbox=settings.rejects_mailbox, keep=settings.keep_rejects),
            introbox=IntroboxSettings(mailbox=settings.introbox),
        )

    async def set_junk_flags(self, caller: Caller, body: JunkFlagSettings) -> None:
        """Change the flags."""
        flags = AutomaticJunkFlags(
            enabled=body.enabled,
            junk_mailbox_regexp=body.junk,
            neutral_mailbox_regexp=body.neutral,
            not_junk_mailbox_regexp=body.not_junk,
        )
        self._parts.change(caller.account, lambda old: replace(old, automatic_junk_flags=flags))

    async def set_junk_filter(self, caller: Caller, body: JunkFilterSettings) -> None:
        """Change the filter."""

        def build(old: AccountConfig) -> AccountConfig:
            if not body.enabled:
                return replace(old, junk_filter=None)
            made = JunkFilter(
                threshold=body.threshold,
                onegrams=body.onegrams,
                twograms=body.twograms,
                # Costs much memory for little.
                threegrams=old.junk_filter is not None and old.junk_filter.threegrams,
                max_power=body.max_power,
                top_words=body.top_words,
                ignore_words=body.ignore_words,
                rare_words=body.rare_words,
            )
            return replace(old, junk_filter=made)

        self._parts.change(caller.account, build)

    async def set_rejects(self, caller: Caller, body: RejectsSettings) -> None:
        """Change where refused mail is kept."""
        self._parts.change(
            caller.account,
            lambda old: replace(old, rejects_mailbox=body.mailbox.strip(), keep_rejects=body.keep),
        )

    async def set_introbox(self, caller: Caller, body: IntroboxSettings) -> None:
        """Change where mail of strangers goes."""
        self._parts.change(caller.account, lambda old: replace(old, introbox=body.mailbox.strip()))


def _junk_flags(settings: AccountConfig) -> JunkFlagSettings:
    flags = settings.automatic_junk_flags or AutomaticJunkFlags(enabled=False)
    return JunkFlagSettings(
        enabled=flags.enabled,
        junk=flags.junk_mailbox_regexp,
        neutral=flags.neutral_mailbox_regexp,
        not_junk=flags.not_junk_mailbox_regexp,
    )


def _junk_filter(found: JunkFilter | None) -> JunkFilterSettings:
    if found is None:
        return _USUAL
    return JunkFilterSettings(
        enabled=True,
        threshold=found.threshold,
        onegrams=found.onegrams,
        twograms=found.twograms,
        threegrams=found.threegrams,
        max_power=found.max_power,
        top_words=found.top_words,
        ignore_words=found.ignore_words,
        rare_words=found.rare_words,
    )
