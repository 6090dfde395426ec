"""The quarantine and upstreams pages: what they show, to whom, and what a person can do there."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry
from accounts.tests.fixtures import *  # noqa: F403
from billing.models import Tariff
from privacy.models import Call, Quarantined
from privacy.tests import wires
from privacy.tests.deliveries import deliver, deliver_fees

pytestmark = pytest.mark.django_db
REAL = ["13900000101", "13900000202"]


@pytest.fixture
def waiting(acme, switch1) -> list[Quarantined]:
    """A contradiction, a call without end, and two for an unknown application."""
    deliver_fees(switch1, wires.fee("a"))
    deliver_fees(
        switch1,
        wires.fee("a", callEndTime="2026-03-01 02:09:00"),
        wires.fee("b", callEndTime=..., userData="his name", strange="+8613900000303"),
        *[wires.fee(f"c{n}", appKey="corpAppKey01") for n in range(2)],
    )
    return list(Quarantined.objects.all())


def page(user, client: Client, name: str, *args, **query) -> str:
    """Return the text of a page."""
    client.force_login(user)
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def test_groups_show_count_and_what_is_at_stake(client, waiting, finance):
    Tariff.objects.create(item="call", price="0.06", valid_from=datetime(2026, 1, 1, tzinfo=UTC))
    text = page(finance, client, "quarantine")
    assert "No application is known by its app_key" in text
    assert "A stored record has the same id and other content" in text
    assert "0.36 CNY" in text  # 6 minutes of the contradiction


def test_a_quiet_house_says_that_nothing_waits(client, finance):
    assert "Nothing waits" in page(finance, client, "quarantine")


def test_an_item_is_masked_and_lies_beside_the_stored_record(client, waiting, support):
    row = next(row for row in waiting if row.conflicts_with)
    text = page(support, client, "quarantined", row.pk)
    assert not any(number in text for number in REAL)
    assert wires.X in text
    assert "2026-03-01 02:09:00" in text
    assert "2026-03-01 02:05:00" in text
    assert text.count("differs") == 1


def test_what_differs_is_marked_beside_the_name_of_its_field(client, waiting, support):
    row = next(row for row in waiting if row.conflicts_with)
    rows = page(support, client, "quarantined", row.pk).split("<tbody>")[1].split("</tbody>")[0].split("<tr")[1:]
    marked = [one for one in rows if "background" in one]
    assert len(marked) == 1
    assert "callEndTime" in marked[0].split("</td>")[0]
    assert "differs" in marked[0].split("</td>")[0]
    # Long ids break in their cells instead of pushing the other side out of sight.
    assert all(one.count("mk-break") == 2 for one in rows)


def test_unknown_fields_and_texts_are_hidden_until_revealed(client, waiting, support):
    row = next(row for row in waiting if row.field == "callEndTime")
    masked = page(support, client, "quarantined", row.pk)
    assert "13900000303" not in masked
    assert "his name" not in masked
    response = client.post(reverse("reveal_quarantined", args=[row.pk]), {"reason": "ticket 4711"})
    shown = response.content.decode()
    assert "+8613900000303" in shown
    assert "his name" in shown
    assert "no-store" in response["Cache-Control"]
    assert AuditEntry.objects.get().action == "reveal"


def test_a_group_is_corrected_after_a_preview_with_a_reason(client, waiting, finance):
    client.force_login(finance)
    group = {"reason_code": "unknown_application", "kind": 1, "field": "appKey"}
    assert page(finance, client, "quarantine_group", **group).count('name="id"') == 2
    form = {**group, "action": "correct", "whole_group": 1, "field0": "appKey", "value0": wires.APP_KEY}
    preview = client.post(reverse("quarantine_preview"), form)
    assert preview.context["leaves"] == 2
    assert Call.objects.count() == 1
    confirm = {key: form[key] for key in ("action", "field0", "value0")} | {"ids": preview.context["ids"]}
    client.post(reverse("quarantine_apply"), {**confirm, "reason": ""})
    assert Call.objects.count() == 1
    client.post(reverse("quarantine_apply"), {**confirm, "reason": "a typo of theirs"})
    assert Call.objects.count() == 3
    assert AuditEntry.objects.get().reason == "a typo of theirs"


def test_a_preview_counts_the_units_of_the_corrected_record(client, waiting, finance):
    client.force_login(finance)
    row = next(row for row in waiting if row.field == "callEndTime" and not row.conflicts_with)
    form = {"action": "correct", "id": row.pk, "field0": "callEndTime", "value0": "2026-03-01 02:09:00"}
    preview = client.post(reverse("quarantine_preview"), form)
    assert row.units_at_stake == 0
    assert (preview.context["leaves"], preview.context["units"]) == (1, 6)


def test_a_preview_that_would_store_nothing_has_no_button_to_store(client, waiting, finance):
    client.force_login(finance)
    row = next(row for row in waiting if row.field == "appKey")
    form = {"action": "correct", "id": row.pk, "field0": "appKey", "value0": "corpAppKey02"}
    preview = client.post(reverse("quarantine_preview"), form).content.decode()
    assert reverse("quarantine_apply") not in preview
    assert "Leave everything as it is" in preview


def test_the_pages_say_that_wire_times_are_utc(client, waiting, finance):
    row = next(row for row in waiting if row.conflicts_with)
    text = page(finance, client, "quarantined", row.pk)
    assert "Times in this table are UTC, as sent." in text
    assert "Write times in UTC" in text
    form = {"action": "correct", "id": row.pk, "field0": "callEndTime", "value0": "2026-03-01 02:05:00"}
    assert "Times written here are UTC." in client.post(reverse("quarantine_preview"), form).content.decode()


def test_one_item_is_discarded(client, waiting, operator):
    client.force_login(operator)
    row = next(row for row in waiting if row.conflicts_with)
    preview = client.post(reverse("quarantine_preview"), {"action": "discard", "id": row.pk})
    assert preview.context["leaves"] == 1
    client.post(reverse("quarantine_apply"), {"action": "discard", "ids": str(row.pk), "reason": "theirs is wrong"})
    row.refresh_from_db()
    assert (row.state, row.resolved_by) == ("discarded", "operator")


def test_the_audit_trail_knows_from_where_and_whose_records_were_settled(client, waiting, acme, operator):
    client.force_login(operator)
    mine = next(row for row in waiting if row.conflicts_with)
    ended = next(row for row in waiting if row.field == "callEndTime" and not row.conflicts_with)
    reason = {"reason": "ticket 4711"}
    client.post(reverse("quarantine_apply"), {"action": "discard", "ids": str(mine.pk), **reason})
    change = {"field0": "callEndTime", "value0": "2026-03-01 02:05:00"}
    client.post(reverse("quarantine_apply"), {"action": "correct", "ids": str(ended.pk), **change, **reason})
    found = AuditEntry.objects.values_list("action", "account", "address")
    assert set(found) == {
        ("quarantine.discard", mine.account_id, "127.0.0.1"),
        ("quarantine.correct", ended.account_id, "127.0.0.1"),
    }
    assert mine.account_id == acme.account.pk


@pytest.mark.parametrize("year", ["9999", "0001"])
def test_a_time_no_zone_can_show_breaks_no_page(client, acme, switch1, operator, year):
    times = {"callInTime": f"{year}-12-31 23:59:59" if year == "9999" else f"{year}-01-01 00:00:00"}
    deliver_fees(switch1, wires.unanswered(**times))
    row = Quarantined.objects.get()
    assert row.occurred_at is None
    group = {"reason_code": row.reason, "kind": 1, "field": row.field}
    assert row.field in page(operator, client, "quarantine_group", **group)
    assert year in page(operator, client, "quarantined", row.pk)


def test_an_event_type_taken_away_stays_and_says_so(client, acme, switch1, finance):
    deliver(switch1, wires.event(timestamp="never"))
    client.force_login(finance)
    form = {"action": "correct", "id": Quarantined.objects.get().pk, "field0": "eventType", "value0": ""}
    preview = client.post(reverse("quarantine_preview"), form)
    assert (preview.status_code, preview.context["leaves"]) == (200, 0)


def test_support_looks_but_does_not_correct(client, waiting, support):
    client.force_login(support)
    assert "Preview" not in page(support, client, "quarantined", waiting[0].pk)
    form = {"action": "discard", "ids": str(waiting[0].pk), "reason": "no"}
    assert client.post(reverse("quarantine_apply"), form).status_code == 403


def test_a_customer_sees_only_his_own(client, waiting, customer, bolt, switch1):
    deliver_fees(switch1, wires.fee("x", appKey="boltAppKey01"))
    foreign = Quarantined.objects.get(account=bolt.account)
    assert client.get(reverse("quarantined", args=[foreign.pk])).status_code == 302
    client.force_login(customer)
    assert client.get(reverse("quarantined", args=[foreign.pk])).status_code == 404
    assert client.get(reverse("upstreams")).status_code == 403
    assert page(customer, client, "quarantine").count("quarantine/group/") == 1


@pytest.mark.parametrize("query", [{}, {"reason_code": "x", "kind": 1}, {"reason_code": "bad_time", "kind": "a"}])
def test_a_group_that_cannot_be_is_not_found(client, operator, query):
    client.force_login(operator)
    assert client.get(reverse("quarantine_group"), query).status_code == 404


def test_the_upstreams_page_says_how_far_records_have_come(client, waiting, operator):
    text = page(operator, client, "upstreams")
    assert "switch1" in text
    assert "Complete to" in text
