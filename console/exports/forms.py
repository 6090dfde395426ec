"""The forms an export is ordered with on a page: a period in the viewer's zone, whose rows, which file."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.roles import User, may
from accounts.scope import Scope
from billing.reports import period as periods
from common.periods import hour_of
from console.exports.orders import CALLS, CHARGES, Order

CUSTOM = "custom"
OFFERED = 200  # accounts in the list; any code may be typed
PERIODS = [
    ("today", _("Today")),
    ("yesterday", _("Yesterday")),
    ("this_month", _("This month")),
    ("last_month", _("Last month")),
    (CUSTOM, _("From … to …")),
]
FORMATS = [
    ("spreadsheet", _("CSV for spreadsheets")),
    ("xlsx", _("Excel (XLSX)")),
    ("csv", _("CSV for programs (raw)")),
    ("parquet", _("Parquet")),
]


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local", "step": "3600"}, format="%Y-%m-%dT%H:%M")


class ExportForm(forms.Form):
    """What every export is asked: period, account, file format."""

    kind = ""
    period = forms.ChoiceField(label=_("Period"), choices=PERIODS, initial="yesterday")
    start = forms.DateTimeField(label=_("From"), required=False, widget=_moment())
    end = forms.DateTimeField(label=_("To (not included)"), required=False, widget=_moment())
    account = forms.CharField(
        label=_("Account"),
        max_length=32,
        required=False,
        widget=forms.TextInput(attrs={"list": "accounts", "placeholder": _("All"), "size": 12}),
    )
    format = forms.ChoiceField(label=_("File"), choices=FORMATS, initial="spreadsheet")

    def __init__(self, data: Any = None, *, scope: Scope, user: User) -> None:
        super().__init__(data)
        self.user, self.scope = user, scope
        self.accounts: list[Account] = []
        if scope.account_id is None:
            self.accounts = list(scope.rows(Account)[:OFFERED])
        else:
            del self.fields["account"]

    def clean(self) -> dict[str, Any]:
        """Return the cleaned data. Dates that were filled in win over the quick choice, and need both ends."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("start") or cleaned.get("end"):
            cleaned["period"] = CUSTOM
        if cleaned.get("period") == CUSTOM:
            for name in ("start", "end"):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _("Give a date and an hour."))
            self._check_times(cleaned.get("start"), cleaned.get("end"))
        return cleaned

    def clean_account(self) -> str:
        """Return the code of an account that is there, or "" for all."""
        code: str = self.cleaned_data["account"].strip()
        if code and not self.scope.rows(Account).filter(code=code).exists():
            raise forms.ValidationError(_("There is no account with this code."))
        return code

    def _check_times(self, start: datetime | None, end: datetime | None) -> None:
        if start and end and end <= start:
            self.add_error("end", _("This is not later than the beginning."))

    def order(self, now: datetime) -> Order:
        """Return the valid form as an order, its quick choice cut by the calendar of the viewer's zone."""
        cleaned, zone = self.cleaned_data, timezone.get_current_timezone_name()
        start, end = cleaned["start"], cleaned["end"]
        if cleaned["period"] != CUSTOM:
            period = periods.named(cleaned["period"], now, zone)
            start, end = period.start, period.end
        spreadsheet = cleaned["format"] == "spreadsheet"
        return Order(
            kind=self.kind,
            start=start.astimezone(UTC).isoformat(),
            end=end.astimezone(UTC).isoformat(),
            zone=zone,
            format="csv" if spreadsheet else cleaned["format"],
            spreadsheet=spreadsheet,
            account=cleaned.get("account", ""),
            **self.choices(),
        )

    def choices(self) -> dict[str, Any]:
        """Return what only this kind of export has."""
        return {}


class ChargesForm(ExportForm):
    """The hourly or the detail charge report."""

    kind = CHARGES
    report = forms.ChoiceField(
        label=_("Report"),
        choices=[("hourly", _("Charges per hour")), ("detail", _("Every charge line"))],
        initial="hourly",
    )
    settled_only = forms.BooleanField(label=_("Only hours that are settled"), required=False)
    field_order = ("report", "period", "start", "end", "account", "format", "settled_only")

    def _check_times(self, start: datetime | None, end: datetime | None) -> None:
        super()._check_times(start, end)
        for name, at in (("start", start), ("end", end)):
            if at and at.astimezone(UTC) != hour_of(at):
                # In a zone half an hour off UTC a whole UTC hour is no whole hour here.
                here = timezone.localtime(hour_of(at))
                text = gettext("Charges are kept per hour. Choose the start of one, such as %(time)s.")
                self.add_error(name, text % {"time": f"{here:%Y-%m-%d %H:%M}"})

    def choices(self) -> dict[str, Any]:
        """Return the report and whether hours that may still change are left out."""
        cleaned = self.cleaned_data
        return {"detail": cleaned["report"] == "detail", "settled_only": cleaned["settled_only"]}


class CallsForm(ExportForm):
    """Call or SMS detail; real numbers only for those who may, with a reason."""

    kind = CALLS
    records = forms.ChoiceField(label=_("Records"), choices=[("calls", _("Calls")), ("sms", _("SMS"))], initial="calls")
    unmasked = forms.BooleanField(label=_("Real numbers in full"), required=False)
    reason = forms.CharField(
        label=_("Reason for real numbers"),
        max_length=500,
        required=False,
        help_text=_("Kept in the audit trail."),
    )
    field_order = ("records", "period", "start", "end", "account", "format", "unmasked", "reason")

    def __init__(self, data: Any = None, *, scope: Scope, user: User) -> None:
        super().__init__(data, scope=scope, user=user)
        # The field stays in the form: who sends it without the permission is refused, not silently masked.
        self.may_unmask = may(user, "raw_export")

    def clean(self) -> dict[str, Any]:
        """Return the cleaned data. Real numbers need a reason."""
        cleaned = super().clean()
        if self.may_unmask and cleaned.get("unmasked") and not cleaned.get("reason", "").strip():
            self.add_error("reason", _("Say why the real numbers are needed."))
        return cleaned

    def choices(self) -> dict[str, Any]:
        """Return which records, and whether in full and why."""
        cleaned = self.cleaned_data
        unmasked = cleaned["unmasked"]
        return {
            "sms": cleaned["records"] == "sms",
            "unmasked": unmasked,
            "reason": cleaned["reason"].strip() if unmasked else "",
        }
