"""What every admin page of ours shares: permissions by role, rows by scope, no real number, an audit of changes."""

from collections.abc import Callable
from typing import Any

from django.contrib.admin import display
from django.db.models import AutoField, BinaryField, Field, Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline

from accounts import audit, roles, scope
from accounts.admin.paging import EstimatePaginator
from common import phone
from common.phone import PhoneNumberField
from common.sealed import SealedBodyField, SealedTextField

NO_ZONE = gettext_lazy("This time zone is unknown; use a name such as Asia/Shanghai.")


class RoleMixin:
    """Permissions from accounts.roles: `look` opens the pages; `edit` adds and changes, nothing when empty."""

    look = "look"
    edit = ""
    may_delete = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the app is listed."""
        return roles.may(request.user, self.look)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether rows may be looked at; another account's are absent already."""
        return roles.may(request.user, self.look)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether rows may be added."""
        return bool(self.edit) and roles.may(request.user, self.edit)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether rows may be changed."""
        return bool(self.edit) and roles.may(request.user, self.edit)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether rows may be deleted: history never."""
        return self.may_delete and bool(self.edit) and roles.may(request.user, self.edit)


class RoleAdmin(RoleMixin, ModelAdmin):
    """A model's pages: rows of the person's account, sealed columns masked or only named."""

    show_full_result_count = False
    list_per_page = 50
    actions = None
    list_fullwidth = True
    compressed_fields = True
    hidden: tuple[str, ...] = ()
    # What the house knows and no customer is told: left out for a person who is bound to an account.
    inner: tuple[str, ...] = ()

    def __init__(self, model: type[Model], admin_site: Any) -> None:
        self.sealed = {field.name: f"{field.name}_shown" for field in model._meta.fields if is_sealed(field)}
        for field in model._meta.fields:
            if field.name in self.sealed:
                setattr(self, self.sealed[field.name], shown(field))
        super().__init__(model, admin_site)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows in the person's scope."""
        rows: QuerySet[Any] = scope.for_user(request.user).rows(self.model)
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the columns of the list, without what is the house's for a bound person."""
        return [name for name in super().get_list_display(request) if name not in self._kept_from(request)]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the columns in the model's order, sealed ones by what may be shown of them."""
        kept = self._kept_from(request)
        if self.fields:
            return [name for name in self.fields if name not in kept] if kept else self.fields
        left_out = {*self.hidden, *kept}
        fields = [f for f in self.model._meta.fields if f.name not in left_out and not _is_raw_bytes(f)]
        return [self.sealed.get(f.name, f.name) for f in fields if obj is not None or _is_typed(f)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what is only shown: everything sealed or not editable, beside what the class says."""
        fixed = [f.name for f in self.model._meta.fields if not _is_typed(f) and not _is_raw_bytes(f)]
        return [*super().get_readonly_fields(request, obj), *self.sealed.values(), *fixed]

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Write Django's log entry and ours."""
        self._audit(request, "add", obj, {})
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Write Django's log entry and ours, with the names of the fields that changed."""
        self._audit(request, "change", obj, {"changed": _field_names(message)})
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Write Django's log entries and ours."""
        for obj in queryset:
            self._audit(request, "delete", obj, {})
        return super().log_deletions(request, queryset)

    def _kept_from(self, request: HttpRequest) -> tuple[str, ...]:
        if not self.inner or scope.for_user(request.user).account_id is None:
            return ()
        return self.inner

    def _audit(self, request: HttpRequest, verb: str, obj: Any, detail: dict[str, Any]) -> None:
        account = getattr(obj, "account", None)
        audit.record(
            user=request.user, action=f"{verb}_{obj._meta.model_name}", subject_kind=obj._meta.model_name,
            subject=str(obj.pk), account=account, detail=detail, request=request,
        )  # fmt: skip


class HistoryAdmin(RoleAdmin):
    """What happened: shown, never changed. Big tables: an estimated count, no sorting but by key."""

    paginator = EstimatePaginator
    sortable_by = ()
    list_filter_submit = True


class ReadOnlyInline(RoleMixin, TabularInline):
    """Rows that belong to the one shown, never changed there."""

    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows in the person's scope."""
        return scope.for_user(request.user).rows(self.model)


def is_sealed(field: Any) -> bool:
    """Return whether a column is encrypted."""
    return isinstance(field, SealedTextField | SealedBodyField)


def shown(field: Field[Any, Any]) -> Callable[[Any], str]:
    """Return what the admin shows of a sealed column: a number masked, of anything else only that it is kept."""

    @display(description=field.verbose_name)
    def show(row: Any) -> str:
        value = getattr(row, field.name)
        if not value:
            return "–"
        return phone.mask(value) if isinstance(field, PhoneNumberField) else _("kept, encrypted")

    return show


def _is_raw_bytes(field: Any) -> bool:
    return isinstance(field, BinaryField) and not is_sealed(field)


def _is_typed(field: Any) -> bool:
    """Return whether a person may type the column."""
    return bool(field.editable) and not isinstance(field, AutoField)


def _field_names(message: Any) -> list[str]:
    """Return the names of changed fields in Django's structured message."""
    parts = message if isinstance(message, list) else []
    return [str(name) for part in parts for name in part.get("changed", {}).get("fields", [])]
