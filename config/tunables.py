"""The product's own settings: the rules that an installation may choose (docs/operations.md)."""

from typing import Any

from common import egress
from common.errors import BadInput
from config.environment import Reader


def read(env: Reader) -> dict[str, Any]:
    """Return settings.MASKLINE from the environment; what is out of range is a problem for config/checks.py."""
    return {
        "settlement_delay_minutes": env.whole("MASKLINE_SETTLEMENT_DELAY_MINUTES", 5, 0, 60),
        "sms_multipart_7bit": env.whole("MASKLINE_SMS_MULTIPART_7BIT", 154, 153, 154),
        "gsm7_extension_counts": env.whole("MASKLINE_GSM7_EXTENSION_COUNTS", 1, 1, 2),
        "clock_skew_seconds": env.whole("MASKLINE_CLOCK_SKEW_SECONDS", 300, 30, 3600),
        "accept_beijing_time": env.text("MASKLINE_ACCEPT_BEIJING_TIME", "1") in {"1", "true", "yes", "on"},
        "lockout_failures": env.whole("MASKLINE_LOCKOUT_FAILURES", 20, 1, 10_000),
        "lockout_window_minutes": env.whole("MASKLINE_LOCKOUT_WINDOW_MINUTES", 5, 1, 1440),
        "lockout_minutes": env.whole("MASKLINE_LOCKOUT_MINUTES", 30, 1, 1440),
        "retention_calls_days": env.whole("MASKLINE_RETENTION_CALLS_DAYS", 400, 31, 36_500),
        "retention_events_days": env.whole("MASKLINE_RETENTION_EVENTS_DAYS", 60, 7, 36_500),
        "silent_upstream_minutes": env.whole("MASKLINE_SILENT_UPSTREAM_MINUTES", 120, 5, 10_080),
        "quarantine_alert": env.whole("MASKLINE_QUARANTINE_ALERT", 50, 1, 10**6),
        "self_approval_limit": env.whole("MASKLINE_SELF_APPROVAL_LIMIT", 100, 0, 10**9),
        # The northbound API (docs/northbound.md, "Choices"). A rate of 0 switches flow control off.
        "flow_rate": env.whole("MASKLINE_FLOW_RATE", 1000, 0, 10**6),
        "flow_burst": env.whole("MASKLINE_FLOW_BURST", 2000, 1, 10**7),
        "pairs_per_number": env.whole("MASKLINE_PAIRS_PER_NUMBER", 5000, 1, 5000),
        "retention_requests_days": env.whole("MASKLINE_RETENTION_REQUESTS_DAYS", 31, 7, 3650),
        "remember_pairs_days": env.whole("MASKLINE_REMEMBER_PAIRS_DAYS", 30, 1, 3650),
        "recording_days": env.whole("MASKLINE_RECORDING_DAYS", 7, 1, 3650),
        "recording_mib": env.whole("MASKLINE_RECORDING_MIB", 64, 1, 1024),
        # The switch's side (docs/switch-api.md, "Choices").
        "ask_call_seconds": env.whole("MASKLINE_ASK_CALL_SECONDS", 3, 1, 10),
        "web_threads": env.whole("MASKLINE_WEB_THREADS", 8, 2, 1000),
        "push_allow_private": _allowed_private(env),
        "push_allowed_networks": env.networks("MASKLINE_PUSH_ALLOWED_NETWORKS"),
        # Pushes (docs/pushes.md): requests under way in one dispatcher, and of those to one endpoint; the re-pushes.
        "push_slots": env.whole("MASKLINE_PUSH_SLOTS", 64, 8, 512),
        "push_per_endpoint": env.whole("MASKLINE_PUSH_PER_ENDPOINT", 8, 1, 32),
        "push_retry_minutes": _minutes(env),
        "ask_sms_seconds": env.whole("MASKLINE_ASK_SMS_SECONDS", 5, 1, 30),
        "repeat_seconds": env.whole("MASKLINE_REPEAT_SECONDS", 10, 1, 300),
        "retention_decisions_days": env.whole("MASKLINE_RETENTION_DECISIONS_DAYS", 62, 31, 3650),
        "replay_rate": env.whole("MASKLINE_REPLAY_RATE", 200, 1, 10_000),
        "metrics_token": _metrics_token(env),
        "backup_hours": env.whole("MASKLINE_BACKUP_HOURS", 48, 0, 8760),
        "retention_dead_pushes_days": env.whole("MASKLINE_RETENTION_DEAD_PUSHES_DAYS", 30, 3, 3650),
        "retention_attempts_days": env.whole("MASKLINE_RETENTION_ATTEMPTS_DAYS", 31, 7, 3650),
    }


def _minutes(env: Reader) -> list[int]:
    """Return after how many minutes from its first failure a push is sent again (pushes.md 0)."""
    name, default = "MASKLINE_PUSH_RETRY_MINUTES", "1,4,9,106,203,300"
    words = env.words(name, default)
    minutes = [int(word) for word in words if word.isascii() and word.isdigit()]
    if len(minutes) != len(words) or minutes != sorted(set(minutes)) or not 1 <= len(minutes) <= 20:
        env.problem("maskline.E011", f"{name} is no list of growing minutes", f"Write it such as {default}.")
        return [int(word) for word in default.split(",")]
    return minutes


def _metrics_token(env: Reader) -> str:
    """Return what opens /metrics from elsewhere; "" where it is only for this machine."""
    token = env.secret("MASKLINE_METRICS_TOKEN")
    if token and (len(token) < 16 or not token.isascii() or not token.isprintable()):
        hint = "Give at least 16 printable ASCII characters: openssl rand -hex 16."
        env.problem("maskline.E012", "MASKLINE_METRICS_TOKEN is short, or holds what no header can", hint)
        return ""
    return token


def _allowed_private(env: Reader) -> list[str]:
    """Return ["1"], or the host:port pairs that may be reached although private; in production neither."""
    name = "MASKLINE_PUSH_ALLOW_PRIVATE"
    words = [word for word in env.words(name) if word.lower() not in {"0", "false", "no", "off"}]
    if not words:
        return []
    if env.text("DATABASE_URL"):
        hint = "Unset it; allow networks of your own with MASKLINE_PUSH_ALLOWED_NETWORKS=10.0.0.0/8."
        env.problem("maskline.E008", f"{name} is set in production", hint)
        return []
    if len(words) == 1 and env.flag(name):
        return ["1"]
    kept = [word for word in words if _is_host_and_port(word)]
    for word in words:
        if word not in kept:
            env.problem("maskline.E009", f"{name} holds {word!r}", "Write 1, or a list such as 127.0.0.1:9000.")
    return kept


def _is_host_and_port(word: str) -> bool:
    try:
        return egress.read(f"http://{word}/").host != "" and word.rpartition("]")[2].count(":") == 1
    except BadInput:
        return False
