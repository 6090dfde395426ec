"""A network of our own (network and mount namespace) in which every address there is leads to this machine."""

import ctypes
import fcntl
import functools
import os
import shutil
import socket
import struct
import subprocess
from pathlib import Path

NAME_SERVER = "192.0.2.53"
FILES = {
    "resolv.conf": f"nameserver {NAME_SERVER}\noptions timeout:30 attempts:5\n",
    "nsswitch.conf": "hosts: files dns\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n169.254.169.254 listed.acme.internal\n",
}
MS_BIND = 4096
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
RTM_NEWROUTE, NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE = 24, 1, 4, 0x400
RTA_OIF, RT_TABLE_LOCAL, RTPROT_BOOT, RT_SCOPE_HOST, RTN_LOCAL, NLMSG_ERROR = 4, 255, 3, 254, 2, 2


# Root of the machine needs no mapping; root of a container may have to, and everybody else has.
WAYS = (["unshare", "--net", "--mount"], ["unshare", "--map-root-user", "--net", "--mount"])


@functools.cache
def unshare() -> tuple[list[str], str]:
    """Return the command that begins a namespace, or why there can be none here."""
    if shutil.which("unshare") is None:
        return [], "there is no unshare (util-linux)"
    said = ""
    for way in WAYS:
        tried = subprocess.run([*way, "true"], capture_output=True, text=True, timeout=30)
        if tried.returncode == 0:
            return way, ""
        said = tried.stderr.strip()
    return [], f"no network namespace may be made here: {said}"


def settle(folder: Path) -> None:
    """Make the network, inside the namespace: lo is up, all addresses are on it, names are asked of `NAME_SERVER`."""
    libc = ctypes.CDLL(None, use_errno=True)
    for name, text in FILES.items():
        path = folder / name
        path.write_text(text)
        if libc.mount(str(path).encode(), os.path.realpath(f"/etc/{name}").encode(), None, MS_BIND, None):
            raise OSError(ctypes.get_errno(), f"mounting {name}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        asked = fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0))
        (flags,) = struct.unpack_from("H", asked, 16)
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))
    for family in (socket.AF_INET, socket.AF_INET6):
        _everything_is_here(family)


def _everything_is_here(family: int) -> None:
    """Do what `ip route add local default dev lo` does."""
    route = struct.pack("BBBBBBBBI", family, 0, 0, 0, RT_TABLE_LOCAL, RTPROT_BOOT, RT_SCOPE_HOST, RTN_LOCAL, 0)
    device = struct.pack("HHI", 8, RTA_OIF, socket.if_nametoindex("lo"))
    flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE
    head = struct.pack("IHHII", 16 + len(route) + len(device), RTM_NEWROUTE, flags, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.send(head + route + device)
        answer = netlink.recv(4096)
    (kind,), (error,) = struct.unpack_from("H", answer, 4), struct.unpack_from("i", answer, 16)
    if kind != NLMSG_ERROR or error:
        raise OSError(-error, "adding a route")
