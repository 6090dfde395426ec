"""The form of an alert route."""

import base64
import secrets
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.scope import Scope
from common import egress, resolving
from common.errors import BadInput
from notifications import alert_bodies, alert_words, signing
from notifications.models import Alert, AlertRoute

MOST_ADDRESSES = 20
UNCHANGED = _("Empty: unchanged.")


class RouteForm(forms.Form):
    """One route: what it tells, to whom, and in which shape. What is secret is never shown again."""

    name = forms.CharField(label=_("Name"), max_length=80)
    account = forms.CharField(
        label=_("Account"),
        max_length=32,
        required=False,
        widget=forms.TextInput({"list": "accounts"}),
        help_text=_("Empty: the alerts of all accounts and of the instance."),
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    severity = forms.ChoiceField(label=_("From severity"), choices=Alert.Severity.choices, initial="warning")
    channel = forms.ChoiceField(label=_("Channel"), choices=AlertRoute.Channel.choices)
    addresses = forms.CharField(
        label=_("Mail addresses, one a line"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Empty: the contacts of the account that an alert is about, each in his language."),
    )
    template = forms.ChoiceField(label=_("Body"), choices=alert_bodies.TEMPLATES)
    url = forms.CharField(label=_("Webhook URL"), max_length=1024, required=False)
    secret = forms.CharField(
        label=_("Secret"), min_length=8, max_length=128, required=False, widget=forms.PasswordInput()
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, initial="zh-hans")
    enabled = forms.BooleanField(label=_("Switched on"), required=False, initial=True)

    def __init__(self, data: Any = None, *, scope: Scope, route: AlertRoute, **kwargs: Any) -> None:
        super().__init__(data, initial=None if route.pk is None else _initial(route), **kwargs)
        self.scope, self.route, self.generated = scope, route, ""
        names = sorted((kind, alert_words.kind_name(kind)) for kind in alert_words.KINDS)
        field: Any = self.fields["kind"]
        field.choices = [("", _("All")), *names]
        if scope.account_id is not None:
            del self.fields["account"]
        if route.pk is not None:
            self.fields["url"].help_text = self.fields["secret"].help_text = UNCHANGED

    def clean_account(self) -> Account | None:
        """Return the account of the code typed, None for all."""
        code = self.cleaned_data["account"].strip()
        found = self.scope.rows(Account).filter(code=code).first()
        if code and found is None:
            raise forms.ValidationError(_("There is no account with this code."))
        return found

    def clean_addresses(self) -> str:
        """Return the addresses, one a line."""
        lines = [line.strip() for line in self.cleaned_data["addresses"].splitlines() if line.strip()]
        if len(lines) > MOST_ADDRESSES:
            raise forms.ValidationError(_("That are too many addresses."))
        for line in lines:
            try:
                validate_email(line)
            except ValidationError:
                raise forms.ValidationError(_("%(text)s is no mail address.") % {"text": line}) from None
        return "\n".join(lines)

    def clean_url(self) -> str:
        """Return the URL, if it may be reached (the address guard of pushes)."""
        url: str = self.cleaned_data["url"].strip()
        if url:
            try:
                egress.check_url(url)
                refused = resolving.objections([url]).get(url)
            except BadInput as bad:
                raise forms.ValidationError(str(bad.problem)) from None
            if refused is not None:
                raise forms.ValidationError(str(refused.problem))
        return url

    def clean_secret(self) -> str:
        """Return the secret; one that begins as those of Standard Webhooks must be one."""
        secret: str = self.cleaned_data["secret"]
        try:
            signing.webhook_key(secret)
        except ValueError:
            raise forms.ValidationError(_("What stands behind whsec_ is no base64.")) from None
        return secret

    def clean(self) -> dict[str, Any]:
        """Return the cleaned data: a webhook has a URL."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        webhook = cleaned.get("channel") == AlertRoute.Channel.WEBHOOK
        if webhook and not cleaned.get("url") and not self.route.url and "url" not in self.errors:
            self.add_error("url", _("A webhook needs a URL."))
        return cleaned

    def filled(self) -> AlertRoute:
        """Return the route with what a valid form says, not saved; `generated` is the secret made for it, if any."""
        said, route = self.cleaned_data, self.route
        if route.template != said["template"]:
            route.secret = None  # each robot has its own, and our own is none of theirs
        for name in ("name", "kind", "severity", "channel", "addresses", "template", "language", "enabled"):
            setattr(route, name, said[name])
        route.account = said["account"] if "account" in said else self.scope.rows(Account).get()
        route.url = said["url"] or route.url
        own = route.channel == AlertRoute.Channel.WEBHOOK and route.template == alert_bodies.MASKLINE
        if said["secret"]:
            route.secret = said["secret"]
        elif own and not route.secret:
            self.generated = route.secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode("ascii")
        return route


def _initial(route: AlertRoute) -> dict[str, Any]:
    names = ("name", "kind", "severity", "channel", "addresses", "template", "language", "enabled")
    return {**{name: getattr(route, name) for name in names}, "account": route.account.code if route.account else ""}
