"""What the store refuses. The errors carry data; each front door has one table that words them."""

__all__ = [
    "AccountUnknownError",
    "AnnotationsTooLargeError",
    "KeywordInvalidError",
    "MailboxExistsError",
    "MailboxHasChildrenError",
    "MailboxNotAllowedError",
    "MailboxUnknownError",
    "OverQuotaError",
    "RightsSyntaxError",
    "StagingExistsError",
    "StagingOvertakenError",
    "StoreError",
    "TooManyAnnotationsError",
    "UidsExhaustedError",
]


class StoreError(Exception):
    """The store cannot do what was asked; nothing was changed."""


class AccountUnknownError(StoreError):
    """No account of that name."""


class MailboxUnknownError(StoreError):
    """No live mailbox of that name or id."""

    def __init__(self, mailbox: str | int) -> None:
        super().__init__(f"no mailbox {mailbox!r}")
        self.mailbox = mailbox


class MailboxExistsError(StoreError):
    """A live mailbox of that name is there already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"mailbox {name!r} exists already")
        self.name = name


class MailboxHasChildrenError(StoreError):
    """Only a mailbox without children can be deleted."""

    def __init__(self, name: str) -> None:
        super().__init__(f"mailbox {name!r} has children; delete them first")
        self.name = name


class MailboxNotAllowedError(StoreError):
    """The operation is not allowed on this mailbox, usually the Inbox; the text says why."""


class KeywordInvalidError(StoreError):
    """A flag or keyword that cannot be kept."""

    def __init__(self, keyword: str, why: str) -> None:
        super().__init__(f"keyword {keyword!r} {why}")
        self.keyword = keyword


class OverQuotaError(StoreError):
    """The account has no room for that many more octets, messages or mailboxes (as `unit` says)."""

    def __init__(self, wanted: int, free: int, unit: str = "octets") -> None:
        super().__init__(f"{wanted} {unit} wanted, {max(0, free)} free")
        self.wanted = wanted
        self.free = free
        self.unit = unit


class TooManyAnnotationsError(StoreError):
    """The account has as many annotations as it may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} annotations")
        self.limit = limit


class AnnotationsTooLargeError(StoreError):
    """The account's annotations, all together, are larger than they may be."""

    def __init__(self, limit_octets: int) -> None:
        super().__init__(f"annotations of more than {limit_octets} octets")
        self.limit_octets = limit_octets


class UidsExhaustedError(StoreError):
    """The mailbox has given its last UID (RFC 9051 §2.3.1.1: 32 bits)."""


class StagingExistsError(StoreError):
    """Mail is staged for the account already: one import at a time."""


class StagingOvertakenError(StoreError):
    """So many messages came meanwhile that the ids of staged ones are taken."""

    def __init__(self) -> None:
        super().__init__("more than a million messages came to the account meanwhile; import again")


class RightsSyntaxError(StoreError):
    """A letter that stands for no right (RFC 4314 §2.1)."""

    def __init__(self, letter: str) -> None:
        super().__init__(f"{letter!r} is no right; known are lrswipkxtea, and c and d for several of them")
        self.letter = letter
