"""Accounts, applications and upstreams."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.widgets import UnfoldAdminPasswordWidget

from accounts import provision_values, standing
from accounts.admin.base import NO_ZONE, RoleAdmin, RoleMixin
from accounts.admin.secrets import SecretMixin, new_secret
from accounts.models import Account, Application, Upstream, UpstreamApplication
from accounts.provision_urls import URLS
from common import resolving
from common.errors import BadInput

BAD_CODE = _("Write 1 to 32 letters, digits, - or _, a letter or digit first.")
BAD_KEY = _("Write 1 to 128 letters, digits and signs, without blanks, quotes and commas.")


class CheckedForm(forms.ModelForm[Any]):
    """A form whose codes, keys, JSON and zone must be what provision takes. What cannot be changed is not looked at."""

    readers: ClassVar[dict[str, tuple[Callable[[Any], Any], Any]]] = {
        "code": (provision_values.code, BAD_CODE),
        "key": (provision_values.key, BAD_KEY),
        "app_key": (provision_values.key, BAD_KEY),
        "time_zone": (provision_values.zone, NO_ZONE),
        "allowed_ips": (
            provision_values.addresses,
            _('Write a list of addresses, such as ["192.0.2.1", "10.0.0.0/8"].'),
        ),
        "tags": (provision_values.tags, _('Write an object of short texts, such as {"city": "0755"}.')),
        "fallback_cities": (provision_values.cities, _('Write a list of area codes, such as ["0755", "020"].')),
        "contacts": (provision_values.contacts, _("Write a list of at most ten contacts.")),
        **dict.fromkeys(URLS, (provision_values.url, "")),
        "recording_hosts": (
            provision_values.hosts,
            _('Write a list of hosts, such as ["rec.example", "media.example:8443"].'),
        ),
    }

    def clean(self) -> dict[str, Any]:
        """Return the values as provision would store them; name the field of each that is wrong."""
        values = super().clean() or self.cleaned_data
        for name, (reader, cure) in self.readers.items():
            if values.get(name):
                try:
                    values[name] = reader(values[name])
                except BadInput as problem:
                    self.add_error(name, cure or self.said(problem))
            elif isinstance(self.fields.get(name), forms.JSONField) and values.get(name, "") is None:
                # A blank one is none, which its column does not hold.
                values[name] = self._meta.model._meta.get_field(name).get_default()
        self._judge_names(values)
        return values

    def _judge_names(self, values: dict[str, Any]) -> None:
        """Refuse a new URL whose name leads, as of now, where nothing may be sent."""
        urls = {name: values[name] for name in URLS if name in self.changed_data and values.get(name)}
        problems = resolving.objections(url for name, url in urls.items() if name not in self.errors)
        for name, url in urls.items():
            if url in problems:
                self.add_error(name, self.said(problems[url]))

    @staticmethod
    def said(problem: BadInput) -> str:
        """Return what is wrong with an address, and the cure, in the person's language."""
        words = {"problem": gettext(problem.problem), "cure": gettext(problem.cure)}
        return gettext("This address %(problem)s: %(cure)s.") % words


class AccountForm(CheckedForm):
    """An account; a form without its state leaves it as it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "state" in self.fields:
            self.fields["state"].required = False
            self.fields["state"].help_text = _("Set by hand, it holds until the balance moves: then it follows that.")

    def clean_state(self) -> str:
        """Return the state chosen, or the one kept."""
        return str(self.cleaned_data["state"] or self.initial["state"])

    @property
    def state_is_set(self) -> bool:
        """Return whether a person chose another state."""
        return "state" in self.fields and bool(self.cleaned_data["state"] != self.initial["state"])


@admin.register(Account)
class AccountAdmin(RoleAdmin):
    """Accounts. Currency and zone stay as they are once charges rest on them.

    The state follows the balance with the next booking; by hand a service is frozen and resumed until then.
    """

    edit = "configure"
    form = AccountForm
    list_display = ("code", "name", "state", "currency", "time_zone", "created_at")
    list_filter = ("state",)
    search_fields = ("code__exact", "name__icontains")
    readonly_fields = ("shard", "state_since", "created_at")
    sortable_by = ("code",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what cannot be changed, more of it once the account exists."""
        fixed = ("code", "currency", "time_zone") if obj else ("state",)
        return [*super().get_readonly_fields(request, obj), *fixed]

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        """Save an account; what opens, freezes or resumes its service goes to the cloud audit too."""
        others = [name for name in form.changed_data if name != "state"]
        if not change:
            super().save_model(request, obj, form, change)
            standing.opened(obj, user=request.user, request=request)
        elif others:
            # Nothing a settlement may have written meanwhile.
            obj.save(update_fields=others)
        if change and form.state_is_set:
            standing.set_state(obj, obj.state, user=request.user, now=timezone.now(), request=request)


@admin.register(Application)
class ApplicationAdmin(SecretMixin, RoleAdmin):
    """Applications. The secret is written, never read."""

    edit = "configure"
    form = CheckedForm
    secret_field = "app_secret"
    keeps_previous = True
    list_display = ("app_key", "name", "account", "mode", "state", "sms", "recording")
    list_filter = ("mode", "state", ("account", AutocompleteSelectFilter))
    list_filter_submit = True
    list_select_related = ("account",)
    autocomplete_fields = ("account",)
    search_fields = ("app_key__exact", "name__icontains")
    sortable_by = ("app_key",)
    fieldsets = (
        (None, {"fields": ("account", "app_key", "name", "mode", "state", "secret_link", "tags")}),
        (
            _("URLs"),
            {"fields": ("call_status_url", "callin_url", "cdr_url", "sms_url", "sms_control_url", "number_status_url")},
        ),
        (_("Switches"), {"fields": ("recording", "sms", "keep_sms_content", "push_number_status", "extension_digits")}),
        (_("Selection of numbers"), {"fields": ("cool_down_hours", "pair_preference", "fallback_cities")}),
        (
            _("Signatures and addresses"),
            {
                "fields": (
                    *("wsse_pushes", "lenient_headers", "strict_nonces", "require_content_digest"),
                    *("allowed_ips",),
                )
            },
        ),
        (_("Voice files"), {"fields": ("no_permission_voice", "abnormal_voice", "created_at")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what cannot be changed: name and mode of use are fixed by the vendor's rules."""
        fixed = ("account", "app_key", "mode") if obj else ()
        return ["secret_link", *super().get_readonly_fields(request, obj), *fixed]

    def save_model(self, request: HttpRequest, obj: Application, form: Any, change: bool) -> None:
        """Save an application; a new one gets a secret that nobody knows yet."""
        if not change:
            obj.app_secret = new_secret()
        super().save_model(request, obj, form, change)


class UpstreamApplicationForm(forms.ModelForm[UpstreamApplication]):
    """The vendor's secret is typed, never shown: blank leaves it as it is."""

    app_secret = forms.CharField(
        label=_("vendor's app_secret"), required=False, min_length=8, max_length=128, widget=UnfoldAdminPasswordWidget
    )

    class Meta:
        """The fields of a row."""

        model = UpstreamApplication
        fields = ("app_key", "app_secret", "application")

    def clean_app_key(self) -> str:
        """Return the app_key, which has to stand in a header."""
        try:
            return str(provision_values.key(self.cleaned_data["app_key"]))
        except BadInput as problem:
            raise forms.ValidationError(BAD_KEY) from problem

    def clean_app_secret(self) -> str:
        """Return the typed secret, or the one kept; a new row needs one."""
        typed: str = self.cleaned_data["app_secret"]
        if not typed and not self.instance.pk:
            raise forms.ValidationError(_("Type the secret the vendor gave."))
        return typed or self.instance.app_secret


class UpstreamApplicationInline(RoleMixin, TabularInline):
    """The app_keys a vendor knows us by."""

    model = UpstreamApplication
    form = UpstreamApplicationForm
    edit = "configure"
    may_delete = True
    autocomplete_fields = ("application",)
    extra = 0


@admin.register(Upstream)
class UpstreamAdmin(SecretMixin, RoleAdmin):
    """Switches and upstream platforms."""

    look = edit = "configure"
    form = CheckedForm
    list_display = ("code", "key", "every_account", "created_at")
    search_fields = ("code__exact", "key__exact")
    autocomplete_fields = ("accounts",)
    inlines = (UpstreamApplicationInline,)
    fields = (
        *("code", "key", "secret_link", "allowed_ips", "every_account", "accounts"),
        *("recording_hosts", "stop_url", "created_at"),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what is only shown."""
        return ["secret_link", *super().get_readonly_fields(request, obj), *(("code",) if obj else ())]

    def save_model(self, request: HttpRequest, obj: Upstream, form: Any, change: bool) -> None:
        """Save an upstream; a new one gets a secret that nobody knows yet."""
        if not change:
            obj.secret = new_secret()
        super().save_model(request, obj, form, change)
