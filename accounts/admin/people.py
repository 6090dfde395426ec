"""Staff: users with a role, the account a customer's user is bound to, his zone; the audit trail."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts import provision_values
from accounts.admin.actions import ActionFilter, action_name, subject_name
from accounts.admin.base import NO_ZONE, HistoryAdmin, RoleAdmin, RoleMixin
from accounts.models import AuditEntry, DataKey, Lockout, StaffProfile, UsedNonce
from common.errors import BadInput

admin.site.unregister(User)
admin.site.unregister(Group)


class ProfileForm(forms.ModelForm[StaffProfile]):
    """A profile whose zone exists."""

    def clean_time_zone(self) -> str:
        """Return the zone, or say that nobody has it."""
        try:
            return provision_values.zone(self.cleaned_data["time_zone"])
        except BadInput as problem:
            raise forms.ValidationError(NO_ZONE) from problem


class ProfileInline(RoleMixin, StackedInline):
    """What Django's user lacks."""

    model = StaffProfile
    form = ProfileForm
    look = edit = "configure"
    autocomplete_fields = ("account",)
    extra = 1
    max_num = 1
    can_delete = False


@admin.register(User)
class UserAdmin(RoleAdmin, DjangoUserAdmin):  # type: ignore[misc, type-arg]
    """Staff users. A role is a group; nobody is made a superuser here."""

    look = edit = "configure"
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (ProfileInline,)
    list_display = ("username", "roles", "bound_to", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    list_filter_submit = False
    search_fields = ("username",)
    ordering = ("username",)
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ("groups",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Personal info"), {"fields": ("first_name", "last_name", "email")}),
        (_("Roles"), {"fields": ("is_active", "groups")}),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("username", "password1", "password2")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return all users: only those who configure come here."""
        return User.objects.prefetch_related("groups").select_related("profile__account").order_by("username")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields of the form in use."""
        return DjangoUserAdmin.get_fields(self, request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what is only shown."""
        return self.readonly_fields

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: bool) -> None:
        """Save a user; whoever is added here is staff, for only staff may sign in."""
        obj.is_staff = True
        super().save_model(request, obj, form, change)

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        """Return the user's roles."""
        return ", ".join(group.name for group in user.groups.all()) or "–"

    @admin.display(description=_("bound to"))
    def bound_to(self, user: User) -> str:
        """Return the account a customer's user is bound to."""
        profile: StaffProfile | None = getattr(user, "profile", None)
        return str(profile.account) if profile and profile.account else "–"


@admin.register(Group)
class GroupAdmin(RoleAdmin):
    """The roles. What each may do stands in accounts/roles.py, so nothing is changed here."""

    look = "configure"
    fields = ("name",)
    list_display = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Return all roles."""
        return Group.objects.order_by("name")


@admin.register(AuditEntry)
class AuditEntryAdmin(HistoryAdmin):
    """Who did what, when and why."""

    look = "audit"
    list_display = ("at", "username", "done", "subject_is", "subject", "account", "reason", "address")
    list_filter = (("at", RangeDateTimeFilter), ("action", ActionFilter))
    list_select_related = ("account",)
    search_fields = ("username__exact", "subject__exact")
    fields = ("at", "username", "done", "subject_is", "subject", "account", "reason", "detail", "address")
    readonly_fields = ("done", "subject_is")

    @admin.display(description=_("action"))
    def done(self, entry: AuditEntry) -> str:
        """Return what was done, in words."""
        return action_name(entry.action)

    @admin.display(description=_("kind of subject"))
    def subject_is(self, entry: AuditEntry) -> str:
        """Return what it was done to, in words."""
        return subject_name(entry.subject_kind) or "–"


@admin.register(Lockout)
class LockoutAdmin(RoleAdmin):
    """Who signed wrongly too often. Deleting a row lets the pair in again."""

    look = edit = "configure"
    may_delete = True
    list_display = ("address", "key", "failures", "window_started_at", "locked_until")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody is locked out by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The counter is not edited."""
        return False


@admin.register(UsedNonce)
class UsedNonceAdmin(HistoryAdmin):
    """Headers that must not be good again."""

    look = "configure"
    list_display = ("key", "first_used_at", "forget_at")


@admin.register(DataKey)
class DataKeyAdmin(RoleAdmin):
    """The ids of the data keys; the keys themselves are nowhere in the database."""

    look = "configure"
    list_display = ("kid", "first_seen_at")
