"""What commands tell that do something step by step: to people at once, to scripts as one JSON object."""

from dataclasses import dataclass, field

import click

from mox.cli.context import print_json

__all__ = ["Steps"]


@dataclass
class Steps:
    """Steps that were made, in order.

    Attributes:
        as_json: Nobody reads along: told at the end.
        to_stderr: The standard output is for something else.
        told: What was seen.
    """

    as_json: bool
    to_stderr: bool = False
    told: list[dict[str, object]] = field(default_factory=list)

    def tell(self, step: str, text: str, **details: object) -> None:
        """Note a step; a person sees it at once."""
        self.told.append({"step": step, "text": text, **details})
        if not self.as_json:
            click.echo(f"{step:<12} {text}", err=self.to_stderr)

    def finish(self, status: int) -> int:
        """Tell scripts how it ended; return the exit status."""
        if self.as_json:
            print_json({"status": status, "steps": self.told})
        return status
