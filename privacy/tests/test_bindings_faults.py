"""A process killed, or its session ended, between the statements of a bind, an end, a modify: all or nothing."""

import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from common import faults
from privacy import bindings
from privacy.bindings import ModifyOrder
from privacy.models import Binding
from privacy.tests.binding_orders import BY, B, C, assert_sound, bind, bind_yb, pool, unbind

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
CHILD = """
import django, sys
django.setup()
from django.conf import settings
from django.db import connection
settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = sys.argv[1]
from accounts.models import Application
from privacy.models import Binding
from privacy.tests import test_bindings_faults as those
those.DEEDS[sys.argv[2]](Application.objects.get(), Binding.objects.first())
"""
DEEDS = {
    "bind": lambda application, _: bind(application, C),
    "unbind": lambda _, binding: unbind(binding),
    "end_number": lambda _, binding: bindings.end_number(binding.number, cause=Binding.End.CONSOLE, actor=BY),
    "modify": lambda application, binding: bindings.modify(application, binding, ModifyOrder(a=C, seconds=60), BY),
    "relation": lambda _, binding: bind_yb(binding, C),
}
# Where it dies, what it was doing, and whether it is done then.
DEATHS = [
    ("bind.written", "bind", False),
    ("bind.after_commit", "bind", True),
    ("unbind.held", "unbind", False),
    ("unbind.before_commit", "unbind", False),
    ("unbind.before_commit", "end_number", False),
    ("unbind.after_commit", "unbind", True),
    ("modify.held", "modify", False),
    ("modify.before_commit", "modify", False),
    ("modify.after_commit", "modify", True),
    ("relation.held", "relation", False),
    ("relation.after_commit", "relation", True),
]


SESSIONS = [death for death in DEATHS if death[0] in ("bind.written", "unbind.before_commit", "modify.before_commit")]


@pytest.mark.parametrize(
    ("how", "point", "deed", "done"),
    [*[("", *death) for death in DEATHS], *[(":backend", *death) for death in SESSIONS]],
)
def test_a_death_leaves_all_or_nothing(how, point, deed, done, tmp_path, monkeypatch):
    application = pool("AXYB", count=6)
    ax = bind(application)
    bind_yb(ax, B)
    before = _rows()
    log = tmp_path / "faults"
    monkeypatch.setenv("MASKLINE_TEST_BUILD", "1")
    monkeypatch.setenv("MASKLINE_FAULT", f"{point}:1{how}")
    monkeypatch.setenv("MASKLINE_FAULT_LOG", str(log))
    killed = subprocess.run(
        [sys.executable, "-c", CHILD, connection.settings_dict["NAME"], deed],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert log.read_text().split() == [point], killed.stderr
    assert killed.returncode != 0
    assert (_rows() != before) is done
    assert_sound()
    if not done:
        DEEDS[deed](application, Binding.objects.get(pk=ax.pk))
        assert _rows() != before
        assert_sound()


def test_every_fault_point_of_bindings_is_in_the_table():
    named = faults.named_in(settings.BASE_DIR / "privacy" / "bindings")
    assert named == {point for point, *_ in DEATHS}


def _rows() -> list[tuple[object, ...]]:
    return list(Binding.objects.order_by("pk").values_list("pk", "version", "valid_to"))
