"""The rules that decide calls and SMS (privacy.routing, privacy.control), each as a sentence."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.routing.facts import Outcome

WORDS: dict[str, str | Promise] = {
    "unknown_number": _("X is not one of the numbers this upstream serves, or nobody holds it."),
    "application_suspended": _("The application that holds X is suspended."),
    "account_frozen": _("The account that holds X is in arrears."),
    "number_unusable": _("X is in a state in which it takes no calls."),
    "landline_caller": _("A landline called, and landlines may not call X."),
    "ended_binding": _("The caller's binding has ended; he is not put through to whoever has X now."),
    "no_binding": _("Nothing is bound on X for this caller."),
    "direction": _("The binding does not let this side call."),
    "a_calls_b": _("A called X and is put through to B."),
    "b_calls_a": _("B called X and is put through to A."),
    "switched_off": _("A has switched X off."),
    "no_temporary_callee": _("A called X, and no temporary callee is set."),
    "a_calls_temporary_callee": _("A called X and is put through to the temporary callee."),
    "anyone_calls_a": _("Anybody who calls X is put through to A."),
    "no_extension_bound": _("No extension is bound on X."),
    "collects_extension": _("The caller is asked for an extension."),
    "empty_extension": _("The caller entered no extension."),
    "unknown_extension": _("The extension entered is not bound."),
    "extension_calls_a": _("The extension entered is bound: its A is called."),
    "a_calls_last_caller": _("A called X and is put through to whoever called him last."),
    "a_calls_callback_number": _("A called X; nobody called him, so his call-back number is called."),
    "plays_callback_voice": _("A called X; nobody called him, so the call-back announcement is played."),
    "no_callback_record": _("A called X, and there is nobody to call back."),
    "no_ax": _("No AXYB binding holds on X."),
    "own_number": _("The caller dialled the number that is bound to himself."),
    "caller_without_y": _("The caller gets no Y, for he has no number to bind it to."),
    "no_y_left": _("No Y number was left for this caller."),
    "b_calls_a_by_x": _("B called X and is put through to A, who sees B's Y."),
    "a_calls_b_by_y": _("A called Y and is put through to B."),
    "customer_not_asked": _("The customer's server could not be asked: no URL, too many, or it failed before."),
    "customer_asked": _("The customer's server is asked."),
    "customer_silent": _("The customer's server did not answer in time, or not with 200."),
    "customer_unreadable": _("The answer of the customer's server could not be understood."),
    "customer_bad_callee": _("The customer's server named a callee that is no number."),
    "customer_bad_user_data": _("The user data in the customer's answer holds characters that are not allowed."),
    "customer_voice_missing": _("The customer's server named a voice file that is missing or not approved."),
    "customer_closes": _("The customer's server said to hang up."),
    "customer_connects": _("The customer's server said whom to call."),
    "calling_hours": _("The call came outside the calling hours."),
    "blacklist_caller": _("The caller is on the blacklist."),
    "blacklist_callee": _("The callee is on the blacklist."),
    "blacklist_pair": _("This caller may not call this callee: the pair is on the blacklist."),
    "frequency_caller": _("The caller has called too often."),
    "frequency_callee": _("The callee was called too often."),
    "frequency_number": _("X was used too often."),
    "frequency_pair": _("The caller has called this callee too often."),
    "sms_unknown_number": _("X is not one of the numbers this upstream serves, or nobody holds it."),
    "sms_application_suspended": _("The application that holds X is suspended."),
    "sms_account_frozen": _("The account that holds X is in arrears."),
    "sms_number_unusable": _("X is in a state in which it takes no SMS."),
    "sms_number_without_sms": _("X has no SMS capability."),
    "sms_application_without_sms": _("SMS is not opened for the application."),
    "sms_mode_without_sms": _("The application's mode has no SMS."),
    "sms_short_code": _("Short codes and channel numbers neither send nor receive through X."),
    "sms_ended_binding": _("The sender's binding has ended; his SMS does not reach whoever has X now."),
    "sms_no_binding": _("Nothing is bound on X for this sender."),
    "sms_binding_without_sms": _("The binding does not allow SMS."),
    "sms_switched_off": _("The binding is switched off: X does not reach A by SMS either."),
    "sms_too_long": _("The text is too long."),
    "sms_required_word": _("The text lacks a word that the account's rules ask for."),
    "sms_forbidden_word": _("The text holds a forbidden word."),
    "sms_to_named": _("A sent it, with the receiver's number behind the @."),
    "sms_to_a": _("It goes on to A."),
    "sms_to_other": _("It goes on to the other side of the binding."),
    "sms_ask_named": _("A named no receiver, so the customer's server is asked."),
    "sms_ask_x": _("The customer's server is asked."),
    "sms_customer_forwards": _("The customer's server said to whom it goes."),
    "sms_customer_discards": _("The customer's server said to throw it away."),
    "sms_customer_silent": _("The customer's server did not answer in time, or not with 200."),
    "sms_customer_unusable": _("The answer of the customer's server could not be used."),
    "sms_customer_not_asked": _("The customer's server could not be asked: no URL, too many, or it failed before."),
    "sms_blacklist": _("Sender or receiver is on the blacklist."),
}

OUTCOMES: dict[str, str | Promise] = {
    Outcome.CONNECT: _("put through"),
    Outcome.COLLECT: _("asked for digits"),
    Outcome.PLAY: _("announcement played, then hung up"),
    Outcome.REFUSE: _("refused"),
    Outcome.FORWARD: _("forwarded"),
    Outcome.DISCARD: _("thrown away"),
}
# What a decision lets the switch play, by its name in the answer.
VOICES: dict[str, str | Promise] = {
    "voice": _("Played before hanging up, or asking for digits"),
    "waiting_voice": _("Waiting tone"),
    "record_voice": _("Announcement of the recording"),
    "last_minute_voice": _("Announcement of the last minute"),
}


def outcome(name: str) -> str:
    """Return what a decision says, in words."""
    return str(OUTCOMES.get(name, name))


def words(rule: str) -> str:
    """Return a rule as a sentence in the person's language; one without words as its name."""
    return str(WORDS.get(rule, rule))
