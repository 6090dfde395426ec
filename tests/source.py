"""The product's Python files, parsed once, and what the architecture test asks of one."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES: tuple[str, ...] = ("common", "accounts", "notifications", "privacy", "billing", "console", "config")


@dataclass(frozen=True)
class Import:
    """One imported module, spelled out: `from common import money` is `common.money`."""

    module: str
    line: int
    inside_function: bool


@dataclass(frozen=True)
class Module:
    """One Python file of the product."""

    name: str
    path: Path

    @property
    def package(self) -> str:
        return self.name.partition(".")[0]

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, str(self.path))

    @cached_property
    def imports(self) -> list[Import]:
        inner = {
            node
            for function in ast.walk(self.tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for node in ast.walk(function)
        }
        return [
            Import(name, node.lineno, node in inner)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in self._imported(node)
        ]

    def _imported(self, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
            return
        base = node.module or ""
        if node.level:
            folder = self.name.split(".") if self.path.stem == "__init__" else self.name.split(".")[:-1]
            base = ".".join([*folder[: len(folder) - node.level + 1], *([base] if base else [])])
        yield from (f"{base}.{alias.name}" for alias in node.names)

    @cached_property
    def attributes(self) -> list[tuple[str, int]]:
        """Every dotted name that is read, e.g. ("datetime.now", 12); of a call or subscript only what follows."""
        return [
            (ast.unparse(node) if _is_dotted(node) else f".{node.attr}", node.lineno)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Attribute)
        ]

    @cached_property
    def strings(self) -> list[tuple[str, int]]:
        """Every text constant but docstrings."""
        docs = {
            id(node.body[0].value)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        return [
            (node.value, node.lineno)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
        ]

    def within(self, *names: str) -> bool:
        """Return whether this module is one of `names` or lies below one."""
        return is_within(self.name, names)


def is_within(name: str, owners: tuple[str, ...] | list[str] | set[str]) -> bool:
    """Return whether a dotted name is one of `owners` or lies below one."""
    return any(name == owner or name.startswith(f"{owner}.") for owner in owners)


@cache
def modules() -> list[Module]:
    """Return the modules of the product, without tests and migrations."""
    return [module for module in _all() if not {"tests", "migrations"} & set(module.path.parts)]


def _all() -> list[Module]:
    files = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return [Module(_dotted(file.relative_to(ROOT)), file) for file in files]


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _is_dotted(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)
