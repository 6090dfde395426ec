"""Where a customer's URL may lead: spellings, ports, addresses (reliability.md C 41-57)."""

from ipaddress import ip_address

import pytest

from common import egress
from common.egress import Forbidden, Policy, check_url
from common.tests.spellings import FORBIDDEN, FORBIDDEN_ADDRESSES

OPEN = Policy()


def problem(url: object, rules: Policy = OPEN) -> str:
    """Return what is wrong with a URL, "" when nothing is."""
    try:
        check_url(url, rules)
    except Forbidden as forbidden:
        assert forbidden.problem and forbidden.cure
        assert str(url) not in str(forbidden) or len(str(url)) < 2
        return forbidden.problem
    return ""


def test_there_are_three_hundred_forbidden_spellings() -> None:
    assert len(set(FORBIDDEN)) >= 300


@pytest.mark.parametrize("url", FORBIDDEN)
def test_no_spelling_of_a_forbidden_address_is_taken(url: str) -> None:
    assert problem(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.example/status",
        "http://acme.example",
        "HTTP://ACME.EXAMPLE:8080/Fee?a=b&c=%20",
        "https://acme.example.:8443/",
        "https://93.184.216.34/x",
        "https://[2606:4700:4700::1111]:8443/x",
        "https://[::ffff:93.184.216.34]/x",
        "https://xn--fsqu00a.xn--0zwm56d/",
        "https://under_score.acme.example/?q=/../@",
    ],
)
def test_ordinary_addresses_are_taken(url: str) -> None:
    assert problem(url) == ""
    assert check_url(url, OPEN).url == url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, egress.NO_ADDRESS),
        (7, egress.NO_ADDRESS),
        ("", egress.NO_ADDRESS),
        ("acme.example/status", egress.NO_ADDRESS),
        ("https://acme.example/" + "a" * 1024, egress.NO_ADDRESS),
        ("https://acme.example/a b", egress.NO_ADDRESS),
        ("https://acme.example/\n", egress.NO_ADDRESS),
        ("https://acme.example/#part", egress.NO_ADDRESS),
        ("https://acme..example/", egress.NO_ADDRESS),
        ("https://-acme.example/", egress.NO_ADDRESS),
        ("ftp://acme.example/", egress.HTTP_ONLY),
        ("file:///etc/passwd", egress.HTTP_ONLY),
        ("https://user:secret@acme.example/", egress.WITH_USER),
        ("https://acme.example:0/", egress.NO_ADDRESS),
        ("https://acme.example:65536/", egress.NO_ADDRESS),
        ("https://acme.example:22/", egress.BAD_PORT),
        ("https://acme.example:25/", egress.BAD_PORT),
        ("https://acme.example:5432/", egress.BAD_PORT),
        ("https://acme.example:6379/", egress.BAD_PORT),
        ("https://acme.example:9200/", egress.BAD_PORT),
        ("https://127.1/", egress.ODD_HOST),
        ("https://localhost/", egress.THIS_MACHINE),
        ("https://10.0.0.1/", egress.PRIVATE_NETWORK),
        ("https://169.254.169.254/latest/meta-data/", egress.RESERVED),
    ],
)
def test_the_mistake_is_named(url: object, said: str) -> None:
    assert problem(url) == said


def test_our_own_address_is_no_customers(settings) -> None:
    settings.MASKLINE_PUBLIC_URL = "https://maskline.example"
    assert problem("https://maskline.example/upstream/v1/notifications", egress.policy()) == egress.THIS_PROGRAM
    assert problem("https://maskline.example:8443/", egress.policy()) == ""


@pytest.mark.parametrize("text", FORBIDDEN_ADDRESSES)
def test_no_forbidden_address_is_connected_to(text: str) -> None:
    assert OPEN.objection(ip_address(text), "acme.example", 443)


def rules(*listed: str, networks: tuple[str, ...] = ()) -> Policy:
    return egress._policy(listed, networks, "https://maskline.example")


@pytest.mark.parametrize(
    ("given", "url", "fine"),
    [
        (rules("1"), "http://127.0.0.1:9000/", True),
        (rules("1"), "http://localhost:9000/", True),
        (rules("1"), "http://10.1.2.3:9000/", True),
        (rules("1"), "http://169.254.169.254/", False),
        (rules("1"), "http://127.0.0.1:6379/", False),
        (rules("1"), "http://0.0.0.0:9000/", False),
        (rules("127.0.0.1:9000"), "http://127.0.0.1:9000/", True),
        (rules("127.0.0.1:9000"), "http://127.0.0.1:9001/", False),
        (rules("[::1]:9000"), "http://[0:0::1]:9000/", True),
        (rules("localhost:22"), "http://localhost:22/", True),
        (rules("169.254.169.254:80"), "http://169.254.169.254/", False),
        (rules(networks=("10.0.0.0/8",)), "http://10.1.2.3/", True),
        (rules(networks=("10.0.0.0/8",)), "http://[::ffff:10.1.2.3]/", True),
        (rules(networks=("10.0.0.0/8",)), "http://192.168.0.1/", False),
        (rules(networks=("0.0.0.0/0", "::/0")), "http://127.0.0.1/", False),
        (rules(networks=("0.0.0.0/0", "::/0")), "http://[::1]/", False),
        (rules(networks=("0.0.0.0/0", "::/0")), "http://169.254.1.1/", False),
        (rules(networks=("0.0.0.0/0", "::/0")), "http://100.100.100.200/", False),
        (rules(networks=("0.0.0.0/0", "::/0")), "http://[fd00:ec2::254]/", False),
        (rules(networks=("0.0.0.0/0", "::/0")), "http://[fd00:ec2::23]/", False),
        (rules(networks=("0.0.0.0/0", "::/0")), "http://192.168.0.1/", True),
    ],
)
def test_the_ways_round_open_what_they_say_and_no_more(given: Policy, url: str, fine: bool) -> None:
    assert (problem(url, given) == "") is fine
