"""Descriptors with their names, from one end of a channel to the other."""

import os
import socket
from pathlib import Path

from mox.privilege.handover import receive, send


def test_more_than_fit_in_a_packet_arrive_in_order(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"secret")
    handed = [(f"name {number}", os.open(tmp_path / "key", os.O_RDONLY)) for number in range(205)]
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        send(ours, "files", handed)
        taken = receive(theirs)
        assert taken is not None
        kind, got = taken
        assert (kind, [name for name, _ in got]) == ("files", [name for name, _ in handed])
        assert {os.pread(fd, 100, 0) for _, fd in got} == {b"secret"}
        for _, fd in (*handed, *got):
            os.close(fd)


def test_nothing_to_hand_over_is_said() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        send(ours, "sockets", [])
        assert receive(theirs) == ("sockets", [])


def test_the_end_of_the_other_side_is_noticed() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        ours.close()
        assert receive(theirs) is None
