"""AX mode with Python's standard library: bind A, query, set a temporary callee, modify, unbind. Signed in
generation 1 (WSSE).

    MASKLINE_URL=http://127.0.0.1:8000 APP_KEY=demoAppKey02 APP_SECRET=demoAppSecret02 python3 ax.py
"""

import base64
import hashlib
import http.client
import json
import os
import sys
import time
import urllib.parse
import uuid

BASE_URL = os.environ.get("MASKLINE_URL", "http://127.0.0.1:8000")
APP_KEY = os.environ.get("APP_KEY", "demoAppKey02")
APP_SECRET = os.environ.get("APP_SECRET", "demoAppSecret02")
A = os.environ.get("A_NUMBER", "+8613800010001")
CALLEE = os.environ.get("B_NUMBER", "+8613800010002")
X = os.environ.get("X_NUMBER", "")  # "": the platform selects one
AREA_CODE = os.environ.get("AREA_CODE", "0571")
URI = "/rest/provision/caas/privatenumber/v1.0"
CALLEE_URI = "/rest/caas/privatenumber/calleenumber/v1.0"


def build_headers():
    """Sign: Base64(SHA-256(Nonce + Created + app_secret))."""
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    nonce = uuid.uuid4().hex
    digest = base64.b64encode(hashlib.sha256((nonce + created + APP_SECRET).encode()).digest()).decode()
    return {
        "Content-Type": "application/json;charset=UTF-8",
        "Authorization": 'WSSE realm="SDP",profile="UsernameToken",type="Appkey"',
        "X-WSSE": f'UsernameToken Username="{APP_KEY}",PasswordDigest="{digest}",Nonce="{nonce}",Created="{created}"',
    }


def call(method, uri, *, query=None, body=None, expected="0"):
    """Send one request, print and return the answer; end the program when its result code is not the expected one."""
    address = urllib.parse.urlsplit(BASE_URL)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname, address.port, timeout=10)
    path = uri + ("?" + urllib.parse.urlencode(query) if query else "")
    connection.request(method, path, json.dumps(body) if body else None, build_headers())
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    print(method, uri, response.status, text)
    answer = json.loads(text)
    if answer["resultcode"] != expected:
        sys.exit(f"expected the result code {expected}, got {answer['resultcode']} {answer['resultdesc']}")
    return answer


def main():
    """Bind, query, temporary callee, modify, unbind."""
    order = {"origNum": A, "calleeNumDisplay": "0", "privateSms": "true", "recordFlag": "false"}
    if X:
        order["privateNum"] = X
    else:
        order |= {"privateNumType": "mobile-virtual", "areaCode": AREA_CODE, "areaMatchMode": "1"}
    bound = call("POST", URI, body=order)
    binding, number = bound["subscriptionId"], bound["privateNum"]

    (found,) = call("GET", URI, query={"privateNum": number})["privateNumList"]
    if (found["origNum"], found["subscriptionId"]) != (A, binding):
        sys.exit("the query does not show the binding")

    # Whom A reaches when he calls X within the next five minutes.
    call("PUT", CALLEE_URI, body={"privateNum": number, "calleeNum": CALLEE, "duration": 300})

    call("PUT", URI, body={"subscriptionId": binding, "calleeNumDisplay": "1", "maxDuration": 30})
    (changed,) = call("GET", URI, query={"subscriptionId": binding})["privateNumList"]
    if (changed["calleeNumDisplay"], changed["maxDuration"]) != ("1", 30):
        sys.exit("the binding was not modified")

    call("DELETE", URI, query={"origNum": A, "privateNum": number})
    call("GET", URI, query={"subscriptionId": binding}, expected="1016001")


if __name__ == "__main__":
    main()
