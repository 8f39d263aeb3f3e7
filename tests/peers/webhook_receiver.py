"""A receiver of webhooks that checks signatures by Python's own libraries. Usage: webhook_receiver.py PORT FOLDER SECRET

Each message that holds becomes a line of FOLDER/heard: {"id", "body"}. One that does not is answered 401, and its reason becomes a line of
FOLDER/wrong. FOLDER/status holds what messages are answered instead of 204, without being heard; FOLDER/asked counts all requests, a line each.
It ends when its standard input closes.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

port, folder, secret = int(sys.argv[1]), sys.argv[2], sys.argv[3]
key = base64.b64decode(secret.removeprefix("whsec_"))


def write(name, line):
    with open(os.path.join(folder, name), "a", encoding="utf-8") as file:
        file.write(line + "\n")


def status():
    try:
        with open(os.path.join(folder, "status"), encoding="ascii") as file:
            return int(file.read())
    except FileNotFoundError:
        return 204


def fault(headers, body):
    """Why a message does not hold, as https://www.standardwebhooks.com has it."""
    at = headers["webhook-timestamp"]
    if not at or abs(time.time() - int(at)) > 300:
        return f"the time {at}"
    signed = f"{headers['webhook-id']}.{at}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    if not any(hmac.compare_digest(expected, one) for one in headers["webhook-signature"].split()):
        return f"the signature {headers['webhook-signature']}"
    return None


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        write("asked", self.path)
        answer, wrong = status(), fault(self.headers, body)
        if wrong:
            answer = 401
            write("wrong", wrong)
        elif answer == 204:
            write("heard", json.dumps({"id": self.headers["webhook-id"], "body": json.loads(body)}))
        self.send_response(answer)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", port), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
