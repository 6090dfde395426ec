"""manage.py dispatch."""

import asyncio
import gc
import signal
from typing import Any

import uvloop
from django.core.management.base import BaseCommand

from notifications.dispatching.dispatcher import Dispatcher

GARBAGE = 20_000, 20, 50


class Command(BaseCommand):
    """Send pushes until stopped. Any number of these share the work, on one host or many."""

    help = "Send the pushes of the outbox until stopped (SIGTERM: within two seconds, nothing is sent twice)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the loops. What the program itself consists of is not searched for garbage again and again."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_dispatch())


async def _dispatch() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await Dispatcher().run(stop)
