"""What signs a push: the vendor's two forms and Standard Webhooks, against known vectors (reliability.md 1)."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from common.errors import BadInput
from notifications import signing

AT = datetime.fromtimestamp(1614265330, UTC)
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize(
    ("id", "body", "signature"),
    [
        ("msg_p5jXN8AQM9LWM0D4loKWxJek", '{"test": 2432232314}', "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ],
)
def test_standard_webhooks_signs_as_its_own_vector(id: str, body: str, signature: str) -> None:
    headers = signing.webhook_headers(id, AT, body.encode(), [signing.webhook_key(KEY)])
    assert headers == {"webhook-id": id, "webhook-timestamp": "1614265330", "webhook-signature": f"v1,{signature}"}


def test_during_a_rotation_both_keys_sign() -> None:
    keys = [signing.webhook_key(KEY), b"the-older-app-secret"]
    one, other = signing.webhook_headers("msg_1", AT, b"{}", keys)["webhook-signature"].split(" ")
    assert one != other
    expected = base64.b64encode(hmac.digest(keys[1], b"msg_1.1614265330.{}", hashlib.sha256)).decode()
    assert other == f"v1,{expected}"


def test_an_app_secret_is_its_own_key_and_libraries_take_it_too() -> None:
    assert signing.webhook_key("demoAppSecret01") == b"demoAppSecret01"
    assert signing.webhook_key(signing.webhook_secret("demoAppSecret01")) == b"demoAppSecret01"


@pytest.mark.parametrize("id", ["call.1", "msg_1.2", "消息"])
def test_an_id_that_could_be_read_in_two_ways_is_refused(id: str) -> None:
    with pytest.raises(BadInput):
        signing.webhook_headers(id, AT, b"{}", [b"key"])


def test_the_vendors_headers_carry_the_digest_of_either_form() -> None:
    raw = hmac.digest(b"secret-1", b"n0nce2021-02-25T15:02:10Z", hashlib.sha256)
    told = signing.vendor_headers("demoAppKey01", "secret-1", nonce="n0nce", at=AT, wsse=False)
    assert told == {
        "Authorization": 'AKSK realm="SDP",profile="UsernameToken",type="Appkey"',
        "X-AKSK": f'UsernameToken Username="demoAppKey01", PasswordDigest="{base64.b64encode(raw).decode()}", '
        'Nonce="n0nce", Created="2021-02-25T15:02:10Z"',
    }
    raw = hashlib.sha256(b"n0nce2021-02-25T15:02:10Zsecret-1").digest()
    told = signing.vendor_headers("demoAppKey01", "secret-1", nonce="n0nce", at=AT, wsse=True)
    assert told["Authorization"].startswith("WSSE ")
    assert f'PasswordDigest="{base64.b64encode(raw).decode()}"' in told["X-WSSE"]
