"""Raw SQL by name, from the `sql` folder of a package.

A file holds blocks that start with a name and say what they do:

    -- name: settle_pass
    -- Draws one package rank for the rows of an hour and a shard.
    SELECT ... WHERE account_id = %(account)s
"""

import re
from functools import cache
from importlib import resources

_NAME = re.compile(r"^-- name: *([a-z][a-z0-9_]*) *$", re.MULTILINE)
_COMMENT_LINE = re.compile(r"^\s*--.*\n?", re.MULTILINE)


def load(package: str, name: str) -> str:
    """Return the SQL called `name` in `<package>/sql/*.sql`, with `%(name)s` parameters.

    Raises LookupError naming what is missing, doubled or without a description.
    """
    queries = _queries(package)
    if name not in queries:
        known = ", ".join(sorted(queries)) or "none"
        raise LookupError(f"{package}/sql has no query named {name}; it has: {known}")
    return queries[name]


query = load


@cache
def _queries(package: str) -> dict[str, str]:
    queries: dict[str, str] = {}
    folder = resources.files(package) / "sql"
    files = sorted(folder.iterdir(), key=lambda file: file.name) if folder.is_dir() else []
    for file in files:
        if not file.name.endswith(".sql"):
            continue
        for name, body in split(file.read_text("utf-8"), f"{package}/sql/{file.name}").items():
            if name in queries:
                raise LookupError(f"{package}/sql/{file.name}: {name} is named twice")
            queries[name] = f"/* {package}.{name} */\n{body}"
    return queries


def split(text: str, source: str) -> dict[str, str]:
    """Return the named blocks of one file, without their comment lines. Raises LookupError."""
    head, *rest = _NAME.split(text)
    if _COMMENT_LINE.sub("", head).strip():
        raise LookupError(f"{source}: SQL before the first `-- name:` line")
    blocks: dict[str, str] = {}
    for name, block in zip(rest[::2], rest[1::2], strict=True):
        if not block.lstrip().startswith("--"):
            raise LookupError(f"{source}: {name} does not say what it does")
        if name in blocks:
            raise LookupError(f"{source}: {name} is named twice")
        # Comments go: a per cent sign in one would be read as a parameter.
        blocks[name] = _COMMENT_LINE.sub("", block).strip()
        if not blocks[name]:
            raise LookupError(f"{source}: {name} is empty")
    return blocks
