import pytest

from common import sql


def test_a_query_is_found_by_package_and_name() -> None:
    text = sql.load("common", "list_partitions")
    assert text.startswith("/* common.list_partitions */\nSELECT")
    assert "%(table)s" in text and "--" not in text


def test_a_missing_query_is_named() -> None:
    with pytest.raises(LookupError, match=r"common/sql has no query named nothing; it has: .*list_partitions"):
        sql.load("common", "nothing")


def test_a_package_without_sql_has_no_queries() -> None:
    with pytest.raises(LookupError, match="it has: none"):
        sql.load("common.tests", "nothing")


def test_blocks_are_split_at_their_names() -> None:
    one = "-- name: one\n-- Says 50 % of it.\nSELECT 1 -- first\n-- between\n;\n"
    text = f"-- a file\n\n{one}-- name: two\n-- Two.\nSELECT 2\n"
    assert sql.split(text, "x.sql") == {"one": "SELECT 1 -- first\n;", "two": "SELECT 2"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("-- name: one\nSELECT 1\n", "one does not say what it does"),
        ("-- name: one\n-- One.\n", "one is empty"),
        ("SELECT 1\n-- name: one\n-- One.\nSELECT 1\n", "SQL before the first"),
        ("-- name: one\n-- One.\nSELECT 1\n-- name: one\n-- Again.\nSELECT 2\n", "one is named twice"),
    ],
)
def test_a_careless_file_is_refused(text: str, problem: str) -> None:
    with pytest.raises(LookupError, match=problem):
        sql.split(text, "x.sql")
