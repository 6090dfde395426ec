"""AXB mode with Python's standard library: bind A and B, query, modify, unbind. Signed in generation 2 (AKSK).

    MASKLINE_URL=http://127.0.0.1:8000 APP_KEY=demoAppKey01 APP_SECRET=demoAppSecret01 python3 axb.py

Over https with a self-signed certificate: SSL_CERT_FILE=var/tls/certificate.pem MASKLINE_URL=https://127.0.0.1:8443
"""

import base64
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

BASE_URL = os.environ.get("MASKLINE_URL", "http://127.0.0.1:8000")
APP_KEY = os.environ.get("APP_KEY", "demoAppKey01")
APP_SECRET = os.environ.get("APP_SECRET", "demoAppSecret01")
A = os.environ.get("A_NUMBER", "+8613800010001")
B = os.environ.get("B_NUMBER", "+8613800010002")
ANOTHER_B = os.environ.get("OTHER_NUMBER", "+8613800010003")
X = os.environ.get("X_NUMBER", "")  # "": the platform selects one
AREA_CODE = os.environ.get("AREA_CODE", "0755")
URI = "/rest/caas/relationnumber/partners/v1.0"


def build_headers():
    """Sign: Base64(HMAC-SHA256(app_secret, Nonce + Created))."""
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    nonce = uuid.uuid4().hex
    digest = base64.b64encode(hmac.digest(APP_SECRET.encode(), (nonce + created).encode(), "sha256")).decode()
    return {
        "Content-Type": "application/json;charset=UTF-8",
        "Accept": "application/json",
        "Authorization": 'AKSK realm="SDP",profile="UsernameToken",type="Appkey"',
        "X-AKSK": f'UsernameToken Username="{APP_KEY}", PasswordDigest="{digest}", '
        f'Nonce="{nonce}", Created="{created}"',
    }


def call(method, *, query=None, body=None, expected="0"):
    """Send one request, print and return the answer; end the program when its result code is not the expected one."""
    url = BASE_URL + URI + ("?" + urllib.parse.urlencode(query) if query else "")
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data, build_headers(), method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            status, text = response.status, response.read()
    except urllib.error.HTTPError as error:  # 4xx and 5xx carry the same JSON
        status, text = error.code, error.read()
    print(method, URI, status, text.decode())
    answer = json.loads(text)
    if answer["resultcode"] != expected:
        sys.exit(f"expected the result code {expected}, got {answer['resultcode']} {answer['resultdesc']}")
    return answer


def main():
    """Bind, query, modify, unbind."""
    order = {"callerNum": A, "calleeNum": B, "callDirection": 0, "duration": 3600, "recordFlag": "false"}
    order |= {"relationNum": X} if X else {"areaCode": AREA_CODE, "areaMatchMode": "1"}
    bound = call("POST", body=order)
    binding = bound["subscriptionId"]

    found = call("GET", query={"subscriptionId": binding})
    if found["totalCount"] != 1 or found["relationNumList"][0]["relationNum"] != bound["relationNum"]:
        sys.exit("the query does not show the binding")
    # The same A cannot be bound twice on one X.
    call("POST", body={**order, "relationNum": bound["relationNum"]}, expected="1012010")

    call("PUT", body={"subscriptionId": binding, "calleeNum": ANOTHER_B, "duration": 7200})
    (changed,) = call("GET", query={"relationNum": bound["relationNum"], "callerNum": A})["relationNumList"]
    if (changed["calleeNum"], changed["duration"]) != (ANOTHER_B, 7200):
        sys.exit("the binding was not modified")

    call("DELETE", query={"subscriptionId": binding})
    call("GET", query={"subscriptionId": binding}, expected="1012007")


if __name__ == "__main__":
    main()
