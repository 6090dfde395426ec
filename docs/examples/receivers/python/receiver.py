"""Takes pushes with Python's standard library: verifies both signatures, keeps each push once, answers, then works.

    APP_KEY=demoAppKey01 APP_SECRET=demoAppSecret01 PORT=9000 INBOX=inbox.sqlite python3 receiver.py

While a secret is changed over give both: APP_SECRET the new one, FORMER_SECRET the one before. Put TLS in front of it.
"""

import base64
import calendar
import hashlib
import hmac
import json
import os
import re
import sqlite3
import threading
import time
import traceback
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

APP_KEY = os.environ.get("APP_KEY", "demoAppKey01")
SECRET = os.environ.get("APP_SECRET", "demoAppSecret01")
SECRETS = [SECRET, os.environ.get("FORMER_SECRET") or SECRET]
PORT = int(os.environ.get("PORT", "9000"))
INBOX = os.environ.get("INBOX", "inbox.sqlite")
CLOCK_SECONDS = 300
MOST_BYTES = 1 << 20
FIELD = re.compile(r'(Username|PasswordDigest|Nonce|Created)="([^"]*)"')
arrived = threading.Event()


def same(one, other):
    """Compare in a time that does not tell how much is right."""
    return hmac.compare_digest(one.encode(), other.encode())


def is_signed_by_vendor_headers(headers, secret, now):
    """Check X-AKSK, or X-WSSE of the older form. It covers Nonce and Created, NOT the body."""
    header = headers.get("X-AKSK") or headers.get("X-WSSE") or ""
    given = dict(FIELD.findall(header))
    if len(given) != 4 or not same(given["Username"], APP_KEY):
        return False
    try:
        seconds = calendar.timegm(time.strptime(given["Created"], "%Y-%m-%dT%H:%M:%SZ"))  # UTC
    except ValueError:
        return False
    if abs(now - seconds) > CLOCK_SECONDS:
        return False
    text = given["Nonce"] + given["Created"]
    if headers.get("X-AKSK"):
        digest = hmac.digest(secret.encode(), text.encode(), "sha256")
    else:
        digest = hashlib.sha256((text + secret).encode()).digest()
    return same(given["PasswordDigest"], base64.b64encode(digest).decode())


def is_signed_by_webhook_headers(headers, body, secret, now):
    """Check webhook-signature over id, time and the body's bytes as they came: never over JSON written anew."""
    id, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not id or not (seconds.isascii() and seconds.isdigit()) or abs(now - int(seconds)) > CLOCK_SECONDS:
        return False
    digest = hmac.digest(webhook_key(secret), f"{id}.{seconds}.".encode() + body, "sha256")
    expected = "v1," + base64.b64encode(digest).decode()
    # One signature for each secret that is valid at the moment.
    return any(same(one, expected) for one in headers.get("webhook-signature", "").split(" "))


def webhook_key(secret):
    """Return what signs webhooks: the secret's bytes, or those behind whsec_ where it begins so."""
    return base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()


def is_genuine(headers, body):
    """Return whether both signatures are right, each under one of our secrets."""
    now = time.time()
    return any(is_signed_by_webhook_headers(headers, body, secret, now) for secret in SECRETS) and any(
        is_signed_by_vendor_headers(headers, secret, now) for secret in SECRETS
    )


def inbox():
    """Open the table of pushes. Its key is webhook-id, which stays the same over re-pushes and replays."""
    connection = sqlite3.connect(INBOX, timeout=5)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS push (id TEXT PRIMARY KEY, sequence INTEGER, body BLOB, done INTEGER)"
    )
    return connection


class Receiver(BaseHTTPRequestHandler):
    """Answers 200 once a push is kept on disk. Anything else, or nothing within 10 s, and it is sent again."""

    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_POST(self):
        """Take one push."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MOST_BYTES:
            self.close_connection = True
            return self.answer(413)
        body = self.rfile.read(int(length))
        if not is_genuine(self.headers, body):
            return self.answer(401)
        sequence = self.headers.get("X-Maskline-Sequence", "")
        try:
            with closing(inbox()) as connection, connection:
                row = (self.headers["webhook-id"], int(sequence) if sequence.isdecimal() else 0, body)
                connection.execute("INSERT OR IGNORE INTO push VALUES (?, ?, ?, 0)", row)
        except sqlite3.Error:
            return self.answer(503)  # it will come again
        self.answer(200)
        arrived.set()

    def answer(self, status):
        """Answer without a body."""
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *args):
        """Log no request line: it is yours to decide what may be written down."""


def work():
    """Do what pushes tell, one after another, apart from answering. A crash loses nothing: done is set last."""
    while True:
        arrived.wait(timeout=1)
        arrived.clear()
        try:
            with closing(inbox()) as connection:
                for push in connection.execute("SELECT id, body FROM push WHERE done = 0 ORDER BY rowid").fetchall():
                    work_on(connection, *push)
        except sqlite3.Error:
            traceback.print_exc()  # and again in a second


def work_on(connection, id, body):
    """Do what one push tells. What fails is not done: it is tried again in a second, and holds up no other."""
    try:
        print("push", id, json.loads(body).get("eventType", "sms"), flush=True)  # here: your own work
    except Exception:
        return traceback.print_exc()
    with connection:
        connection.execute("UPDATE push SET done = 1 WHERE id = ?", (id,))


def main():
    """Listen on this machine; a proxy with TLS stands in front."""
    inbox().close()
    threading.Thread(target=work, daemon=True).start()
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Receiver)
    print("listening on", server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
