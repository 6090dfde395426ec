"""AXE mode with Python's standard library: bind A to an extension of X, query, modify, unbind. Signed in generation 2.

MASKLINE_URL=http://127.0.0.1:8000 APP_KEY=demoAppKey03 APP_SECRET=demoAppSecret03 python3 axe.py
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
APP_KEY = os.environ.get("APP_KEY", "demoAppKey03")
APP_SECRET = os.environ.get("APP_SECRET", "demoAppSecret03")
A = os.environ.get("A_NUMBER", "+8613800010001")
CALLBACK = os.environ.get("B_NUMBER", "+8613800010002")
X = os.environ.get("X_NUMBER", "")  # "": the platform selects one
AREA_CODE = os.environ.get("AREA_CODE", "010")
URI = "/rest/caas/extendnumber/v1.0"


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
    order = {"bindNum": A, "displayNumMode": "0", "timeUnit": "0", "bindExpiredTime": 24}
    order |= {"virtualNum": X} if X else {"areaCode": AREA_CODE, "areaMatchMode": "1"}
    bound = call("POST", body=order)
    number, extension = bound["virtualNum"], bound["extendNum"]

    found = call("GET", query={"virtualNum": number, "extendNum": extension})
    if (found["bindNum"], found["subscriptionId"]) != (A, bound["subscriptionId"]):
        sys.exit("the query does not show the binding")
    # An extension is given once.
    taken = {"bindNum": CALLBACK, "virtualNum": number, "extendNum": extension}
    call("POST", body=taken, expected="1020167")

    call("PUT", body={"subscriptionId": bound["subscriptionId"], "callbackNum": CALLBACK, "displayNumMode": "1"})
    changed = call("GET", query={"subscriptionId": bound["subscriptionId"]})
    if (changed["callbackNum"], changed["displayNumMode"]) != (CALLBACK, "1"):
        sys.exit("the binding was not modified")

    call("DELETE", query={"virtualNum": number, "extendNum": extension})
    call("DELETE", query={"subscriptionId": bound["subscriptionId"]}, expected=GONE)


# What is unbound already cannot be unbound again.
GONE = "1012001"

if __name__ == "__main__":
    main()
