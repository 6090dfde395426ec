"""What the audit trail's actions and kinds of subject are called. The trail keeps codes; people read words."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.admin import AllValuesFieldListFilter
from django.utils.translation import gettext_lazy as _

ACTIONS = {
    "reveal": _("full numbers shown"),
    "new_secret": _("new secret made"),
    "revoke_secret": _("former secret revoked"),
    "provision": _("provision file applied"),
    "rotate_keys": _("data keys rotated"),
    "export.charges": _("charges exported"),
    "export.calls": _("calls and SMS exported"),
    "export.download": _("export downloaded"),
    "job.cancel": _("job cancelled"),
    "quarantine.correct": _("quarantine corrected"),
    "quarantine.discard": _("quarantine discarded"),
    "numbers.order": _("numbers ordered"),
    "numbers.cancel": _("number order cancelled"),
    "numbers.issue": _("numbers issued"),
    "numbers.transfer": _("numbers transferred"),
    "numbers.ask_transfer": _("transfer between accounts asked for"),
    "numbers.transfer_agree": _("transfer between accounts agreed to"),
    "numbers.transfer_refuse": _("transfer between accounts refused"),
    "numbers.unsubscribe": _("numbers unsubscribed"),
    "numbers.suspend": _("numbers suspended"),
    "numbers.freeze": _("numbers frozen for new bindings"),
    "numbers.stop": _("numbers made unusable"),
    "numbers.resume": _("numbers resumed"),
    "numbers.open_reason": _("reason of a number's state opened"),
    "numbers.close_reason": _("reason of a number's state closed"),
    "numbers.sms_on": _("SMS of numbers switched on"),
    "numbers.sms_off": _("SMS of numbers switched off"),
    "numbers.reserve": _("numbers reserved"),
    "numbers.release": _("numbers released for selection"),
    "numbers.blacklist": _("numbers blacklisted"),
    "numbers.unblacklist": _("numbers taken off the blacklist"),
    "pushes.replay": _("pushes sent again"),
    "pushes.cancel_replay": _("replay of pushes cancelled"),
    "test.play": _("test call played"),
    "voice.upload": _("voice file uploaded"),
    "voice.approve": _("voice file approved"),
    "voice.refuse": _("voice file refused"),
    "voice.delete": _("voice file deleted"),
    "keywords.add": _("keywords added"),
    "keywords.end": _("keywords ended"),
    "recording.play": _("recording listened to"),
    "recording.download": _("recording downloaded"),
    "recording.fetch": _("recording asked for again"),
    "binding.bind": _("bound in the console"),
    "binding.end": _("ending bindings ordered"),
    "binding.ended": _("bindings ended in the console"),
    "risk.switch_on": _("risk control switched on"),
    "risk.switch_off": _("risk control switched off"),
    "risk.add_rule": _("risk rule added"),
    "risk.change_rule": _("risk rule changed"),
    "risk.end_rule": _("risk rule ended"),
    "risk.blacklist": _("number put on the blacklist"),
    "risk.unblacklist": _("number taken off the blacklist"),
    "risk.load": _("blacklist loaded from a file"),
    "risk.pardon": _("blocked caller counted anew"),
    "export.near_misses": _("near misses exported"),
    "alert.acknowledge": _("alert taken on"),
    "alert.silence": _("alert silenced"),
    "alert.close": _("alert closed by hand"),
    "alert_route.test": _("alert route tried"),
    "endpoint.pause": _("endpoint paused"),
    "endpoint.resume": _("endpoint resumed"),
    "endpoint.disable": _("endpoint disabled"),
    "endpoint.enable": _("endpoint enabled"),
    "endpoint.any-2xx": _("any 2xx of an endpoint made a success"),
    "endpoint.only-200": _("only 200 of an endpoint made a success"),
    "createPrivateNumberService": _("service opened"),
    "freezePrivateNumberService": _("service frozen"),
    "resumePrivateNumberService": _("service resumed"),
}
# Kinds of subject that are no model; privateNumber is the resource type of the cloud audit (pushes.md 8).
KINDS = {"file": _("file"), "privateNumber": _("privacy number service")}
VERBS = {"add": _("added: %s"), "change": _("changed: %s"), "delete": _("deleted: %s")}


def action_name(code: str) -> str:
    """Return an action in words: its own, or verb and model as the admin writes them; an unknown code as it is."""
    if code in ACTIONS:
        return str(ACTIONS[code])
    verb, _line, model = code.partition("_")
    return str(VERBS[verb]) % subject_name(model) if verb in VERBS else code


def subject_name(kind: str) -> str:
    """Return a kind of subject in words: the name of the model, if it is one; an unknown kind as it is."""
    if kind in KINDS:
        return str(KINDS[kind])
    wanted = kind.replace("_", "")
    return next((str(m._meta.verbose_name) for m in apps.get_models() if m._meta.model_name == wanted), kind)


class ActionFilter(AllValuesFieldListFilter):
    """The actions that are there, in words."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return the choices; a count may stand behind the code."""
        for choice in super().choices(changelist):
            code, blank, count = str(choice["display"]).partition(" ")
            yield {**choice, "display": f"{action_name(code)}{blank}{count}"}
