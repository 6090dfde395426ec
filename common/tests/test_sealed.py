from typing import Any

import pytest
from django.contrib.admin import AdminSite, ModelAdmin
from django.core.exceptions import FieldError, ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F, Q, Value
from django.test import RequestFactory
from django.test.utils import isolate_apps

from common.errors import BadInput, WrongKey
from common.keyring import keyring
from common.phone import PhoneNumberField, seal_number
from common.sealed import SealedBodyField, SealedTextField, open_text, seal_text
from common.tests.conftest import key_text

A, B, C = "+8613900000101", "+8613900000102", "10086"


def raw(column: str) -> list[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM common_secret ORDER BY id")
        return [bytes(value) for (value,) in cursor.fetchall()]


def under_the_old_key(text: str) -> bytes:
    """Return `text` as it was stored before the newest key came (bytes are taken as sealed)."""
    return keyring().seals(text.encode())[1]


def test_the_database_holds_no_plain_text(sealed_model: Any) -> None:
    sealed_model.objects.create(number=A, alias="driver", body=b'{"caller": "139"}')
    row = b"".join(raw("number") + raw("alias") + raw("body"))
    assert b"139" not in row and b"driver" not in row


def test_what_was_saved_is_read_again(sealed_model: Any) -> None:
    sealed_model.objects.create(number=" +86 139-0000-0101", alias="司机", body=b"\0\xff")
    row = sealed_model.objects.get()
    assert (row.number, row.alias, row.body) == (A, "司机", b"\0\xff")


def test_numbers_are_found_by_equality(sealed_model: Any) -> None:
    for number in (A, B, C):
        sealed_model.objects.create(number=number)
    rows = sealed_model.objects
    assert rows.get(number=A).number == A
    assert rows.get(number="+86 139 0000 0101").number == A
    assert rows.filter(number__in=[A, C, "absent"]).count() == 2
    assert rows.filter(number__in=[]).count() == 0
    assert rows.exclude(number=A).count() == 2
    assert rows.exclude(number__in={A, B}).get().number == C
    assert rows.filter(Q(number=A) | Q(number=B)).count() == 2
    assert rows.filter(alias=None).count() == rows.filter(alias__isnull=True).count() == 3


def test_what_could_not_be_stored_is_not_found(sealed_model: Any) -> None:
    sealed_model.objects.create(number=A)
    assert not sealed_model.objects.filter(number="1" * 33).exists()
    assert not sealed_model.objects.filter(alias__in=["too long to be one"]).exists()
    assert sealed_model.objects.exclude(number="1" * 33).count() == 1


def test_values_and_expressions_come_back_plain(sealed_model: Any) -> None:
    sealed_model.objects.create(number=C, alias=C)
    rows = sealed_model.objects
    assert list(rows.values_list("number", flat=True)) == [C]
    assert rows.annotate(same=F("number")).get().same == C
    assert rows.filter(number=F("alias")).exists()
    assert rows.filter(alias__in=rows.values("number")).exists()
    rows.update(alias=F("number"))
    rows.update(number=Value(B, output_field=PhoneNumberField()))
    assert list(rows.values_list("number", "alias")) == [(B, C)]


def test_rows_are_written_in_bulk(sealed_model: Any) -> None:
    rows = [sealed_model(number=number, body=b"x") for number in (A, B)]
    sealed_model.objects.bulk_create(rows)
    for row in rows:
        row.alias = "new"
        row.body = b"y"
    sealed_model.objects.bulk_update(rows, ["alias", "body"])
    assert {(row.alias, row.body) for row in sealed_model.objects.all()} == {("new", b"y")}


def test_a_copied_value_is_a_saved_value(sealed_model: Any) -> None:
    sealed_model.objects.create(number=A)
    assert raw("number") == [seal_text(A)] == [seal_number(A)] == [seal_number(f" {A}")]
    assert open_text(memoryview(seal_text(A))) == A


@pytest.mark.parametrize("lookup", ["contains", "startswith", "iexact", "gt", "lt", "range", "regex", "length"])
def test_no_other_lookup_is_allowed(sealed_model: Any, lookup: str) -> None:
    for name in ("number", "alias", "body"):
        with pytest.raises(FieldError, match="Unsupported lookup"):
            sealed_model.objects.filter(**{f"{name}__{lookup}": "1"})


def test_a_body_cannot_be_searched(sealed_model: Any) -> None:
    with pytest.raises(FieldError):
        sealed_model.objects.filter(body=b"x")
    assert sealed_model.objects.filter(body__isnull=True).count() == 0


def test_search_finds_what_is_under_each_live_key(sealed_model: Any, two_keys: None) -> None:
    sealed_model.objects.create(number=under_the_old_key(A))
    sealed_model.objects.create(number=B)
    assert [value[1:3] for value in raw("number")] == [b"t1", b"ne"]
    assert sealed_model.objects.get(number=A).number == A
    assert sealed_model.objects.filter(number__in=[A, B]).count() == 2
    assert sealed_model.objects.exclude(number=A).get().number == B


def test_a_unique_number_is_checked_under_each_live_key(sealed_model: Any, two_keys: None) -> None:
    sealed_model.objects.create(number=under_the_old_key(A))
    with pytest.raises(ValidationError, match="already exists"):
        sealed_model(number=A).full_clean()


def test_the_same_number_twice_breaks_the_unique_index(sealed_model: Any) -> None:
    sealed_model.objects.create(number=A)
    with pytest.raises(IntegrityError), transaction.atomic():
        sealed_model.objects.create(number=A)


def test_a_wrong_key_is_named_when_a_row_is_read(sealed_model: Any, settings: Any) -> None:
    sealed_model.objects.create(number=A, body=b"x")
    settings.MASKLINE_DATA_KEY = key_text("other", 3)
    for column in ("number", "body"):
        with pytest.raises(WrongKey, match='the key "t1", which MASKLINE_DATA_KEY does not hold'):
            sealed_model.objects.values_list(column).get()


def test_the_length_of_the_plain_text_is_limited(sealed_model: Any) -> None:
    with pytest.raises(BadInput, match="alias: longer than 8 characters"), transaction.atomic():
        sealed_model.objects.create(number=A, alias="123456789")
    with pytest.raises(ValidationError, match="at most 8 characters"):
        sealed_model(number=A, alias="123456789").full_clean()
    with pytest.raises(ValidationError, match="longer than 32"):
        sealed_model(number="1" * 33).full_clean()


def test_an_empty_form_field_is_null(sealed_model: Any) -> None:
    assert sealed_model._meta.get_field("alias").formfield().clean("") is None


def test_migrations_see_no_change() -> None:
    for field in (PhoneNumberField(null=True), SealedTextField(max_length=8), SealedBodyField()):
        _, path, args, kwargs = field.deconstruct()
        assert path.startswith("common.")
        clone = type(field)(*args, **kwargs)
        assert clone.deconstruct()[1:] == field.deconstruct()[1:]
        assert clone.db_type(connection) == "bytea"


def test_ordering_by_ciphertext_is_refused() -> None:
    with isolate_apps("common"):

        class Sorted(models.Model):
            number = PhoneNumberField()

            class Meta:
                app_label = "common"
                ordering = ["-number"]

        assert [error.id for error in Sorted.check()] == ["maskline.E092"]


def test_the_admins_search_finds_a_number(sealed_model: Any, rf: RequestFactory) -> None:
    class Numbers(ModelAdmin):  # type: ignore[type-arg]
        search_fields = ("number__exact", "alias__exact")

    sealed_model.objects.create(number=A)
    sealed_model.objects.create(number=B)
    rows, _ = Numbers(sealed_model, AdminSite()).get_search_results(rf.get("/"), sealed_model.objects.all(), A)
    assert [row.number for row in rows] == [A]
