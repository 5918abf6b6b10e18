"""What is remembered of sent mail, and addresses whose mail gets unique return paths."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from mox.http import Caller, Operation, described
from mox.webaccount.parts import AccountParts

__all__ = ["SendingSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingOptions:
    """How sent mail is treated."""

    from_id_login_addresses: tuple[str, ...] = field(
        metadata=described(
            "Addresses of the account: mail sent while signed in with them has unique return paths."
        )
    )
    keep_messages: timedelta = field(metadata=described("Seconds that sent mail is remembered."))
    keep_webhooks: timedelta = field(metadata=described("Seconds that calls of webhooks are remembered."))


class SendingSettings:
    """The operations."""

    def __init__(self, parts: AccountParts) -> None:
        self._parts = parts

    def operations(self) -> list[Operation]:
        """Return all of them."""
        return [
            Operation(
                method="GET", path="sending", summary="How sent mail is treated.", call=self.get_sending
            ),
            Operation(
                method="PUT",
                path="sending",
                summary="Change how sent mail is treated.",
                call=self.set_sending,
            ),
        ]

    async def get_sending(self, caller: Caller) -> SendingOptions:
        """Return the options."""
        settings = self._parts.settings(caller.account)
        return SendingOptions(
            from_id_login_addresses=settings.from_id_login_addresses,
            keep_messages=settings.keep_retired_message_period,
            keep_webhooks=settings.keep_retired_webhook_period,
        )

    async def set_sending(self, caller: Caller, body: SendingOptions) -> None:
        """Change the options."""
        self._parts.change(
            caller.account,
            lambda old: replace(
                old,
                from_id_login_addresses=tuple(dict.fromkeys(body.from_id_login_addresses)),
                keep_retired_message_period=body.keep_messages,
                keep_retired_webhook_period=body.keep_webhooks,
            ),
        )
