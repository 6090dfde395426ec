"""The admin pages of `console`: jobs and signs of life."""

from django.contrib import admin

from accounts.admin.base import RoleAdmin
from console.models import Heartbeat, Job


@admin.register(Job)
class JobAdmin(RoleAdmin):
    """Long pieces of work; the jobs page is where they are asked for and cancelled."""

    list_display = ("requested_at", "kind", "state", "requested_by", "account", "progress", "total", "finished_at")
    list_filter = ("state", "kind")
    list_select_related = ("requested_by", "account")
    hidden = ("result_file",)


@admin.register(Heartbeat)
class HeartbeatAdmin(RoleAdmin):
    """When a background process last gave a sign of life."""

    look = "configure"
    list_display = ("name", "at")
