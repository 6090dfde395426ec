"""What `docs/decisions.md` says of the house, held: the chain, the pure modules, the sizes, the doors.

An exception is a line in one of the lists below, with its reason.
"""

import re
import subprocess
import sys

import pytest

from common import faults, sql
from tests.source import PACKAGES, ROOT, Module, is_within, modules

CHAIN: tuple[str, ...] = ("common", "accounts", "notifications", "privacy", "billing", "console")
IMPORTS_CONFIG: dict[str, str] = {}

# Modules that decide. They import only the standard library, each other and these.
PURE = [
    "accounts.digests",
    "common.money",
    "common.periods",
    "notifications.retry",
    "notifications.signing",
    "privacy.segments",
    "privacy.routing",
    "privacy.causes",
    "privacy.lives",
    "billing.rating",
    "billing.allocation",
]
PURE_MAY_IMPORT = {"common.errors", *PURE}
# Outside the standard library, without state or clock.
PURE_LIBRARIES = {"phonenumbers", "typing_extensions"}
PURE_STANDARD = sys.stdlib_module_names - {"random", "secrets", "time", "os", "socket", "subprocess", "threading"}
CLOCKS = re.compile(r"(^|\.)(now|utcnow|today|time|time_ns|monotonic|uuid1|uuid4|urandom)$")
CLOCK_OWNERS = re.compile(r"^(datetime|date|time|timezone|uuid|os)(\.|$)")

IMPORTS_INSIDE_FUNCTIONS: dict[str, str] = {}
SIGNALS: dict[str, str] = {
    "privacy.apps": "URLs change in accounts, by several doors, which know nothing of the pushes that follow them",
}

USUAL_LINES, MOST_LINES = 250, 400
LONGER: dict[str, str] = {
    "accounts.models": "the models of one app that belong together",
    "config.settings": "Django reads its settings from one module",
    "privacy.models.bindings": "the tables of one rule book that lock and count together",
    "privacy.wire.items": "one table of every field of the wire format",
}
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "data", "info"}

# What the console's pages read goes through accounts.scope; these are no pages of a bound user
# (a module), or read what the scope has already let through (module:expression).
AROUND_SCOPE: dict[str, str] = {
    "console.management": "commands of the operator, who has no account",
    "console.simulation": "plays the switch",
    "console.jobs": "the queue of long work: a worker has no account, the row says whose it is",
    "console.pulse": "the same",
    "console.job_files": "the same: its sweep",
    "console.reconciliation": "the proof over everything, for the operator",
    "console.tasks:Heartbeat.objects": "belongs to no account",
    "console.history.sms:MessageResult.objects": "results of a message that is in scope; they know no account",
}
REACHES_ROWS = re.compile(r"(^|\.)(objects|_default_manager|_base_manager|cursor|raw)$")

# Names of the vendor's push fields that nothing else could mean.
WIRE_NAMES = {"feeLst", "callInTime", "fwdAnswerTime", "fwdStartTime", "fwdDstNum", "fwdDisplayNum", "callEndTime"}
WIRE_NAMES |= {"fwdUnaswRsn", "ulFailReason", "smsIdentifier", "numInfo", "statusInfo"}
SPEAK_THE_WIRE = ("privacy.wire", "console.simulation", "config.openapi")

# Split, so that this file is not its own first finding.
LEFT_BEHIND = [re.compile(first + rest) for first, rest in [("/wor", "k/"), ("index-", "url"), ("python", "hosted")]]


def where(module: Module, line: int, problem: str) -> str:
    return f"{module.path.relative_to(ROOT)}:{line}: {problem}"


def pure_modules() -> list[Module]:
    return [module for module in modules() if module.within(*PURE)]


def test_each_package_imports_only_what_stands_to_its_left() -> None:
    found = []
    for module in modules():
        if module.package == "config" or module.within(*IMPORTS_CONFIG):
            allowed = PACKAGES
        else:
            allowed = CHAIN[: CHAIN.index(module.package) + 1]
        for imported in module.imports:
            package = imported.module.partition(".")[0]
            if package in PACKAGES and package not in allowed:
                found.append(where(module, imported.line, f"{module.package} may not import {imported.module}"))
    assert not found, "\n".join(found)


def test_no_import_hides_inside_a_function() -> None:
    found = [
        where(module, imported.line, f"imports {imported.module} inside a function")
        for module in modules()
        if not module.within(*IMPORTS_INSIDE_FUNCTIONS)
        for imported in module.imports
        if imported.inside_function
    ]
    assert not found, "\n".join(found)


def test_no_signals_are_sent_between_apps() -> None:
    found = [
        where(module, imported.line, f"uses {imported.module}; call a function instead")
        for module in modules()
        if not module.within(*SIGNALS)
        for imported in module.imports
        if imported.module.startswith("django.") and re.search(r"\.(dispatch|signals)(\.|$)", imported.module)
    ]
    assert not found, "\n".join(found)


def test_modules_that_decide_import_nothing_that_acts() -> None:
    found = []
    for module in pure_modules():
        for imported in module.imports:
            package = imported.module.partition(".")[0]
            if package in PACKAGES:
                fine = is_within(imported.module, PURE_MAY_IMPORT) or imported.module in PACKAGES
            else:
                fine = package in PURE_LIBRARIES | PURE_STANDARD
            if not fine:
                found.append(where(module, imported.line, f"a pure module imports {imported.module}"))
    assert not found, "\n".join(found)


def test_modules_that_decide_read_no_clock_and_no_chance() -> None:
    found = [
        where(module, line, f"a pure module reads {name}")
        for module in pure_modules()
        for name, line in module.attributes
        if CLOCKS.search(name) and CLOCK_OWNERS.search(name)
    ]
    assert not found, "\n".join(found)


def test_files_stay_short() -> None:
    found = []
    for module in modules():
        lines = module.text.count("\n")
        limit = MOST_LINES if module.name in LONGER else USUAL_LINES
        if lines > limit:
            found.append(where(module, lines, f"more than {limit} lines"))
    assert not found, "\n".join(found)


def test_modules_are_named_for_what_they_hold() -> None:
    found = [where(module, 1, "a vague name") for module in modules() if VAGUE_NAMES & set(module.name.split("."))]
    assert not found, "\n".join(found)


def test_the_console_reads_rows_only_through_the_scope() -> None:
    found = [
        where(module, line, f"{name} goes around accounts.scope")
        for module in modules()
        if module.package == "console" and not module.within(*AROUND_SCOPE)
        for name, line in module.attributes
        if REACHES_ROWS.search(name) and f"{module.name}:{name}" not in AROUND_SCOPE
    ]
    assert not found, "\n".join(found)


def test_only_the_wire_knows_the_vendors_names() -> None:
    found = [
        where(module, line, f"names the wire's {text}")
        for module in modules()
        if not module.within(*SPEAK_THE_WIRE)
        for text, line in module.strings
        if text in WIRE_NAMES
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "exceptions",
    [IMPORTS_CONFIG, IMPORTS_INSIDE_FUNCTIONS, SIGNALS, LONGER, AROUND_SCOPE],
    ids=["imports config", "imports inside functions", "signals", "longer", "around scope"],
)
def test_every_exception_names_a_module_that_exists(exceptions: dict[str, str]) -> None:
    owners = {exception.partition(":")[0] for exception in exceptions}
    assert [owner for owner in owners if not any(module.within(owner) for module in modules())] == []


def test_each_fault_point_has_one_place() -> None:
    calls = [name for module in modules() for name in re.findall(r'\bfault_point\(\s*"([^"]+)"', module.text)]
    assert len(calls) == len(set(calls))
    assert set(calls) == set().union(*(faults.named_in(ROOT / package) for package in PACKAGES))


def test_every_sql_file_can_be_read_by_name() -> None:
    for folder in (ROOT / package / "sql" for package in PACKAGES):
        for file in folder.glob("*.sql"):
            assert sql.split(file.read_text("utf-8"), str(file))


def test_nothing_of_the_machine_it_was_written_on_is_left_behind() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    found = []
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = ROOT / name
        raw = path.read_bytes() if path.is_file() else b""
        if b"\0" in raw:
            continue
        text = raw.decode("utf-8", "replace")
        found += [f"{name}: {pattern.pattern}" for pattern in LEFT_BEHIND if pattern.search(text)]
    assert not found, "\n".join(found)
