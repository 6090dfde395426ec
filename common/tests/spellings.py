"""Forbidden addresses in all the ways somebody may write them (reliability.md C 41-53); `at(port)` for one port."""

from ipaddress import IPv4Address
from itertools import chain

LOOPBACK = ("127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254")
FORBIDDEN_4 = (
    *LOOPBACK,
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255"),
    *("169.254.0.1", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192"),
    *("192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255", "198.51.100.1"),
    *("203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
)
FORBIDDEN_6 = (
    *("::", "::1", "0:0:0:0:0:0:0:1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:0:127.0.0.1"),
    *("::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::1"),
    *("2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::", "2001::1", "fec0::1", "fc00::1", "fd00::1"),
    *(
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fe80::1",
        "febf::1",
        "ff02::1",
        "ff0e::1",
        "5f00::1",
        "3fff::1",
        "100::1",
    ),
    *("2001:db8::1", "2001:2::1", "2001:10::1", "4000::1", "8000::1", "1::1"),
)
FORBIDDEN_ADDRESSES = (*FORBIDDEN_4, *FORBIDDEN_6)
NAMES = (
    *("localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost.localdomain", "ip6-localhost"),
    *("ip6-loopback", "metadata", "metadata.google.internal", "METADATA.google.internal.", "metadata.goog"),
    "instance-data",
)
_FULL = str.maketrans("0123456789.", "０１２３４５６７８９。")
_CIRCLED = str.maketrans("123456789", "①②③④⑤⑥⑦⑧⑨")


def odd(address: str) -> list[str]:
    """Return an IPv4 address as resolvers, browsers and attackers write it."""
    a, b, c, d = address.split(".")
    number = int(IPv4Address(address))
    return [
        str(number),
        hex(number),
        "0" + oct(number)[2:],
        f"{a}.{(int(b) << 16) + (int(c) << 8) + int(d)}",
        f"{a}.{b}.{(int(c) << 8) + int(d)}",
        f"0{int(a):o}.{b}.{c}.{d}",
        f"{hex(int(a))}.{b}.{c}.{d}",
        f"0{a}.{b}.{c}.{d}",
        f"{a}.{b}.{c}.{d}.",
        address.translate(_FULL),
        address.translate(_CIRCLED),
        address.replace(".", "。"),
        address.replace(".", "%2e"),
        f"[{address}]",
        f"[::ffff:{address}%25eth0]",
    ]


def at(port: int = 80) -> list[str]:
    """Return URLs that must not be taken, each at this port where it can name one."""
    tail = "" if port == 80 else f":{port}"
    literal = [f"http://{address}{tail}/" for address in FORBIDDEN_4]
    literal += [f"http://[{address}]{tail}/" for address in FORBIDDEN_6]
    written = [f"http://{text}{tail}/" for text in chain.from_iterable(map(odd, ODD))]
    named = [f"http://{name}{tail}/" for name in NAMES]
    tricks = [trick.format(tail=tail) for trick in TRICKS]
    return [*literal, *written, *named, *tricks]


ODD = (*LOOPBACK[:1], "10.0.0.1", "169.254.169.254", "192.168.0.1", "172.16.0.1", "100.64.0.1", "0.0.0.0", "198.18.0.1",
       "100.100.100.200", "127.255.255.254", "224.0.0.1", "127.0.0.2", "192.0.0.192", "10.255.255.255")  # fmt: skip
TRICKS = (
    "http://good@127.0.0.1{tail}/",
    "http://good:pass@127.0.0.1{tail}/",
    "http://127.0.0.1{tail}@good.example/",
    "http://good.example@127.0.0.1{tail}/",
    "http://127.0.0.1{tail}#@good.example/",
    "http://127.0.0.1{tail}\\@good.example/",
    "http://good.example\\@127.0.0.1{tail}/",
    "http://good.example\\.127.0.0.1{tail}/",
    "http:/\\127.0.0.1{tail}/",
    "http:\\\\127.0.0.1{tail}/",
    "http:127.0.0.1{tail}/",
    "http:/127.0.0.1{tail}/",
    "http:///127.0.0.1{tail}/",
    "//127.0.0.1{tail}/",
    "\thttp://127.0.0.1{tail}/",
    "http://127.0.0.1{tail}/\r\nHost: good.example",
    "http://127.0.0.1{tail}/ HTTP/1.1\r\n\r\nGET /",
    "http://good.example\t@127.0.0.1{tail}/",
    "http://127.0.0.1\x00.good.example{tail}/",
    "http://127.0.0.1 .good.example{tail}/",
    "http://\u200b127.0.0.1{tail}/",
    "http://[::1%25lo]{tail}/",
    "http://[fe80::1%25eth0]{tail}/",
    "http://[fe80::1%eth0]{tail}/",
    "http://[::1]good.example{tail}/",
    "http://good.example[::1]{tail}/",
    "http://[[::1]]{tail}/",
    "http://[v1.127.0.0.1]{tail}/",
    "http://127.0.0.1:{tail}80/",
    "http://127.0.0.1:+80/",
    "http://127.0.0.1:8_0/",
    "http://127.0.0.1:٨٠/",
    "http://lоcalhost{tail}/",
    "http://ⓛocalhost{tail}/",
    "http://localhost%2f{tail}/",
    "http://%6cocalhost{tail}/",
    "http://0{tail}/",
    "http://0x0{tail}/",
    "http://00000000177.1{tail}/",
    "http://127.000.000.001{tail}/",
    "http://0x7f000001{tail}/",
    "http://017700000001{tail}/",
    "http://127.0.1{tail}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1{tail}/_",
    "ftp://127.0.0.1/",
    "dict://127.0.0.1{tail}/",
    "unix:///run/docker.sock",
    "http+unix://%2frun%2fdocker.sock/",
    "jar:http://127.0.0.1{tail}!/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "ldap://127.0.0.1{tail}/",
    "ws://127.0.0.1{tail}/",
    "netdoc:///etc/passwd",
)
FORBIDDEN = at()
