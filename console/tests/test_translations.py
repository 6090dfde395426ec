"""Every word a person reads is in both languages, the theme's words included."""

import ast
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from console.tests import walking
from console.tests.scene import Scene

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "locale/zh_Hans/LC_MESSAGES/django.po"
APPS = ("accounts", "billing", "common", "config", "console", "notifications", "privacy")
GETTEXT = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%s|\{\}")
TAG = re.compile(r"{%\s*(?:translate|trans)\s+(\"[^\"]+\"|'[^']+')")
BLOCK = re.compile(r"{%\s*blocktranslate[^%]*%}(.*?){%\s*endblocktranslate\s*%}", re.S)
SKIPPED = re.compile(
    r"{%\s*comment.*?endcomment\s*%}|{%\s*blocktranslate.*?endblocktranslate\s*%}|{[{%#].*?[#%}]}"
    r"|<(?:pre|style)\b.*?</(?:pre|style)>|<!--.*?-->",
    re.S,
)
ATTRIBUTE = re.compile(r"(?:placeholder|title|aria-label)=\"([^\"]*)\"")
WORD = re.compile(r"[A-Za-z][a-z]{2,}")
# Names, and words the trade does not translate.
SAME_IN_BOTH = {
    *("Maskline", "SHA", "CNY", "mpty", "Totals", "provision", "provisional", "notifications", "upstream"),
    *("Excel", "Parquet", "esc", "hans"),  # a key, and the code of the language in the switch
    *("callin", "collectInfo", "callout", "alerting", "answer", "disconnect"),  # events by their name on the wire
    *("Notify", "direction", "Authorization", "dsl", "type", "nonce"),  # of the wire format too
    *("Slack", "Webhook", "Webhooks", "Standard"),  # of chat robots, and the name of a standard
    *("auditor", "customer", "finance", "support", "reveal"),  # roles and actions, as the audit trail names them
}


def catalogue() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


def templates() -> list[Path]:
    # 500.html says it in both languages at once: nothing can be relied on when it is shown.
    return sorted(path for path in (ROOT / "templates").rglob("*.html") if path.name != "500.html")


def texts_in_code() -> Iterator[tuple[str, str]]:
    for path in (path for app in APPS for path in sorted((ROOT / app).rglob("*.py"))):
        if "tests" in path.parts or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GETTEXT:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield str(path.relative_to(ROOT)), first.value


def texts_in_templates() -> Iterator[tuple[str, str]]:
    for path in templates():
        for found in TAG.findall(path.read_text()):
            yield str(path.relative_to(ROOT)), found[1:-1]


def test_nothing_in_the_catalogue_is_left_untranslated() -> None:
    left = [entry.msgid for entry in catalogue() if not entry.obsolete and not entry.translated()]
    assert left == []


def test_every_text_of_code_and_templates_is_in_the_catalogue() -> None:
    known = {entry.msgid for entry in catalogue()}
    missing = {(where, text) for where, text in (*texts_in_code(), *texts_in_templates()) if text not in known}
    assert missing == set()


def test_translations_keep_the_placeholders() -> None:
    for entry in catalogue():
        translated = entry.msgstr or entry.msgstr_plural.get(0, "")
        assert set(PLACEHOLDER.findall(translated)) == set(PLACEHOLDER.findall(entry.msgid)), entry.msgid


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_holds_no_bare_text(path: Path) -> None:
    source = SKIPPED.sub(" ", path.read_text())
    shown = " ".join([re.sub(r"<[^>]*>", " ", source), *ATTRIBUTE.findall(source)])
    assert [word for word in WORD.findall(shown) if word not in SAME_IN_BOTH] == []


class Reader(HTMLParser):
    """Collects what a person reads of a page: text outside scripts, icons, code and option values."""

    SILENT = ("script", "style", "code", "pre", "datalist")

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in self.SILENT or (tag == "span" and ("material-symbols" in str(given.get("class")) or self.silent)):
            self.silent.append(tag)
        elif not self.silent:
            self.read += [str(given[name]) for name in ("placeholder", "aria-label") if given.get(name)]

    def handle_endtag(self, tag: str) -> None:
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.read.append(data)


# What the scene's rows are called, and wire words that stay as they are.
DATA = re.compile(
    r"(?:usage|topup|package|revenue|customer|cash|adjustment|goodwill):\S+"
    r"|[\w.+-]*(?:[aA]cme|[bB]olt|switch1|operator|example|rides|callout|CNY|icid|csv)[\w.+-]*|2 minutes|call2"
    # Headers and operations of the API; the voice file of the scene, and what voice files are.
    r"|X(?:-[A-Z]\w+)+|Retry-After|webhook-id|\b(?:axb?|axe|axyb|calls|recordings)\.\w+|welcome|greeting|[\w.-]*\.wav|WAV|A-law"
    r"|[0-9a-f]{8}-[0-9a-f-]{20,}|https?://\S+|Asia/Shanghai|English|\w+_\w+|\b[a-z]+[A-Z]\w*"
)


def english_words(page: str) -> set[str]:
    reader = Reader()
    reader.feed(page)
    return {word for text in reader.read for word in WORD.findall(DATA.sub(" ", text)) if word not in SAME_IN_BOTH}


def chinese(browser: Client) -> Client:
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    return browser


def test_the_console_speaks_chinese(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = chinese(signed_in("operator"))
    pages = walking.console_pages(scene.acme)
    found = {name: english_words(browser.get(page).content.decode()) for name, page in pages.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_english_would_be_noticed(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("operator")
    assert {"Dashboard", "Needs", "Balance"} <= english_words(browser.get(reverse("dashboard")).content.decode())
    assert {"Filters", "Answered"} <= english_words(
        browser.get(reverse("admin:privacy_call_changelist")).content.decode()
    )


def test_the_admin_speaks_chinese(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = chinese(signed_in("operator"))
    pages = {**walking.admin_lists(), "index": reverse("admin:index")}
    pages["application"] = reverse("admin:accounts_application_change", args=[scene.acme.application.pk])
    pages["price"] = reverse("admin:billing_tariff_add")
    pages["secret"] = reverse("admin:accounts_application_secret", args=[scene.acme.application.pk])
    found = {name: english_words(browser.get(page).content.decode()) for name, page in pages.items()}
    assert {name: words for name, words in found.items() if words} == {}


def test_the_login_speaks_chinese_to_a_chinese_browser(db: None) -> None:
    page = Client(headers={"accept-language": "zh-CN,zh;q=0.9"}).get(reverse("admin:login")).content.decode()
    assert "欢迎回到" in page
    assert english_words(page) == set()


def test_the_language_is_switched_by_post(scene: Scene, signed_in: Callable[..., Client]) -> None:
    browser = signed_in("support")
    assert "Dashboard" in browser.get(reverse("dashboard")).content.decode()
    answer = browser.post(reverse("set_language"), {"language": "zh-hans", "next": reverse("dashboard")})
    assert answer.status_code == 302
    assert "总览" in browser.get(reverse("dashboard")).content.decode()
