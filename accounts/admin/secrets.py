"""Secrets in the admin: nobody reads one back. A new one is made on a page that shows it once."""

import secrets
import string
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit

CHARACTERS = string.ascii_letters + string.digits
LENGTH = 32


def new_secret() -> str:
    """Return a secret of 32 letters and digits."""
    return "".join(secrets.choice(CHARACTERS) for _place in range(LENGTH))


class SecretMixin:
    """Adds a "new secret" page to a model that keeps one in `secret_field`."""

    secret_field = "secret"
    model: Any
    admin_site: Any

    def get_urls(self) -> list[URLPattern]:
        """Return the model's URLs with that of the new secret."""
        name = f"accounts_{self.model._meta.model_name}_secret"
        own = path("<path:object_id>/secret/", self.admin_site.admin_view(self.secret_view), name=name)
        return [own, *super().get_urls()]  # type: ignore[misc]

    def secret_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Return the page that asks, and after POST the page that shows the new secret, once."""
        found = self.get_queryset(request).filter(pk=object_id).first() if object_id.isdigit() else None  # type: ignore[attr-defined]
        if found is None:
            raise Http404
        if not self.has_change_permission(request, found):  # type: ignore[attr-defined]
            raise PermissionDenied
        secret = self._renew(request, found) if request.method == "POST" else ""
        opts = self.model._meta
        frame = {
            **self.admin_site.each_context(request),
            "title": _("New secret"), "subtitle": str(found), "opts": opts, "original": found, "secret": secret,
            "back_url": reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[found.pk]),
        }  # fmt: skip
        response = TemplateResponse(request, "admin/accounts/secret.html", frame)
        response["Cache-Control"] = "no-store"
        return response

    def _renew(self, request: HttpRequest, found: Any) -> str:
        secret = new_secret()
        with transaction.atomic():
            setattr(found, self.secret_field, secret)
            found.save(update_fields=[self.secret_field])
            audit.record(
                user=request.user, action="new_secret", subject_kind=self.model._meta.model_name, subject=str(found.pk),
                account=getattr(found, "account", None), request=request,
            )  # fmt: skip
        return secret

    @admin.display(description=gettext_lazy("secret"))
    def secret_link(self, row: Any) -> str:
        """Return the link to the page that makes a new secret."""
        if row is None or row.pk is None:
            return _("A secret is made when this is saved; see a new one on its own page then.")
        url = reverse(f"admin:accounts_{self.model._meta.model_name}_secret", args=[row.pk])
        return format_html(
            '{} <a class="text-primary-600" href="{}">{}</a>', _("kept, never shown."), url, _("Make a new one")
        )
