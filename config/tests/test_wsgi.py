"""What a web process does before its first customer comes."""

import runpy
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from common import areas


@pytest.mark.django_db
def test_a_web_process_reads_the_table_of_areas_by_itself() -> None:
    areas._loaded.cache_clear()
    began = time.monotonic()
    runpy.run_module("config.wsgi")
    waited = time.monotonic() - began
    reading = [thread for thread in threading.enumerate() if thread.name == "areas"]
    for thread in reading:
        thread.join(30)
    took = time.monotonic() - began
    assert areas._loaded.cache_info().currsize == 1
    assert not reading or waited < took


def test_the_table_of_areas_is_read_once_though_many_ask_at_once() -> None:
    areas._loaded.cache_clear()
    with ThreadPoolExecutor(4) as together:
        assert set(together.map(areas.area_of, ["+8613800138000"] * 4)) == {"010"}
    assert areas._loaded.cache_info().misses == 1
