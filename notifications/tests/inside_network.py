"""Runs inside the network of `hostile_network`: our own sender and asker, told where to send, and what they say.

inside_network.py send|reach|ask FOLDER      reads FOLDER/<what>.json, writes FOLDER/<what>.told
"""

import asyncio
import importlib
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
import uvloop
from django.apps import apps
from django.conf import settings
from django.forms import modelform_factory
from yarl import URL

from notifications.sending import Sender, Sent

TOTAL, SHORT = 8.0, 0.5
Told = dict[str, list[Any]]


async def send(sender: Sender, urls: list[str], *, blind: bool = True, total: float = TOTAL) -> Told:
    """Send to each URL; then past the first look at it, as if that saw nothing."""
    came = await asyncio.gather(*(_one(sender, url, total) for url in urls))
    told = {
        url: [sent.problem, sent.status, sent.reason, sent.duration_us] for url, sent in zip(urls, came, strict=True)
    }
    if blind:
        await asyncio.gather(*(_blind(sender, url) for url in urls))
    return told


async def _one(sender: Sender, url: str, total: float) -> Sent:
    return await sender.send(url, {"X-Test": "1"}, b'{"from":"send"}', total=total)


async def _blind(sender: Sender, url: str) -> None:
    try:
        async with (
            asyncio.timeout(SHORT),
            sender._session.post(URL(url, encoded=True), data=b"{}", allow_redirects=False),
        ):
            return
    except Exception:
        return


def save(urls: list[str]) -> Told:
    """Fill in the form of an application with each URL; return what it says to it."""
    django.setup()
    form_of = importlib.import_module("accounts.admin.customers").CheckedForm
    form = modelform_factory(apps.get_model("accounts", "Application"), form=form_of, fields=["cdr_url"])
    return {url: list(form({"cdr_url": url}).errors.get("cdr_url", [])) for url in urls}


async def timed(urls: list[str]) -> Told:
    """Send, and note how long the loop stood still at most."""
    sender, longest = Sender(), 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - began)

    ticking = asyncio.create_task(tick())
    told = await send(sender, urls)
    ticking.cancel()
    await sender.close()
    return told | {"loop stood still": [longest]}


async def reach(asked: list[Any]) -> list[Told]:
    """Send with each of the ways round the guard."""
    told = []
    for ways, urls in asked:
        settings.MASKLINE = settings.MASKLINE | {"push_allow_private": [], "push_allowed_networks": []} | ways
        sender = Sender()
        told.append(await send(sender, urls, blind=False, total=SHORT))
        await sender.close()
    return told


def ask(asked: dict[str, Any]) -> Told:
    """Ask as in X mode, over and over."""
    django.setup()
    asking = importlib.import_module("notifications.asking")
    application = apps.get_model("accounts", "Application").objects.get(app_key=asked["app_key"])
    told: Told = {}
    for number, url in enumerate(asked["urls"]):
        asking.forget_failures()
        question = asking.Question(application, url, "callin", f"s-{number}", b'{"from":"ask"}', datetime.now(UTC), 4.0)
        answer = asking.ask(question, lambda answer: asking.Understood(answer.decode()))
        told.setdefault(url, []).append(answer)
    return told


if __name__ == "__main__":
    what, folder = sys.argv[1], Path(sys.argv[2])
    given = json.loads((folder / f"{what}.json").read_text())
    if what == "ask":
        found: Any = ask(given)
    elif what == "reach":
        found = uvloop.run(reach(given))
    else:
        found = [save(given[0]), uvloop.run(timed(given[1]))]
    (folder / f"{what}.told").write_text(json.dumps(found))
