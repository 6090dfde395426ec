"""AXYB mode with Python's standard library: bind A to X, then B to a Y of that X, query, unbind B, unbind A. Signed
in generation 1 (WSSE). This mode has no modify.

    MASKLINE_URL=http://127.0.0.1:8000 APP_KEY=demoAppKey04 APP_SECRET=demoAppSecret04 python3 axyb.py
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
APP_KEY = os.environ.get("APP_KEY", "demoAppKey04")
APP_SECRET = os.environ.get("APP_SECRET", "demoAppSecret04")
A = os.environ.get("A_NUMBER", "+8613800010001")
B = os.environ.get("B_NUMBER", "+8613800010002")
AREA_CODE = os.environ.get("AREA_CODE", "020")
URI = "/rest/omp/xyrelationnumber/v1.0"


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


def call(method, *, query=None, body=None):
    """Send one request, print and return the answer. Every request of this mode carries app_key in the query."""
    address = urllib.parse.urlsplit(BASE_URL)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname, address.port, timeout=10)
    path = URI + "?" + urllib.parse.urlencode({"app_key": APP_KEY, **(query or {})})
    connection.request(method, path, json.dumps(body) if body else None, build_headers())
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    print(method, URI, response.status, text)
    return json.loads(text)


def good(answer):
    """Return the answer; end the program when it is a refusal."""
    if answer["resultcode"] != "0":
        sys.exit(f"refused: {answer['resultcode']} {answer['resultdesc']}")
    return answer


def main():
    """Bind AX and YB, query, unbind YB, unbind AX."""
    order = {"origNum": A, "areaCode": AREA_CODE, "areaMatchMode": "1", "callDirection": 0, "duration": 7200}
    ax = good(call("POST", body=order))
    binding, x = ax["subscriptionId"], ax["relationNumber"]
    yb = good(call("POST", body={"origNum": B, "subscriptionId": binding, "areaCode": AREA_CODE, "areaMatchMode": "1"}))
    y = yb["relationNumber"]
    if x == y:
        sys.exit("X and Y are the same number")

    found = good(call("GET", query={"relationNum": x}))["xyRelationNumList"]
    if not any((row["numA"], row["numX"], row["numY"], row["numB"]) == (A, x, y, B) for row in found):
        sys.exit("the query does not show A, X, Y and B")

    good(call("DELETE", query={"subscriptionId": binding, "yNum": y}))
    good(call("DELETE", query={"subscriptionId": binding}))
    if call("GET", query={"subscriptionId": binding})["resultcode"] == "0":
        sys.exit("the binding is still there")


if __name__ == "__main__":
    main()
