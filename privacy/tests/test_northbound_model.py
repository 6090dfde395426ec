"""Random walks through the API: every answer and every way in is what a model of the rules says, in every mode.

For longer walks: MODEL_WALKS=500 bin/test privacy/tests/test_northbound_model.py -n0
"""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as Walks
from hypothesis.stateful import run_state_machine_as_test

from privacy.tests.binding_machine import BindingMachine
from privacy.tests.binding_world import PAIRS
from privacy.tests.walk_ax import AxMachine
from privacy.tests.walk_axb import AxbMachine
from privacy.tests.walk_axe import AxeMachine
from privacy.tests.walk_axyb import AxybMachine

WALKS = int(os.environ.get("MODEL_WALKS", "15"))
MACHINES = [AxMachine, AxbMachine, AxeMachine, AxybMachine]


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.django_db
@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.mode)
def test_every_answer_and_every_way_in_is_what_the_model_says(machine: type[BindingMachine], settings: Any) -> None:
    settings.MASKLINE = {**settings.MASKLINE, "pairs_per_number": PAIRS}
    walks = Walks(max_examples=WALKS, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(machine, settings=walks)
