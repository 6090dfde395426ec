"""Bindings: made, modified, ended, found. Rules are held by the database (docs/decisions.md)."""

from privacy.bindings.changing import modify
from privacy.bindings.ending import end, end_expired, end_number
from privacy.bindings.finding import by_extension, find, holding_at, of_party, on_number, probe, yb_of
from privacy.bindings.forgetting import forget_released
from privacy.bindings.live import live_calls
from privacy.bindings.making import bind
from privacy.bindings.orders import Actor, BindOrder, ModifyOrder
from privacy.bindings.problems import (
    BindingRefused,
    ExtensionTaken,
    NoneLeft,
    NoSuchBinding,
    NotYourNumber,
    NumberFrozen,
    NumberFull,
    NumberTaken,
    NumberUnusable,
    OwnNumber,
    PartyBound,
    TooManyNumbers,
)
from privacy.bindings.relations import bind_yb, set_temporary_callee

__all__ = [
    "Actor",
    "BindOrder",
    "BindingRefused",
    "ExtensionTaken",
    "ModifyOrder",
    "NoSuchBinding",
    "NoneLeft",
    "NotYourNumber",
    "NumberFrozen",
    "NumberFull",
    "NumberTaken",
    "NumberUnusable",
    "OwnNumber",
    "PartyBound",
    "TooManyNumbers",
    "bind",
    "bind_yb",
    "by_extension",
    "end",
    "end_expired",
    "end_number",
    "find",
    "forget_released",
    "holding_at",
    "live_calls",
    "modify",
    "of_party",
    "on_number",
    "probe",
    "set_temporary_callee",
    "yb_of",
]
