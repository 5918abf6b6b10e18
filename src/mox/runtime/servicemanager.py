"""Telling systemd how the server is (sd_notify(3)); where nobody asks for it, nothing is told."""

import logging
import os
import socket
import sys

__all__ = ["notify_service_manager"]

logger = logging.getLogger(__name__)


def notify_service_manager(state: str) -> None:
    """Tell a state, like ``READY=1``."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if sys.platform != "win32" and address:
        # A name in the abstract namespace is written with @.
        name = "\0" + address[1:] if address.startswith("@") else address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.sendto(state.encode(), name)
        except OSError as error:
            logger.warning("service manager not told", extra={"state": state, "error": error})
