"""Sessions, calls and call events. Calls and events are insert-only and partitioned by their time-ordered id."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Application, Upstream
from common.phone import PhoneNumberField
from common.sealed import SealedBodyField, SealedTextField
from common.timeid import TimeIdManager
from privacy.models.arrivals import Source
from privacy.models.numbers import Number


class Session(models.Model):
    """What one sessionId of one upstream joins: made by whichever of routing request, event or CDR comes first.

    After 24 h of silence the same sessionId is a new session (`generation` counts them).
    """

    # No constraints: a row comes with each call, and checking all that it names costs more than writing it.
    upstream = models.ForeignKey(
        Upstream, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("upstream")
    )
    session_key = models.BinaryField(_("SHA-256 of the session id"), max_length=16)
    generation = models.PositiveIntegerField(_("generation"), default=0, db_default=0)
    session_id = models.CharField(_("session id"), max_length=256)
    account = models.ForeignKey(
        Account, models.PROTECT, null=True, db_index=False, db_constraint=False, verbose_name=_("account")
    )
    application = models.ForeignKey(
        Application, models.PROTECT, null=True, db_index=False, db_constraint=False, verbose_name=_("application")
    )
    number = models.ForeignKey(
        Number, models.PROTECT, null=True, db_index=False, db_constraint=False, verbose_name=_("number")
    )
    subscription_id = models.CharField(_("binding id"), max_length=64, blank=True, default="", db_default="")
    decision = SealedBodyField(_("routing decision"), null=True)
    # When the decision was taken, and which question it answers: asked again shortly after, it is answered the same.
    decided_at = models.DateTimeField(_("decided"), null=True)
    asked_key = models.BinaryField(_("keyed hash of the question"), max_length=16, null=True)
    push_sequence = models.BigIntegerField(_("pushes queued"), default=0, db_default=0)
    first_at = models.DateTimeField(_("first record"))
    last_at = models.DateTimeField(_("last record"))

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        constraints = [models.UniqueConstraint(fields=["upstream", "session_key", "generation"], name="session_once")]
        indexes = [models.Index(fields=["last_at"], name="session_last")]

    def __str__(self) -> str:
        return self.session_id


class Call(models.Model):
    """One CDR: every field of pushes.md 3.1. Times are UTC; `answered_at` to `ended_at` is what is charged."""

    partition_interval = "month"

    id = models.UUIDField(_("id"), primary_key=True, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("account"))
    application = models.ForeignKey(
        Application, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("application")
    )
    number = models.ForeignKey(Number, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("number"))
    upstream = models.ForeignKey(
        Upstream, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("upstream")
    )
    source = models.ForeignKey(Source, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("source"))
    source_line = models.PositiveIntegerField(_("line"))
    session_id = models.CharField(_("session id"), max_length=256, blank=True)
    record_id = models.CharField(_("record id (icid)"), max_length=64, blank=True)
    subscription_id = models.CharField(_("binding id"), max_length=64, blank=True)
    direction = models.SmallIntegerField(_("direction"), null=True)
    sp_id = models.CharField(_("vendor's account (spId)"), max_length=32, blank=True)
    wire_app_key = models.CharField(_("appKey as sent"), max_length=128, blank=True)
    caller_number = PhoneNumberField(_("caller"), max_length=32, null=True)
    callee_number = PhoneNumberField(_("dialled number"), max_length=32, null=True)
    display_number = PhoneNumberField(_("number displayed"), max_length=32, null=True)
    destination_number = PhoneNumberField(_("real callee"), max_length=32, null=True)
    call_in_at = models.DateTimeField(_("call in"), null=True)
    forward_started_at = models.DateTimeField(_("forwarding started"), null=True)
    alerting_at = models.DateTimeField(_("ringing"), null=True)
    answered_at = models.DateTimeField(_("answered"), null=True)
    ended_at = models.DateTimeField(_("ended"))
    failed_at = models.DateTimeField(_("failed"), null=True)
    unanswered_reason = models.SmallIntegerField(_("Q.850 cause"), null=True)
    release_reason = models.IntegerField(_("release point"), null=True)
    sip_status = models.SmallIntegerField(_("SIP status"), null=True)
    callout_unanswered_reason = models.SmallIntegerField(_("Q.850 cause of the platform's leg"), null=True)
    recorded = models.BooleanField(_("recorded"), null=True)
    record_started_at = models.DateTimeField(_("recording started"), null=True)
    record_object = models.CharField(_("recording file"), max_length=256, blank=True)
    record_bucket = models.CharField(_("recording bucket"), max_length=128, blank=True)
    record_domain = models.CharField(_("recording domain"), max_length=128, blank=True)
    record_download_url = SealedTextField(_("recording address"), max_length=1024, null=True)
    record_push_url = SealedTextField(_("recording push address"), max_length=1024, null=True)
    tts_play_times = models.IntegerField(_("TTS plays"), null=True)
    tts_duration = models.IntegerField(_("TTS duration"), null=True)
    mpty_id = models.CharField(_("mptyId"), max_length=64, blank=True)
    service_type = models.CharField(_("service type"), max_length=32, blank=True)
    host_name = models.CharField(_("host"), max_length=128, blank=True)
    user_data = SealedTextField(_("user data"), max_length=256, null=True)
    notify_mode = models.CharField(_("notify mode"), max_length=32, blank=True)
    extension = models.CharField(_("extension"), max_length=8, blank=True)
    voice_check_type = models.SmallIntegerField(_("voice check"), null=True)
    unknown_fields = SealedBodyField(_("unknown fields"), null=True)
    received_at = models.DateTimeField(_("received"), db_default=Now())

    objects = TimeIdManager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["account", "id"], name="call_account"),
            models.Index(fields=["number", "id"], name="call_number"),
            models.Index(fields=["caller_number", "id"], name="call_caller"),
            models.Index(fields=["destination_number", "id"], name="call_destination"),
            models.Index(fields=["session_id"], name="call_session"),
            models.Index(fields=["record_id"], name="call_record"),
            models.Index(fields=["record_object"], name="call_recording", condition=~models.Q(record_object="")),
            models.Index(fields=["subscription_id"], name="call_subscription", condition=~models.Q(subscription_id="")),
            models.Index(fields=["user_data"], name="call_user_data", condition=models.Q(user_data__isnull=False)),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class CallEvent(models.Model):
    """One event of a session: callin, collectInfo, callout, alerting, answer, disconnect (pushes.md 1)."""

    partition_interval = "week"

    id = models.UUIDField(_("id"), primary_key=True, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("account"))
    application = models.ForeignKey(
        Application, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("application")
    )
    number = models.ForeignKey(
        Number, models.PROTECT, null=True, db_index=False, db_constraint=False, verbose_name=_("number")
    )
    upstream = models.ForeignKey(
        Upstream, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("upstream")
    )
    source = models.ForeignKey(Source, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("source"))
    source_line = models.PositiveIntegerField(_("line"))
    session_id = models.CharField(_("session id"), max_length=256)
    event_type = models.CharField(_("event"), max_length=16)
    occurred_at = models.DateTimeField(_("time"))
    caller_number = PhoneNumberField(_("caller"), max_length=32, null=True)
    called_number = PhoneNumberField(_("called"), max_length=32, null=True)
    subscription_id = models.CharField(_("binding id"), max_length=64, blank=True)
    user_data = SealedTextField(_("user data"), max_length=256, null=True)
    notify_mode = models.CharField(_("notify mode"), max_length=32, blank=True)
    digits = SealedTextField(_("digits"), max_length=64, null=True)
    state_code = models.IntegerField(_("hang-up reason"), null=True)
    state_description = models.CharField(_("hang-up text"), max_length=256, blank=True)
    unknown_fields = SealedBodyField(_("unknown fields"), null=True)
    received_at = models.DateTimeField(_("received"), db_default=Now())

    objects = TimeIdManager()

    class Meta:
        verbose_name = _("call event")
        verbose_name_plural = _("call events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["account", "id"], name="callevent_account"),
            models.Index(fields=["session_id"], name="callevent_session"),
            models.Index(fields=["number", "id"], name="callevent_number"),
            models.Index(fields=["caller_number", "id"], name="callevent_caller"),
            models.Index(fields=["called_number", "id"], name="callevent_called"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.pk}"


class StopOrder(models.Model):
    """The customer wants a call ended: the switch takes the order and drops both legs (northbound.md 8)."""

    session = models.OneToOneField(Session, models.CASCADE, verbose_name=_("session"))
    account = models.ForeignKey(Account, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("account"))
    application = models.ForeignKey(
        Application, models.PROTECT, db_index=False, db_constraint=False, verbose_name=_("application")
    )
    request_id = models.UUIDField(_("request"), null=True)
    ordered_at = models.DateTimeField(_("ordered"), db_default=Now(), editable=False)
    taken_at = models.DateTimeField(_("taken by the switch"), null=True)

    class Meta:
        verbose_name = _("stop order")
        verbose_name_plural = _("stop orders")
        ordering = ["-id"]
        indexes = [models.Index(fields=["id"], name="stoporder_open", condition=models.Q(taken_at__isnull=True))]

    def __str__(self) -> str:
        return str(self.session_id)
