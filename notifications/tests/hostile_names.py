"""A name server that lies (reliability.md C 47-49, D 72): the first label of a name under `ZONE` tells what it says.

It speaks DNS over UDP by itself, with a time to live of 0, and shares no code with what it is to test.
"""

import asyncio
import struct
from collections import Counter
from ipaddress import ip_address
from typing import Any

ZONE = "acme.internal"
PUBLIC = "93.184.216.34"
A, CNAME, AAAA = 1, 5, 28
SERVFAIL, NXDOMAIN = 2, 3
# What is said of each name: addresses of both kinds, each time all of them.
ANSWERS = {
    "good": [PUBLIC],
    "secure": [PUBLIC],
    "other": [PUBLIC],
    "mixed": [PUBLIC, "127.0.0.1"],
    "mixed-late": ["127.0.0.1", PUBLIC],
    "mixed-six": [PUBLIC, "::1"],
    "mixed-metadata": [PUBLIC, "169.254.169.254"],
    "loopback": ["127.0.0.1"],
    "loopback-six": ["::1"],
    "mapped": ["::ffff:127.0.0.1"],
    "mapped-metadata": ["::ffff:169.254.169.254"],
    "compatible": ["::127.0.0.1"],
    "translated": ["64:ff9b::7f00:1"],
    "six-to-four": ["2002:7f00:1::"],
    "private": ["10.0.0.5"],
    "private-b": ["172.16.0.1"],
    "private-c": ["192.168.1.1"],
    "carrier": ["100.64.0.1"],
    "alibaba": ["100.100.100.200"],
    "metadata": ["169.254.169.254"],
    "metadata-six": ["fd00:ec2::254"],
    "containers": ["fd00:ec2::23"],
    "benchmark": ["198.18.0.1"],
    "link": ["fe80::1"],
    "nothing": ["0.0.0.0"],
    "nothing-six": ["::"],
}
# The first question is answered well, all later ones badly; or the two by turns.
TURNED, FLIPPING = "turned", "flipping"
CHAINS = {"chained": ["step", "last", "127.0.0.1"], "chained-well": ["step", "last", PUBLIC]}
SILENT, FAILING, GARBLED = "silent", "failing", "garbled"
FORBIDDEN_NAMES = [name for name, told in ANSWERS.items() if told != [PUBLIC]] + ["chained"]
NO_ANSWERS = [FAILING, "unknown"]


def name_of(label: str) -> str:
    """Return a name of the zone."""
    return f"{label}.{ZONE}"


class NameServer(asyncio.DatagramProtocol):
    """Answers each question as the name says; a number behind it makes it another name, answered in the same way."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def connection_made(self, transport: Any) -> None:
        self.transport: asyncio.DatagramTransport = transport

    def datagram_received(self, packet: bytes, sender: tuple[str, int]) -> None:
        """Answer one question."""
        labels, end = [], 12
        while packet[end]:
            labels.append(packet[end + 1 : end + 1 + packet[end]].decode().lower())
            end += 1 + packet[end]
        (kind,) = struct.unpack_from(">H", packet, end + 1)
        question = packet[12 : end + 5]
        if kind == A:
            self.asked[labels[0]] += 1
        times = self.asked[labels[0]]
        label = labels[0].rstrip("0123456789") if labels[1:] == ZONE.split(".") else ""
        if label == SILENT:
            return
        if label == GARBLED:
            self.transport.sendto(packet[:2] + b"\xff" * 40, sender)
            return
        status, records = _answer(label, kind, times)
        head = packet[:2] + struct.pack(">HHHHH", 0x8180 | status, 1, len(records), 0, 0)
        self.transport.sendto(head + question + b"".join(records), sender)


def _answer(label: str, kind: int, times: int) -> tuple[int, list[bytes]]:
    if label == FAILING:
        return SERVFAIL, []
    if label in CHAINS:
        return 0, _chain(CHAINS[label], kind)
    told = ANSWERS.get(label)
    if label == TURNED:
        told = [PUBLIC if times <= 1 else "127.0.0.1"]
    if label == FLIPPING:
        told = [PUBLIC if times % 2 else "127.0.0.1"]
    if told is None:
        return NXDOMAIN, []
    return 0, [_record(b"\xc0\x0c", text) for text in told if _kind(text) == kind]


def _kind(text: str) -> int:
    return AAAA if ":" in text else A


def _record(owner: bytes, text: str) -> bytes:
    content = ip_address(text).packed
    return owner + struct.pack(">HHIH", _kind(text), 1, 0, len(content)) + content


def _wire(label: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in name_of(label).split(".")) + b"\0"


def _chain(steps: list[str], kind: int) -> list[bytes]:
    """Return aliases one after the other, and at their end an address, if it is of the kind asked for."""
    records, owner = [], b"\xc0\x0c"
    for step in steps[:-1]:
        target = _wire(step)
        records.append(owner + struct.pack(">HHIH", CNAME, 1, 0, len(target)) + target)
        owner = target
    return [*records, *([_record(owner, steps[-1])] if _kind(steps[-1]) == kind else [])]
