"""Admin pages of voice files, which the console reviews, and of orders to stop a call, which the API gives."""

from django.contrib import admin

from accounts.admin.base import HistoryAdmin
from privacy.admin.records import BY_ACCOUNT
from privacy.models import StopOrder, VoiceFile


@admin.register(VoiceFile)
class VoiceFileAdmin(HistoryAdmin):
    """Voice files."""

    list_display = ("name", "account", "state", "size", "milliseconds", "uploaded_by", "uploaded_at", "reviewed_by")
    list_select_related = ("account",)
    list_filter = ("state", BY_ACCOUNT)
    search_fields = ("name",)
    # Too long for a telephone, and of no use there.
    hidden = ("stored_as", "sha256")
    ordering = ("-id",)


@admin.register(StopOrder)
class StopOrderAdmin(HistoryAdmin):
    """Orders to stop a call."""

    list_display = ("session", "application", "ordered_at", "taken_at", "request_id")
    list_select_related = ("session", "application")
    list_filter = (BY_ACCOUNT,)
    search_fields = ("session__session_id__exact",)
    ordering = ("-id",)
