"""Who may write to an alias, and which members get a copy."""

import pytest

from mox.accounts import AliasRecipient, Recipient

PATH = "team@mox.example"


def alias(*, post_public: bool = False, allows_from: bool = False) -> AliasRecipient:
    members = tuple(
        Recipient(
            "team@mox.example", name, f"{name}@mox.example", "Inbox", "member", alias="team@mox.example"
        )
        for name in ("ann", "bob")
    )
    return AliasRecipient("team@mox.example", "team@mox.example", members, post_public, allows_from)


@pytest.mark.parametrize(
    ("author", "post_public", "allows_from", "may"),
    [
        ("ann@mox.example", False, False, True),
        ("eve@else.example", False, True, False),
        ("eve@else.example", True, False, True),
        # The alias itself in From is for members alone, whoever else may write.
        ("team@mox.example", True, False, False),
        ("team@mox.example", False, True, True),
        (None, False, True, False),
        (None, True, False, True),
    ],
)
def test_who_may_write(author: str | None, post_public: bool, allows_from: bool, may: bool) -> None:
    assert alias(post_public=post_public, allows_from=allows_from).may_post(author) is may


@pytest.mark.parametrize(
    ("author", "named", "served"),
    [
        (None, set(), ["ann", "bob"]),
        ("eve@else.example", {"joe@mox.example"}, ["ann", "bob"]),
        ("ann@mox.example", set(), ["bob"]),
        (None, {"bob@mox.example"}, ["ann"]),
        ("ann@mox.example", {"bob@mox.example"}, []),
    ],
)
def test_nobody_gets_what_they_have(author: str | None, named: set[str], served: list[str]) -> None:
    assert [member.account for member in alias().served(author, named)] == served
