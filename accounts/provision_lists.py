"""What a provision file may say: its lists, their keys, and the default of each field. Pure.

The names are fixed by the file format (docs/operations.md, "Provision file").
"""

from decimal import Decimal

from accounts.provision_file import Field, Listing
from accounts.provision_values import (
    addresses,
    amount,
    area_code,
    cities,
    code,
    codes,
    contacts,
    currency,
    flag,
    hosts,
    instant,
    key,
    month,
    number,
    one_of,
    secret,
    tags,
    text,
    url,
    whole,
    zone,
)

MOST_UNITS = 2_147_483_647

TOPUP = Listing({"amount": Field(amount, required=True), "reference": Field(text(64), required=True)})

VENDOR_APPLICATION = Listing(
    {
        "app_key": Field(key, required=True),
        "app_secret": Field(secret),
        "application": Field(key, required=True),
    },
    key=("app_key",),
)

LISTS: dict[str, Listing] = {
    "accounts": Listing(
        {
            "code": Field(code, required=True),
            "name": Field(text(128)),
            "time_zone": Field(zone, "Asia/Shanghai"),
            "currency": Field(currency, "CNY"),
            "credit_limit": Field(amount, Decimal(0)),
            "low_balance": Field(amount, Decimal(100)),
            "contacts": Field(contacts, []),
            "topup": Field(one=TOPUP),
        },
        key=("code",),
    ),
    "upstreams": Listing(
        {
            "code": Field(code, required=True),
            "key": Field(key),
            "secret": Field(secret),
            "allowed_ips": Field(addresses, []),
            "accounts": Field(codes),
            "recording_hosts": Field(hosts, []),
            "stop_url": Field(url),
            "applications": Field(default=[], many=VENDOR_APPLICATION),
        },
        key=("code",),
    ),
    "applications": Listing(
        {
            "account": Field(code),
            "app_key": Field(key, required=True),
            "app_secret": Field(secret),
            "name": Field(text(128)),
            "mode": Field(one_of("AX", "AXB", "AXE", "AXYB", "X"), "AXB"),
            "state": Field(one_of("active", "suspended"), "active"),
            "call_status_url": Field(url),
            "callin_url": Field(url),
            "cdr_url": Field(url),
            "sms_url": Field(url),
            "sms_control_url": Field(url),
            "number_status_url": Field(url),
            "recording": Field(flag, True),
            "sms": Field(flag, True),
            "keep_sms_content": Field(flag, False),
            "push_number_status": Field(flag, True),
            "wsse_pushes": Field(flag, False),
            "lenient_headers": Field(flag, False),
            "strict_nonces": Field(flag, False),
            "allowed_ips": Field(addresses, []),
            "extension_digits": Field(whole(1, 4), 4),
            "cool_down_hours": Field(whole(0, 8760), 24),
            "pair_preference": Field(one_of("none", "same", "other"), "none"),
            "fallback_cities": Field(cities, []),
            "require_content_digest": Field(flag, False),
            "tags": Field(tags, {}),
            "no_permission_voice": Field(text(128)),
            "abnormal_voice": Field(text(128)),
        },
        key=("app_key",),
    ),
    "numbers": Listing(
        {
            "number": Field(number, required=True),
            "application": Field(key),
            "area_code": Field(area_code, ""),
            "kind": Field(one_of("virtual", "carrier"), "virtual"),
            "sms": Field(flag, True),
            "issued_at": Field(instant),
            "rental_from": Field(month),
            "upstream": Field(code),
            "transfer": Field(flag, False),
        },
        key=("number",),
    ),
    "tariffs": Listing(
        {
            "item": Field(one_of("call", "sms", "rental"), required=True),
            "number_kind": Field(one_of("virtual", "carrier", "any"), "any"),
            "price": Field(amount),
            "currency": Field(currency, "CNY"),
            "account": Field(code),
            "valid_from": Field(instant, required=True),
            "valid_to": Field(instant),
        },
        key=("item", "number_kind", "account", "currency", "valid_from"),
    ),
    "packages": Listing(
        {
            "code": Field(code, required=True),
            "name": Field(text(128)),
            "minutes": Field(whole(0, MOST_UNITS), 0),
            "messages": Field(whole(0, MOST_UNITS), 0),
            "price": Field(amount),
            "currency": Field(currency, "CNY"),
            "months": Field(whole(1, 1200), 12),
        },
        key=("code",),
    ),
    "purchases": Listing(
        {
            "account": Field(code, required=True),
            "package": Field(code),
            "reference": Field(text(64), required=True),
            "purchased_at": Field(instant),
            "starts_at": Field(instant),
            "ends_at": Field(instant),
            "minutes": Field(whole(0, MOST_UNITS)),
            "messages": Field(whole(0, MOST_UNITS)),
            "priority": Field(whole(-32768, 32767), 100),
            "charge": Field(flag, True),
            "override": Field(flag, False),
        },
        key=("account", "reference"),
    ),
    "bindings": Listing(
        {
            "subscription_id": Field(text(64), required=True),
            "application": Field(key, required=True),
            "kind": Field(one_of("AX", "AXB", "AXE", "AXYB", "YB")),
            "number": Field(number),
            "a": Field(text(32)),
            "b": Field(text(32)),
            "extension": Field(text(4)),
            "valid_from": Field(instant),
            "valid_to": Field(instant),
        },
        key=("application", "subscription_id"),
    ),
}
