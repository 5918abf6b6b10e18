"""Descriptors from process to process, with names: some at a time, in packets (unix(7), SCM_RIGHTS)."""

import json
import os
import socket
import sys
from collections.abc import Sequence

assert sys.platform != "win32"  # noqa: S101  there is no such thing on Windows

__all__ = ["Handed", "receive", "send"]

# The kernel takes 253 in one packet.
_MOST_TOGETHER = 100
_LONGEST_PACKET = 1 << 16

Handed = tuple[str, int]
"""The name of what is handed over, and its descriptor."""


def send(channel: socket.socket, kind: str, handed: Sequence[Handed]) -> None:
    """Hand over descriptors of a kind; the receiver has its own copies then.

    Raises:
        OSError: The other end is gone.
    """
    for at in range(0, max(1, len(handed)), _MOST_TOGETHER):
        part = handed[at : at + _MOST_TOGETHER]
        packet = {
            "kind": kind,
            "names": [name for name, _ in part],
            "is_last": at + _MOST_TOGETHER >= len(handed),
        }
        socket.send_fds(channel, [json.dumps(packet).encode()], [fd for _, fd in part])


def receive(channel: socket.socket) -> tuple[str, list[Handed]] | None:
    """Take over all of a kind, waiting for it; None when the other end is gone.

    Raises:
        OSError: The channel is broken.
    """
    taken: list[Handed] = []
    while True:
        octets, fds, _flags, _address = socket.recv_fds(channel, _LONGEST_PACKET, _MOST_TOGETHER)
        if not octets:
            for _, fd in taken:
                os.close(fd)
            return None
        packet = json.loads(octets)
        taken += zip(packet["names"], fds, strict=True)
        if packet["is_last"]:
            return packet["kind"], taken
