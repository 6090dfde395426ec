"""The smallest switch: asks where a call goes, "plays" it, reports it with a CDR, and obeys stop orders.

MASKLINE_URL=http://127.0.0.1:8000 SWITCH_KEY=switch1 SWITCH_SECRET=... python3 switch.py X CALLER [DIGITS]
"""

import base64
import hmac
import json
import os
import secrets
import sys
import time
import urllib.request

URL = os.environ.get("MASKLINE_URL", "http://127.0.0.1:8000")
KEY, SECRET = os.environ.get("SWITCH_KEY", "switch1"), os.environ.get("SWITCH_SECRET", "switch1Secret")


def send(path, body=None):
    """Send a signed request, a POST when there is a body; return the JSON of the answer."""
    nonce, created = secrets.token_hex(16), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    digest = base64.b64encode(hmac.digest(SECRET.encode(), (nonce + created).encode(), "sha256")).decode()
    token = f'UsernameToken Username="{KEY}",PasswordDigest="{digest}",Nonce="{nonce}",Created="{created}"'
    headers = {"Authorization": 'AKSK realm="SDP",profile="UsernameToken",type="Appkey"', "X-AKSK": token}
    content = None if body is None else json.dumps(body).encode()
    answer = json.load(urllib.request.urlopen(urllib.request.Request(URL + path, content, headers), timeout=10))
    print(json.dumps(answer))
    return answer


def clock():
    """Return the time as CDRs have it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())


x, caller, *digits = sys.argv[1:]
asked = {"session_id": f"{secrets.token_hex(8)}@switch.example", "x": x, "caller": caller}
came_in = clock()
call = send("/switch/v1/calls", asked)
if call["decision"] == "collect":  # a media server takes that many digits from the caller
    call = send("/switch/v1/calls", {**asked, "digits": "".join(digits)[: call["digits"]]})

fee = {"icid": secrets.token_hex(16), "sessionId": call["session_id"], "appKey": call["app_key"], "spId": "-"}
fee |= {"bindNum": call["x"], "callerNum": call["caller"], "calleeNum": call["x"], "callInTime": came_in}
fee |= {"direction": call["direction"], "serviceType": call["service_type"], "extendNum": call["extension"]}
fee |= {"subscriptionId": call["subscription_id"], "userData": call["user_data"], "ulFailReason": call["state_code"]}
if call["decision"] == "connect":  # here it dials call["callee"], who sees call["display"] and answers at once
    fee |= {"fwdDisplayNum": call["display"], "fwdDstNum": call["callee"], "fwdAnswerTime": clock()}
else:  # here it plays call["voice"], if there is one
    fee |= {"failTime": clock()}
send("/upstream/v1/notifications", {"eventType": "fee", "feeLst": [fee | {"callEndTime": clock()}]})

orders = send("/switch/v1/stops")["stops"]  # every second: hang these calls up, then say that it was done
send("/switch/v1/stops", {"ids": [order["id"] for order in orders]})
