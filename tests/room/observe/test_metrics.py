"""Numbers for Prometheus."""

import os
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from mox.observe import TOGETHER, Metrics, place_together


def samples(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """Return values by labels, these in the order of their names."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
        if sample.name == name
    }


def test_names_and_labels_are_those_that_operators_know() -> None:
    metrics = Metrics()
    smtp = metrics.smtp
    smtp.connected(is_submission=False)
    smtp.connected(is_submission=True)
    smtp.answered("mail", is_submission=False, code=250, enhanced="2.1.0", seconds=0.02)
    smtp.delivered(
        [("delivered", "no-bad-signals"), ("reject", "dmarc-policy"), ("delivered", "no-bad-signals")]
    )
    smtp.submitted("ok")
    smtp.handshaken()
    smtp.handshaken("eof")
    assert samples(metrics, "mox_smtpserver_connection_total") == {("deliver",): 1, ("submit",): 1}
    command = ("mail", "250", "2.1.0", "smtp")
    assert samples(metrics, "mox_smtpserver_command_duration_seconds_count") == {command: 1}
    buckets = samples(metrics, "mox_smtpserver_command_duration_seconds_bucket")
    assert next(labels[-1] for labels, value in buckets.items() if value) == "0.05"
    assert len(buckets) == 14
    assert samples(metrics, "mox_smtpserver_delivery_total") == {
        ("no-bad-signals", "delivered"): 2,
        ("dmarc-policy", "reject"): 1,
    }
    assert samples(metrics, "mox_smtpserver_submission_total") == {("ok",): 1}
    assert samples(metrics, "mox_smtpserver_delivery_starttls_total") == {(): 2}
    assert samples(metrics, "mox_smtpserver_delivery_starttls_errors_total") == {("eof",): 1}


def test_the_process_is_measured() -> None:
    assert samples(Metrics(), "python_info")


def test_servers_count_apart() -> None:
    first, second = Metrics(), Metrics()
    first.smtp.submitted("ok")
    assert samples(second, "mox_smtpserver_submission_total") == {}


def test_nobody_makes_series_at_will() -> None:
    metrics = Metrics()
    for number in range(5_000):
        metrics.smtp.handshaken(f"alert-{number}")
    found = samples(metrics, "mox_smtpserver_delivery_starttls_errors_total")
    assert len(found) == 1_001
    assert found["other",] == 4_000


def test_several_processes_count_together(tmp_path: Path) -> None:
    left = tmp_path / "metrics-1"
    left.mkdir()
    program = """
from mox.observe import Metrics
metrics = Metrics()
metrics.smtp.submitted("ok")
print(metrics.text().decode())
"""
    place = place_together(tmp_path)
    environment = {**os.environ, TOGETHER: str(tmp_path / place.name)}
    texts = [
        subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        ).stdout
        for _ in range(3)
    ]
    counts = [line for text in texts for line in text.splitlines() if "submission_total{" in line]
    assert counts == [f'mox_smtpserver_submission_total{{result="ok"}} {count}.0' for count in (1, 2, 3)]
    assert texts[0].count("python_info{") == 1
    # Of a server that ran before.
    assert not left.exists()
