"""Filters for the pages of risk control."""

from django import template

from privacy.control import words
from privacy.models import RiskRule

register = template.Library()


@register.filter
def rule_words(rule: RiskRule) -> str:
    """Return what a rule says."""
    return words.of_rule(rule)


@register.filter
def rule_name(rule: str) -> str:
    """Return the name of a rule in words, as a decision keeps it."""
    return str(words.RULES.get(rule, rule))
