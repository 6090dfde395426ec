"""X mode, where you keep the bindings yourself: there is nothing to bind. What every mode has stays: the address of a
recording, and ending a call. Python's standard library, signed in generation 2 (AKSK).

    MASKLINE_URL=http://127.0.0.1:8000 APP_KEY=demoAppKey05 APP_SECRET=demoAppSecret05 python3 x.py
    RECORD_FILE=1200_366_0_20161228102743.wav RECORD_DOMAIN=... SESSION_ID=... python3 x.py
"""

import base64
import hmac
import http.client
import json
import os
import sys
import time
import urllib.parse
import uuid

BASE_URL = os.environ.get("MASKLINE_URL", "http://127.0.0.1:8000")
APP_KEY = os.environ.get("APP_KEY", "demoAppKey05")
APP_SECRET = os.environ.get("APP_SECRET", "demoAppSecret05")
X = os.environ.get("X_NUMBER", "+8617100000001")
RECORD_FILE = os.environ.get("RECORD_FILE", "")  # recordObjectName and recordDomain of a CDR
RECORD_DOMAIN = os.environ.get("RECORD_DOMAIN", "")
SESSION_ID = os.environ.get("SESSION_ID", "")  # sessionId of a call that is going on
BINDINGS_URI = "/rest/caas/relationnumber/partners/v1.0"
RECORD_URI = "/rest/provision/voice/record/v1.0"
STOP_URI = "/rest/httpsessions/callStop/v2.0"


def build_headers():
    """Sign: Base64(HMAC-SHA256(app_secret, Nonce + Created))."""
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    nonce = uuid.uuid4().hex
    digest = base64.b64encode(hmac.digest(APP_SECRET.encode(), (nonce + created).encode(), "sha256")).decode()
    return {
        "Content-Type": "application/json;charset=UTF-8",
        "Authorization": 'AKSK realm="SDP",profile="UsernameToken",type="Appkey"',
        "X-AKSK": f'UsernameToken Username="{APP_KEY}",PasswordDigest="{digest}",Nonce="{nonce}",Created="{created}"',
    }


def call(method, uri, *, query=None, body=None):
    """Send one request, print the answer; return its HTTP status, its result code and the Location header."""
    address = urllib.parse.urlsplit(BASE_URL)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname, address.port, timeout=10)  # http.client follows no redirect, as it should be
    path = uri + ("?" + urllib.parse.urlencode(query) if query else "")
    connection.request(method, path, json.dumps(body) if body else None, build_headers())
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    print(method, uri, response.status, text)
    code = json.loads(text)["resultcode"] if text and response.status != 301 else ""
    return response.status, code, response.getheader("Location", "")


def check(what, got, expected):
    """End the program when something unexpected came."""
    if got != expected:
        sys.exit(f"{what}: expected {expected}, got {got}")


def main():
    """Ask for a recording, end a call; binding is refused."""
    check("a query of bindings", call("GET", BINDINGS_URI, query={"relationNum": X})[:2], (403, "1010040"))

    query = {"fileName": RECORD_FILE or "no-such-file.wav", "recordDomain": RECORD_DOMAIN or "no-such-domain"}
    status, code, location = call("GET", RECORD_URI, query=query)
    if RECORD_FILE:
        check("the address of a recording", status, 301)
        print("download it without any header from", location)
    else:
        check("an unknown recording", (status, code), (403, "1012007"))

    status, code, _ = call("POST", STOP_URI, body={"sessionid": SESSION_ID or "no-such-call", "signal": "call_stop"})
    check("ending a call", code, "0" if SESSION_ID else "1020152")


if __name__ == "__main__":
    main()
