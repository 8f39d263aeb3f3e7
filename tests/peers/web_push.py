"""A browser and its push service (RFC 8291, RFC 8292), by libraries that nobody here wrote.

    web_push.py PRIVATE-KEY AUTH BODY AUTHORIZATION    reads a message, and prints what it says and who sends it as JSON

Keys and body are base64url.
"""

import base64
import json
import sys

import http_ece
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils


def read(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


private, auth, body, authorization = sys.argv[1:]
key = ec.derive_private_key(int.from_bytes(read(private), "big"), ec.SECP256R1())
plain = http_ece.decrypt(read(body), private_key=key, auth_secret=read(auth), version="aes128gcm")

scheme, parameters = authorization.split(" ", 1)
assert scheme == "vapid", scheme
fields = dict(part.strip().split("=", 1) for part in parameters.split(","))
head, claims, signature = fields["t"].split(".")
r, s = (int.from_bytes(half, "big") for half in (read(signature)[:32], read(signature)[32:]))
sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), read(fields["k"]))
signed = f"{head}.{claims}".encode()
sender.verify(utils.encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))

print(json.dumps({
    "plain": json.loads(plain),
    "head": json.loads(read(head)),
    "claims": json.loads(read(claims)),
    "key": fields["k"],
}))
