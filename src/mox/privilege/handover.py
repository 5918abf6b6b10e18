"""Descriptors from process to process, with names: some at a time, in packets (unix(7), SCM_RIGHTS)."""

import json
import os
import socket
import sys
from collections.abc import Sequence

assert sys.platform != "win32"  # noqa: S101  there is no such thing on Windows

__all__ = ["CHANNEL", "Address", "Handed", "receive", "send"]

CHANNEL = "MOX_HANDOVER"
"""Environment variable of a child: descriptor of the channel to the parent, which of how many workers it is,
and `confined` if it is to have no more than it was given."""

# The kernel takes 253 in one packet.
_MOST_TOGETHER = 100
_LONGEST_PACKET = 1 << 16

Address = tuple[str, int]
"""IP and port."""

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
