"""The examples of `docs/reusing/` run, and every package of the kit has a page."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted(page for page in (ROOT / "docs" / "reusing").glob("*.md") if page.stem != "README")
_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_example_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page are one program; an example shows what it gives with `assert`."""
    blocks = _PYTHON.findall(page.read_text(encoding="utf-8"))
    assert blocks
    assert any("assert " in block for block in blocks)
    monkeypatch.chdir(tmp_path)
    exec(compile("\n".join(blocks), str(page), "exec"), {"__name__": "__main__"})


def test_every_package_has_a_page_that_the_list_names() -> None:
    packages = {door.parent.name for door in (ROOT / "src" / "moxkit").glob("*/__init__.py")}
    assert {page.stem for page in PAGES} == packages
    listed = set(re.findall(r"\((\w+)\.md\)", (ROOT / "docs" / "reusing" / "README.md").read_text("utf-8")))
    assert listed == packages
