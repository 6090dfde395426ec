"""Secrets in the admin: nobody reads one back. A new one is made on a page that shows it once."""

import secrets
import string
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import app_secrets, audit

CHARACTERS = string.ascii_letters + string.digits
LENGTH = 32


def new_secret() -> str:
    """Return a secret of 32 letters and digits."""
    return "".join(secrets.choice(CHARACTERS) for _place in range(LENGTH))


class RenewForm(forms.Form):
    """How long the present secret stays good beside the new one, and which one the page was about."""

    hours = forms.IntegerField(
        label=gettext_lazy("The present one stays good, hours"),
        help_text=gettext_lazy("0 to 168. 0 if strangers may know it: whoever signs with it is refused at once."),
        min_value=0, max_value=app_secrets.MOST_HOURS, initial=app_secrets.USUAL_HOURS, required=False,
    )  # fmt: skip
    form_of = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean_hours(self) -> int:
        """Return the hours; 24 where none are said."""
        hours = self.cleaned_data["hours"]
        return app_secrets.USUAL_HOURS if hours is None else int(hours)


class SecretMixin:
    """Adds a "new secret" page to a model that keeps one in `secret_field`. Only an application has one before it."""

    secret_field = "secret"
    keeps_previous = False
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
        if self.keeps_previous and "revoke" in request.POST:
            self._revoke(request, found)
            return redirect(request.path)
        form = RenewForm(request.POST or None, initial={"form_of": self._form_of(request, found)})
        secret = problem = ""
        if request.method == "POST" and (form.is_valid() or not request.POST):
            secret = self._again_or_new(request, found, form)
            problem = "" if secret else _("Another secret was made meanwhile. Look again before you make one more.")
        return self._secret_page(request, found, form=form, secret=secret, problem=problem)

    def _secret_page(self, request: HttpRequest, found: Any, **shown: Any) -> HttpResponse:
        opts = self.model._meta
        frame = {
            **self.admin_site.each_context(request),
            "title": _("New secret"), "subtitle": str(found), "opts": opts, "original": found,
            "keeps_previous": self.keeps_previous, "until": self._previous_until(found),
            "back_url": reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[found.pk]), **shown,
        }  # fmt: skip
        response = TemplateResponse(request, "admin/accounts/secret.html", frame)
        response["Cache-Control"] = "no-store"
        return response

    def _previous_until(self, found: Any) -> datetime | None:
        """Return until when the secret before is good; None where it is not."""
        valid = app_secrets.valid(found, timezone.now()) if self.keeps_previous else []
        return found.previous_secret_until if len(valid) > 1 else None

    def _form_of(self, request: HttpRequest, found: Any, secret: str = "") -> str:
        """Return what ties a form to the secret it replaces and to who looks at it; it tells neither."""
        bound = f"{request.user.pk} {found.pk} {secret or getattr(found, self.secret_field)}"
        return salted_hmac("accounts.admin.secrets", bound, algorithm="sha256").hexdigest()

    def _again_or_new(self, request: HttpRequest, found: Any, form: RenewForm) -> str:
        """Return a new secret; after a second click the one that the first made; "" when somebody else made one."""
        given = form.cleaned_data.get("form_of", "") if request.POST else ""
        hours = form.cleaned_data["hours"] if request.POST else app_secrets.USUAL_HOURS
        with transaction.atomic():
            locked = self.model.objects.select_for_update().get(pk=found.pk)
            before = locked.previous_secret if self._previous_until(locked) else ""
            if before and given and given != self._form_of(request, locked):
                twice = given == self._form_of(request, locked, before)
                return str(getattr(locked, self.secret_field)) if twice else ""
            secret = new_secret()
            if self.keeps_previous:
                app_secrets.renew(found, secret, hours=hours, now=timezone.now())
            else:
                setattr(found, self.secret_field, secret)
                found.save(update_fields=[self.secret_field])
            self._record(request, found, "new_secret", {"hours": hours} if self.keeps_previous else {})
        return secret

    def _revoke(self, request: HttpRequest, found: Any) -> None:
        with transaction.atomic():
            if app_secrets.revoke_previous(found):
                self._record(request, found, "revoke_secret", {})

    def _record(self, request: HttpRequest, found: Any, action: str, detail: dict[str, int]) -> None:
        audit.record(
            user=request.user, action=action, subject_kind=self.model._meta.model_name, subject=str(found.pk),
            account=getattr(found, "account", None), detail=detail, request=request,
        )  # fmt: skip

    @admin.display(description=gettext_lazy("secret"))
    def secret_link(self, row: Any) -> str:
        """Return the link to the page that makes a new secret."""
        if row is None or row.pk is None:
            return _("A secret is made when this is saved; see a new one on its own page then.")
        url = reverse(f"admin:accounts_{self.model._meta.model_name}_secret", args=[row.pk])
        said = _("kept, never shown.")
        if until := self._previous_until(row):
            said += " " + _("The former one stays good until %(until)s.") % {
                "until": f"{timezone.localtime(until):%Y-%m-%d %H:%M:%S}"
            }
        return format_html('{} <a class="text-primary-600" href="{}">{}</a>', said, url, _("Make a new one"))
