"""MASKLINE_PUSH_*: the ways round the address guard, and what is refused at the start (contract.md)."""

import pytest

from config import tunables
from config.environment import Reader


def read(**environ: str) -> tuple[list[str], list[str], list[str]]:
    """Return what is let through by hand, the networks, and the ids of the problems; each of these has its cure."""
    reader = Reader(environ)
    found = tunables.read(reader)
    assert all(problem.hint for problem in reader.problems)
    ids = [problem.id for problem in reader.problems]
    return found["push_allow_private"], found["push_allowed_networks"], ids


@pytest.mark.parametrize(
    ("text", "kept", "problems"),
    [
        ("", [], []),
        ("0", [], []),
        ("off", [], []),
        ("1", ["1"], []),
        ("true", ["1"], []),
        ("127.0.0.1:9000, localhost:9001,[::1]:9002", ["127.0.0.1:9000", "localhost:9001", "[::1]:9002"], []),
        ("127.0.0.1", [], ["maskline.E009"]),
        ("1,127.0.0.1:9000", ["127.0.0.1:9000"], ["maskline.E009"]),
        ("http://127.0.0.1:9000/", [], ["maskline.E009"]),
        ("127.0.0.1:99999", [], ["maskline.E009"]),
        ("127.1:9000", [], ["maskline.E009"]),
    ],
)
def test_private_addresses_are_let_through_one_by_one_or_all(text, kept, problems):
    assert read(MASKLINE_PUSH_ALLOW_PRIVATE=text) == (kept, [], problems)


def test_in_production_only_networks_are_let_through():
    production = {"DATABASE_URL": "postgresql://h/d", "MASKLINE_PUSH_ALLOWED_NETWORKS": "10.0.0.0/8, fd00::/8"}
    assert read(**production) == ([], ["10.0.0.0/8", "fd00::/8"], [])
    for text in ("1", "127.0.0.1:9000"):
        assert read(**production, MASKLINE_PUSH_ALLOW_PRIVATE=text)[::2] == ([], ["maskline.E008"])


def test_a_network_that_is_none_is_named():
    assert read(MASKLINE_PUSH_ALLOWED_NETWORKS="10.0.0.0/8,office")[1:] == (["10.0.0.0/8"], ["maskline.E004"])
