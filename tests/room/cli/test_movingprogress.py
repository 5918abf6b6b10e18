"""How far it is: a bar on a terminal, lines elsewhere, nothing for scripts."""

import sys

import pytest

from mox.cli.movingprogress import MovingProgress


def test_lines_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    progress = MovingProgress()
    for messages in (0, 999, 1000, 1500, 3100):
        progress.show(messages, 0.5)
    progress.line("a\x1b[2Jb")
    assert capsys.readouterr() == ("", "1000...\n3000...\na\\x1b[2Jb\n")


def test_a_bar_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    progress = MovingProgress()
    progress.show(1200, 0.5, "(reading)")
    progress.show(1300, None)
    progress.line("a problem")
    progress.clear()
    assert capsys.readouterr().err == (
        f"\r\x1b[K[{'#' * 15}{'-' * 15}]  50%  1,200 messages (reading)"
        "\r\x1b[K1,300 messages \r\x1b[Ka problem\n"
    )


def test_nothing_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    progress = MovingProgress(is_quiet=True)
    progress.show(5000, 1.0)
    progress.line("x")
    progress.clear()
    assert capsys.readouterr() == ("", "")
