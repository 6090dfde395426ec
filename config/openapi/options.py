"""What drf-spectacular is told (SPECTACULAR_SETTINGS). Imported by the settings, so nothing of Django here."""

from typing import Any

DESCRIPTION = (
    "Privacy numbers: bind, modify, unbind and query in the modes AX, AXB, AXE and AXYB, and deliver records. The wire "
    "format is that of Huawei Cloud PrivateNumber; docs/northbound.md has a tour, every result code with its cure, and "
    "what was chosen where that format leaves it open.\n\n"
    'Reading is tolerant: booleans may be JSON booleans or "true" and "false", integers may be numeric texts, an empty '
    'query value counts as absent, unknown fields are ignored. Every answer has resultcode, a text, "0" when all is '
    "well."
)
TAGS = {
    "AX": "X stands for A: whoever calls X reaches A.",
    "AXB": "X links A and B, both ways.",
    "AXE": "X and an extension reach A.",
    "AXYB": "B sees A as X, A sees B as Y. Nothing can be modified.",
    "Every mode": "Recordings, and ending a call.",
    "Trying out": "Test calls: real pushes about calls that never were.",
    "Upstream": "For a switch or an upstream platform.",
    "Switch": "For a switch: it asks, and obeys (docs/switch-api.md).",
}


def options(public_url: str) -> dict[str, Any]:
    """Return the options; `public_url` is where customers reach this installation."""
    return {
        "TITLE": "Maskline",
        "VERSION": "1.0",
        "OAS_VERSION": "3.1.1",
        "DESCRIPTION": DESCRIPTION,
        "SERVERS": [{"url": "/", "description": "where this file came from"}, {"url": public_url}],
        "TAGS": [{"name": name, "description": text} for name, text in TAGS.items()],
        "SERVE_INCLUDE_SCHEMA": False,
        "SCHEMA_PATH_PREFIX": "/rest",
        "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
        "DISABLE_DOCSTRING_DESCRIPTIONS": True,
        "POSTPROCESSING_HOOKS": ["config.openapi.document.complete"],
    }
