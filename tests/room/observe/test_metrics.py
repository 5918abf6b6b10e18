"""Numbers for Prometheus."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mox.observe import TOGETHER, Metrics, place_together
from moxkit.testing import FakeClock


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


def test_several_processes_count_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / "tmp" / "metrics-1"
    left.mkdir(parents=True)
    place = place_together(tmp_path)
    program = """
import asyncio
from mox.observe import Metrics
from moxkit.testing import FakeClock
metrics, clock = Metrics(), FakeClock()
metrics.smtp.submitted("ok")
metrics.smtp.answered("mail", is_submission=False, code=250, enhanced="2.1.0", seconds=0.02)
async def share():
    sharing = asyncio.ensure_future(metrics.share(clock))
    await asyncio.sleep(0)
    await clock.advance(5)
    sharing.cancel()
asyncio.run(share())
"""
    for _ in range(2):
        subprocess.run([sys.executable, "-c", program], env={**os.environ, TOGETHER: str(place)}, check=True)
    monkeypatch.setenv(TOGETHER, str(place))
    metrics = Metrics()
    assert samples(metrics, "mox_smtpserver_submission_total") == {("ok",): 2}
    metrics.smtp.submitted("ok")
    metrics.smtp.submitted("badmessage")
    assert samples(metrics, "mox_smtpserver_submission_total") == {("ok",): 3, ("badmessage",): 1}
    assert list(samples(metrics, "mox_smtpserver_command_duration_seconds_count").values()) == [2]
    assert metrics.text().count(b"python_info{") == 1
    # Of a server that ran before.
    assert not left.exists()


async def test_numbers_that_cannot_be_shared_hinder_nobody(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    place = place_together(tmp_path)
    monkeypatch.setenv(TOGETHER, str(place))
    metrics = Metrics()
    shutil.rmtree(place)
    sharing = asyncio.ensure_future(metrics.share(clock))
    metrics.smtp.submitted("ok")
    for _ in range(3):
        await asyncio.sleep(0)
        await clock.advance(5)
    assert not sharing.done()
    place.mkdir()
    (place / "1.json").write_bytes(b"half of")
    assert samples(metrics, "mox_smtpserver_submission_total") == {("ok",): 1}
    assert "numbers of a worker not read" in caplog.text
    sharing.cancel()
