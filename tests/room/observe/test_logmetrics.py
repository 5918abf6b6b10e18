"""Lines of the log are counted, and crashes by package."""

import logging
import re

from mox.observe import Metrics


def count(metrics: Metrics, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", metrics.text().decode(), re.MULTILINE)
    assert found is not None, name
    return float(found[1])


def test_lines_are_counted_by_level_and_crashes_by_package() -> None:
    metrics = Metrics()
    logger = logging.getLogger("mox.queue.queue")
    logger.addHandler(metrics.log)
    logger.setLevel(logging.DEBUG)
    try:
        logger.debug("x")
        logger.info("x")
        logger.warning("x")
        logger.error("x")
        try:
            raise ValueError("a bug")
        except ValueError:
            logger.exception("crashed")
    finally:
        logger.removeHandler(metrics.log)
        logger.setLevel(logging.NOTSET)
    assert count(metrics, "mox_logging_level_info_total") == 1
    assert count(metrics, "mox_logging_level_warn_total") == 1
    assert count(metrics, "mox_logging_level_error_total") == 2
    assert count(metrics, 'mox_panic_total{pkg="mox.queue"}') == 1
