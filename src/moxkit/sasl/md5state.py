"""MD5 (RFC 1321) that can stop after a block, for CRAM-MD5's stored state; hashlib hides that state.

One or two blocks a login, so that the speed of plain Python does.
"""

import math
import struct

__all__ = ["compress", "finish"]

_SHIFTS = (7, 12, 17, 22) * 4 + (5, 9, 14, 20) * 4 + (4, 11, 16, 23) * 4 + (6, 10, 15, 21) * 4
_SINES = tuple(int(abs(math.sin(i + 1)) * 2**32) & 0xFFFFFFFF for i in range(64))
_START = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
_STATE = struct.Struct("<4I")
_BLOCK = struct.Struct("<16I")


def compress(block: bytes, state: bytes | None = None) -> bytes:
    """Take one block of 64 octets into a state of 16 (None: the start)."""
    start = _START if state is None else _STATE.unpack(state)
    a, b, c, d = start
    words = _BLOCK.unpack(block)
    for i in range(64):
        match i // 16:
            case 0:
                mixed, g = (b & c) | (~b & d), i
            case 1:
                mixed, g = (d & b) | (~d & c), (5 * i + 1) % 16
            case 2:
                mixed, g = b ^ c ^ d, (3 * i + 5) % 16
            case _:
                mixed, g = c ^ (b | (~d & 0xFFFFFFFF)), (7 * i) % 16
        mixed = (mixed + a + _SINES[i] + words[g]) & 0xFFFFFFFF
        shift = _SHIFTS[i]
        a, d, c, b = d, c, b, (b + ((mixed << shift) | (mixed >> (32 - shift)))) & 0xFFFFFFFF
    return _STATE.pack(*((old + new) & 0xFFFFFFFF for old, new in zip(start, (a, b, c, d), strict=True)))


def finish(state: bytes, done_octets: int, rest: bytes) -> bytes:
    """Return the digest of what a state has taken in, followed by `rest`."""
    total_bits = (done_octets + len(rest)) * 8
    padded = rest + b"\x80" + bytes((55 - len(rest)) % 64) + struct.pack("<Q", total_bits & (2**64 - 1))
    for at in range(0, len(padded), 64):
        state = compress(padded[at : at + 64], state)
    return state
