"""The rules that decide calls, by name, each with the stateCode of pushes.md 6.1 it gives (0: none). Pure.

They stand in the order in which they are looked at: the first that applies decides.
"""

ENDED, UNKNOWN = "ended_binding", "unknown_number"
RULES: dict[str, int] = {
    # Of X and its holder, in every mode.
    UNKNOWN: 8025,
    "application_suspended": 8018,
    "account_frozen": 7108,
    "number_unusable": 8055,
    "landline_caller": 8023,
    # A former caller within the cool-down: the code is that of an unbound number of the mode (NO_BINDING).
    ENDED: 0,
    # AXB.
    "no_binding": 8014,
    "direction": 8016,
    "a_calls_b": 0,
    "b_calls_a": 0,
    # AX.
    "switched_off": 8016,
    "no_temporary_callee": 8013,
    "a_calls_temporary_callee": 0,
    "anyone_calls_a": 0,
    # AXE.
    "no_extension_bound": 8022,
    "collects_extension": 0,
    "empty_extension": 8033,
    "unknown_extension": 8022,
    "extension_calls_a": 0,
    "a_calls_last_caller": 0,
    "a_calls_callback_number": 0,
    "plays_callback_voice": 8019,
    "no_callback_record": 8019,
    # AXYB.
    "no_ax": 8030,
    "own_number": 8032,
    "caller_without_y": 8031,
    "no_y_left": 8031,
    "b_calls_a_by_x": 0,
    "a_calls_b_by_y": 0,
    # X: the customer decides (pushes.md 2).
    "customer_not_asked": 8020,
    "customer_asked": 0,
    "customer_silent": 8020,
    "customer_unreadable": 8014,
    "customer_bad_callee": 8014,
    "customer_bad_user_data": 8014,
    "customer_voice_missing": 8006,
    "customer_closes": 8017,
    "customer_connects": 0,
}
# The stateCode of a number on which the caller finds nothing bound, by mode; in X mode, of a call that has no relation.
NO_BINDING = {"AXB": 8014, "AX": 8014, "AXE": 8022, "AXYB": 8030, "X": 8014}
ABNORMAL = 8020
