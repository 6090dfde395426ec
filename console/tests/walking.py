"""Walking the resolver: every URL by its name, and the addresses of the pages a browser can open."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.urls import URLResolver, get_resolver, reverse

from console.tests.scene import Scene, Tenant

UNNAMED = "-"


def names() -> set[str]:
    """Return the name of every URL the resolver knows; one without a name by its pattern."""
    return set(_names(get_resolver(), "", ()))


def _names(resolver: Any, prefix: str, spaces: tuple[str, ...]) -> Iterator[str]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _names(entry, path, (*spaces, *([entry.namespace] if entry.namespace else [])))
        elif entry.name:
            yield ":".join((*spaces, entry.name))
        elif not path.endswith(("<path:object_id>/", "(?P<url>.*)$")):  # redirects of the admin itself
            yield path


def console_pages(tenant: Tenant) -> dict[str, str]:
    """Return the addresses of the console's own pages, with a tenant's rows."""
    run = tenant.charge.run_id
    transaction = tenant.account.ledger_account.entries.order_by("-pk").first()
    assert transaction is not None
    details = {
        "call": tenant.call.pk, "call_event": tenant.event.pk, "message": tenant.message.pk, "charge": tenant.charge.pk,
        "ledger_transaction": transaction.transaction_id, "settlement_run": run,
        "number": tenant.number.pk, "quarantined": tenant.rows["quarantined"].pk, "voice_file": tenant.rows["voice"].pk,
        "number_reason": tenant.number.pk,
        "binding": tenant.rows["binding"].pk, "api_request": tenant.rows["api_request"].pk,
        "application": tenant.application.pk, "alert": tenant.rows["alert"].pk,
        "application_pushes": tenant.application.pk, "push": tenant.push.pk,
        "endpoint": tenant.rows["endpoint"].pk, "endpoint_attempts": tenant.rows["endpoint"].pk,
        "risk_application": tenant.application.pk, "blacklist": tenant.application.pk,
    }  # fmt: skip
    lists = [
        *("numbers", "number_orders", "number_transfers"),
        *("dashboard", "calls", "call_events", "messages", "number_statuses", "balances", "charges", "packages"),
        *("ledger", "settlement_runs", "reports", "call_reports", "jobs", "quarantine", "upstreams", "voice_files"),
        *("bindings", "requests", "applications", "cloud_audit", "bind", "end_bindings"),
        *("risk", "blocked_calls", "near_misses"),
        *("keywords", "try_keywords", "who_would_it_reach"),
        *("recordings", "unknown_codes", "endpoints", "test_calls", "replays", "new_replay"),
        *("alerts", "alert_routes", "alert_route_new"),
    ]
    return {
        **{name: reverse(name) for name in lists},
        **{name: reverse(name, args=[pk]) for name, pk in details.items()},
        "number_step": reverse("number_step", args=["issue"]),
    }


def admin_lists() -> dict[str, str]:
    """Return the address of every model's list in the admin."""
    return {_label(m): _admin(m, "changelist") for m in admin.site._registry}


def admin_details(scene: Scene) -> dict[str, list[str]]:
    """Return the address of every row's page in the admin, by model."""
    return {_label(m): [_admin(m, "change", row.pk) for row in _rows(m)] for m in admin.site._registry}


def _rows(model: Any) -> Any:
    return model._default_manager.order_by("pk")[:4]


def _label(model: Any) -> str:
    return f"{model._meta.app_label}.{model._meta.model_name}"


def _admin(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)
