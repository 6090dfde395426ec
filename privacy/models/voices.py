"""Voice files: announcements and tones that bindings use by name (northbound.md 10; pushes.md 8)."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account


class VoiceFile(models.Model):
    """One WAV (A-law, 8 kHz, mono) of an account; usable by its name once it is approved."""

    class State(models.TextChoices):
        """Where its review stands."""

        WAITING = "waiting", _("Waiting for review")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")

    account = models.ForeignKey(Account, models.PROTECT, related_name="voice_files", verbose_name=_("account"))
    name = models.CharField(_("file name"), max_length=128)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    stored_as = models.CharField(_("stored as"), max_length=200)
    size = models.PositiveIntegerField(_("bytes"))
    milliseconds = models.PositiveIntegerField(_("length, ms"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    purpose = models.CharField(_("what it is for"), max_length=200, blank=True)
    uploaded_by = models.CharField(_("uploaded by"), max_length=150)
    uploaded_at = models.DateTimeField(_("uploaded"), db_default=Now(), editable=False)
    reviewed_by = models.CharField(_("reviewed by"), max_length=150, blank=True)
    reviewed_at = models.DateTimeField(_("reviewed"), null=True)
    review_note = models.CharField(_("note of the review"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("voice file")
        verbose_name_plural = _("voice files")
        ordering = ["account", "name"]
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="voicefile_name_once")]

    def __str__(self) -> str:
        return self.name
