"""The alert rules that come along name numbers that there are."""

import re
from pathlib import Path

import yaml

from mox.observe import Metrics

RULES = Path(__file__).parents[1] / "docs" / "operating" / "alerts.yml"


def test_rules_are_about_numbers_that_there_are() -> None:
    metrics = Metrics()
    metrics.log._panics.labels("mox.x")
    shown = set(re.findall(r"^# TYPE (\w+) (\w+)$", metrics.text().decode(), re.MULTILINE))
    names = {name for name, _ in shown} | {f"{name}_count" for name, kind in shown if kind == "histogram"}
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 5
    for rule in rules:
        named = re.findall(r"\bmox_\w+", rule["expr"])
        assert named
        assert set(named) <= names, rule["alert"]
        assert rule["annotations"]["summary"]
