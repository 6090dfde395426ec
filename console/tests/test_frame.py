"""What surrounds the pages: the icon, the style sheet."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from console.tests.scene import Scene
from console.urls import urlpatterns

ICON = re.compile(r'<link [^>]*href="/static/([^"]+)" rel="icon"|<link rel="icon" +href="/static/([^"]+)"')
STYLE = Path(settings.BASE_DIR) / "static/console/console.css"


def icon(page: str) -> str:
    """Return the file a page names as its icon, "" for none: the browser asks for /favicon.ico then."""
    found = ICON.search(page)
    return (found[1] or found[2]) if found else ""


def test_every_page_names_an_icon_that_exists(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("customer", scene.acme.account)
    pages = {
        200: browser.get(reverse("dashboard")),
        403: browser.get(reverse("admin:accounts_upstream_changelist")),
        404: browser.get(reverse("call", args=[scene.bolt.call.pk])),
    }
    assert {code: answer.status_code for code, answer in pages.items()} == {200: 200, 403: 403, 404: 404}
    for page in (*(answer.content.decode() for answer in pages.values()), render_to_string("500.html")):
        assert finders.find(icon(page))


def test_the_header_wraps_on_a_telephone() -> None:
    narrow = STYLE.read_text().split("@media (max-width: 640px)")[1]
    assert re.search(r"#header-inner[^{]*\.mk-head-actions \{ flex-wrap: wrap", narrow)


@pytest.mark.parametrize("path", sorted((Path(settings.BASE_DIR) / "templates").rglob("*.html")), ids=lambda p: p.name)
def test_every_class_of_ours_has_a_style(path: Path) -> None:
    used = {
        name for found in re.findall(r'class="([^"]*)"', path.read_text()) for name in re.findall(r"mk-[a-z-]+", found)
    }
    assert {name for name in used if f".{name}" not in STYLE.read_text()} == set()


def test_no_page_stands_twice_among_the_addresses() -> None:
    routes = [(str(found.pattern), found.name) for found in leaves(urlpatterns)]
    assert sorted(routes) == sorted(set(routes))


def leaves(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    """Return the pages of a list of addresses, those of included lists too."""
    for found in patterns:
        if isinstance(found, URLResolver):
            yield from leaves(found.url_patterns)
        else:
            yield found
