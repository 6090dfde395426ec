"""What the admin's theme asks of us: the sidebar by permission, and the badge that names the environment."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts import roles, scope

# (group, [(title, URL name, icon, action)]): an entry is shown to those who may do the action.
SIDEBAR: list[tuple[str, list[tuple[str, str, str, str]]]] = [
    (
        "",
        [
            (gettext_noop("Dashboard"), "dashboard", "monitoring", "look"),
            (gettext_noop("Alerts"), "alerts", "notifications", "look"),
        ],
    ),
    (
        gettext_noop("History"),
        [
            (gettext_noop("Bindings"), "bindings", "link", "look"),
            (gettext_noop("Calls"), "calls", "call", "look"),
            (gettext_noop("Call events"), "call_events", "timeline", "look"),
            (gettext_noop("SMS"), "messages", "sms", "look"),
            (gettext_noop("Recordings"), "recordings", "graphic_eq", "look"),
            (gettext_noop("Number status"), "number_statuses", "sim_card", "look"),
            (gettext_noop("API requests"), "requests", "api", "look"),
            (gettext_noop("Who would it reach?"), "who_would_it_reach", "alt_route", "look"),
        ],
    ),
    (
        gettext_noop("Money"),
        [
            (gettext_noop("Balances"), "balances", "account_balance_wallet", "money"),
            (gettext_noop("Charges"), "charges", "receipt_long", "money"),
            (gettext_noop("Packages"), "packages", "inventory_2", "money"),
            (gettext_noop("Ledger"), "ledger", "menu_book", "money"),
            (gettext_noop("Settlement runs"), "settlement_runs", "schedule", "money"),
            (gettext_noop("Reports"), "reports", "download", "money"),
        ],
    ),
    (
        gettext_noop("Operation"),
        [
            (gettext_noop("Quarantine"), "quarantine", "report", "look"),
            (gettext_noop("Upstreams"), "upstreams", "dns", "look"),
            (gettext_noop("Endpoints"), "endpoints", "outbox", "look"),
            (gettext_noop("Unknown codes"), "unknown_codes", "question_mark", "operate"),
            (gettext_noop("Voice files"), "voice_files", "volume_up", "look"),
            (gettext_noop("Test calls"), "test_calls", "labs", "look"),
            (gettext_noop("Replays"), "replays", "replay", "look"),
            (gettext_noop("Keywords"), "keywords", "rule", "look"),
            (gettext_noop("Jobs"), "jobs", "pending_actions", "look"),
            (gettext_noop("Numbers"), "numbers", "dialpad", "look"),
            (gettext_noop("Applications"), "applications", "apps", "look"),
            (gettext_noop("Risk control"), "risk", "shield", "look"),
            (gettext_noop("Near misses"), "near_misses", "person_alert", "look"),
            (gettext_noop("Accounts"), "admin:accounts_account_changelist", "domain", "look"),
            (gettext_noop("Tariffs"), "admin:billing_tariff_changelist", "sell", "money"),
            (gettext_noop("Cloud audit"), "cloud_audit", "cloud", "look"),
            (gettext_noop("Audit trail"), "admin:accounts_auditentry_changelist", "policy", "audit"),
            (gettext_noop("API documentation"), "api_docs", "description", "look"),
            (gettext_noop("Administration"), "admin:index", "settings", "look"),
        ],
    ),
]


# Pages that span accounts: not for a user who is bound to one.
UNBOUND_ONLY = {"upstreams", "settlement_runs"}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar's groups with the entries the person may open; a page that is not built in is left out."""
    groups = []
    hidden = set() if scope.for_user(request.user).account_id is None else UNBOUND_ONLY
    for group, entries in SIDEBAR:
        items = [
            {"title": _(title), "icon": icon, "link": link, "active": _is_here(request.path, link)}
            for title, name, icon, action in entries
            if name not in hidden and roles.may(request.user, action) and (link := _link(name))
        ]
        if items:
            groups.append({"title": _(group) if group else "", "items": items, "separator": bool(group)})
    return groups


def environment_badge(request: HttpRequest) -> list[str] | None:
    """Return the badge beside the title: what this instance is for, in the theme's colour name."""
    return None if settings.PRODUCTION else [_("Embedded"), "info"]


def favicon(request: HttpRequest) -> str:
    """Return the address of the icon a browser shows beside the title."""
    return static("console/favicon.svg")


def _link(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _is_here(path: str, link: str) -> bool:
    """Return whether `path` is the entry's page or one below it; roots are only themselves."""
    return path == link if link in {"/", reverse("admin:index")} else path.startswith(link)
