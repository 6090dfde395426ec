"""The charts as plain data: labels and series, drawn by static/console/console.js."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from console.dashboard.figures import Figures

Chart = dict[str, Any]


def calls(labels: Sequence[str], points: Sequence[Figures]) -> Chart:
    """Return answered and unanswered calls with the answer rate; the rate has a gap where nobody called."""
    return {
        "labels": labels,
        "stacked": True,
        "series": [
            {"label": _("Answered"), "data": [point.answered for point in points]},
            {"label": _("Not answered"), "data": [point.unanswered for point in points]},
            {
                "label": _("Answer rate"),
                "axis": "percent",
                "data": [round(100 * p.answered / p.calls, 1) if p.calls else None for p in points],
            },
        ],
    }


def minutes(labels: Sequence[str], points: Sequence[Figures]) -> Chart:
    """Return billed minutes: from packages, overage, and not settled yet."""
    return {
        "labels": labels,
        "stacked": True,
        "series": [
            {"label": _("From packages"), "data": [point.package for point in points]},
            {"label": _("Overage"), "data": [point.overage for point in points]},
            {"label": _("Not settled yet"), "data": [point.unsettled for point in points]},
        ],
    }


def charges(labels: Sequence[str], points: Sequence[Figures]) -> Chart:
    """Return amounts, one series per currency; a chart is no ledger, so binary fractions will do."""
    currencies = sorted({currency for point in points for currency in point.amounts})
    series = [
        {"label": currency, "data": [float(p.amounts.get(currency, 0)) for p in points]} for currency in currencies
    ]
    return {"labels": labels, "stacked": True, "series": series}
