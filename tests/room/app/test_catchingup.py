"""Work in the background: a little in here, much apart, and much again at once while it goes on."""

from mox.app.catchingup import CatchingUp
from moxkit.testing import FakeClock


class Hasty(FakeClock):
    """Time passes at once for who waits."""

    async def sleep(self, seconds: float) -> None:
        self.jump(seconds)


class Work:
    """Batches that are left of each account; who did them."""

    def __init__(self) -> None:
        self.left: dict[str, int] = {}
        self.done: list[tuple[str, bool]] = []

    async def __call__(self, name: str, apart: bool) -> bool:
        self.done.append((name, apart))
        self.left[name] = 0 if apart else max(0, self.left[name] - 1)
        return self.left[name] > 0


async def test_much_is_done_apart_and_at_once_while_it_goes_on() -> None:
    clock, work = Hasty(), Work()
    catching = CatchingUp(what="work", work=work, clock=clock, account_names=lambda: ["mox"], many_batches=2)

    async def come(batches: int) -> list[tuple[str, bool]]:
        work.left["mox"], work.done = batches, []
        catching.call("mox")
        await catching.catch_up()
        return work.done

    here, apart = ("mox", False), ("mox", True)
    assert await come(1) == [here]
    assert await come(9) == [here, here, apart]
    assert await come(1) == [apart]
    # After a quiet time it is not expected any more.
    clock.jump(60)
    assert await come(2) == [here, here]
