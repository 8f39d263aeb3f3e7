"""A phone with the privacyIDEA Authenticator, as its protocol has it: written from what the app sends, signs and
refuses, by a cryptographic library that nobody here wrote. It passes against the server that the app was made for,
privacyIDEA 3.14.

    pipush_phone.py [--ca FILE] STATE enrol URI [--os ios|android] [--app-version 4.8.0] [--bits 4096]
    pipush_phone.py STATE poll [--skew SECONDS]
    pipush_phone.py STATE answer --choose N | --accept | --decline [--reason unknown_trigger|cancelled] [--nonce NONCE]
    pipush_phone.py STATE update [--skew SECONDS]      tells its Firebase address, which it has none of
    pipush_phone.py STATE replay                       sends its last signed call once more, to the byte

STATE is a JSON file: the phone's memory. Each prints what came of it as JSON. A name below `localhost` is this machine;
--ca FILE, before the command, is believed for https.
"""

import argparse
import base64
import datetime
import http.client
import json
import pathlib
import re
import socket
import ssl
import sys
import time
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

NO_FIREBASE = "no_firebase_token"
# What the app can do besides yes and no.
CAPABILITIES = ["decline_reason"]
REQUIRED = ("title", "question", "url", "nonce", "sslverify", "serial", "signature")
SYSTEMS = {"ios": "Version 17.1 (Build 21B74)", "android": "TP1A.220624.014"}
# However long the server would wait, the app shows a request for so long.
SHOWN_SECONDS = 120
TIMEOUT = 15


class Refused(Exception):
    """The app does not go on."""


# --- addresses --------------------------------------------------------------------------------------------------------


def as_dart_writes(url):
    """`Uri.parse(url).toString()`: small scheme and host, no usual port, no dot segments, no needless escapes."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise Refused(f"no web address: {url}")
    usual = {"http": 80, "https": 443}[parts.scheme.lower()]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = f":{parts.port}" if parts.port not in (None, usual) else ""
    segments = []
    for segment in parts.path.split("/"):
        if segment == ".." and len(segments) > 1:
            segments.pop()
        elif segment not in (".", ".."):
            segments.append(segment)
    unescaped = re.compile(r"%([0-9A-Fa-f]{2})")

    def escape(match):
        character = chr(int(match[1], 16))
        return character if re.fullmatch(r"[A-Za-z0-9._~-]", character) else match[0].upper()

    path = unescaped.sub(escape, "/".join(segments))
    query = f"?{parts.query}" if "?" in url else ""
    return f"{parts.scheme.lower()}://{host}{port}{path}{query}"


def read_uri(uri):
    """What the QR code says, by the app's rules."""
    parts = urllib.parse.urlsplit(uri)
    if parts.scheme not in ("otpauth", "pia") or parts.netloc != "pipush":
        raise Refused(f"not for this app: {parts.scheme}://{parts.netloc}")
    fields = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True))
    missing = [name for name in ("url", "serial", "enrollment_credential", "issuer") if not fields.get(name)]
    if missing:
        raise Refused(f"the address lacks {missing}")
    if fields.get("v") != "1":
        raise Refused(f"unknown version {fields.get('v')}")
    if fields.get("sslverify", "1") not in ("0", "1") or fields.get("poll_only", "False") not in ("True", "False"):
        raise Refused("neither yes nor no")
    label = urllib.parse.unquote(parts.path.lstrip("/"))
    issuer, _, account = label.partition(":") if ":" in label else (fields["issuer"], "", label)
    return {
        "issuer": issuer,
        "account": account,
        "url": as_dart_writes(fields["url"]),
        "serial": fields["serial"],
        "credential": fields["enrollment_credential"],
        "until": time.time() + 60 * int(fields.get("ttl", "3")),
        "poll_only": fields.get("poll_only") == "True",
    }


# --- keys -------------------------------------------------------------------------------------------------------------


def sign(phone, text):
    key = serialization.load_pem_private_key(phone["private_key"].encode(), None)
    return base64.b32encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def is_signed(phone, text, signature):
    """Whether the server has signed the text."""
    key = server_key(phone["server_key"])
    try:
        key.verify(base64.b32decode(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return True
    except (InvalidSignature, ValueError):
        return False


def server_key(text):
    """Base64 of the DER of a PKCS#1 `RSAPublicKey`: two numbers in a sequence, and nothing else."""
    tag, content, rest = element(base64.b64decode(text))
    first, modulus, behind = element(content)
    second, exponent, end = element(behind)
    if (tag, first, second, rest, end) != (0x30, 0x02, 0x02, b"", b""):
        raise Refused("the server's key is no RSAPublicKey")
    return rsa.RSAPublicNumbers(int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big")).public_key()


def element(der):
    tag, length, start = der[0], der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start], "big")
    return tag, der[start : start + length], der[start + length :]


def canonical(value):
    """RFC 8785, for what stands in capabilities."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


# --- calls ------------------------------------------------------------------------------------------------------------


def send(args, phone, method, url, fields):
    """One call: its status and, where it is JSON, its body."""
    parts = urllib.parse.urlsplit(url)
    form = urllib.parse.urlencode(fields)
    version, system = phone["app_version"], phone["os"]
    headers, target, body = {}, parts.path or "/", None
    if method == "POST":
        headers["User-Agent"] = f"privacyIDEA-App/{version} {system}/{SYSTEMS[system]}"
        kind = "application/x-www-form-urlencoded" if form else "text/plain"
        headers["Content-Type"] = f"{kind}; charset=utf-8"
        body = form.encode()
    else:
        headers["User-Agent"] = f"privacyIDEA-App / {system} {version}"
        target = f"{target}?{form}"
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=TIMEOUT, context=ssl.create_default_context(cafile=args.ca)
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)
    if parts.hostname.endswith(".localhost"):
        connection._create_connection = lambda at, *more: socket.create_connection(("127.0.0.1", at[1]), *more)
    connection.request(method, target, body=body, headers=headers)
    response = connection.getresponse()
    text = response.read().decode("utf-8", "replace")
    connection.close()
    try:
        return response.status, json.loads(text)
    except ValueError:
        return response.status, None


def signed_call(args, phone, method, url, fields):
    phone["last"] = {"method": method, "url": url, "fields": fields}
    return send(args, phone, method, url, fields)


def result_of(body):
    return body.get("result", {}) if isinstance(body, dict) else {}


def told(status, body):
    """What the app makes of an answer."""
    result = result_of(body)
    error = result.get("error") or {}
    return {"status": status, "json": body is not None, "value": result.get("value"), "error": error.get("message")}


def timestamp(skew):
    """`DateTime.now().toUtc().toIso8601String()`."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=skew)
    digits = f"{at.microsecond:06}" if at.microsecond % 1000 else f"{at.microsecond // 1000:03}"
    return f"{at:%Y-%m-%dT%H:%M:%S}.{digits}Z"


# --- what the app does ------------------------------------------------------------------------------------------------


def enrol(args, phone):
    phone.update(read_uri(args.uri), os=args.os, app_version=args.app_version, requests=[], rolled_out=False)
    key = rsa.generate_private_key(65537, args.bits)
    phone["private_key"] = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    probe = None
    if args.os == "ios":
        # Whether there is a network at all: the answer does not matter.
        probe, _ = send(args, phone, "POST", phone["url"], {})
    if phone["until"] < time.time():
        raise Refused("the code is too old")
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    fields = {
        "enrollment_credential": phone["credential"],
        "serial": phone["serial"],
        "fbtoken": NO_FIREBASE,
        "pubkey": base64.b64encode(public).decode(),
        "capabilities": canonical(CAPABILITIES),
    }
    status, body = signed_call(args, phone, "POST", phone["url"], fields)
    if status < 400 and body is not None:
        phone["server_key"] = body["detail"]["public_key"].replace("\n", "")
        bits = server_key(phone["server_key"]).key_size
        phone["rolled_out"] = True
        return {**told(status, body), "probe": probe, "rolled_out": True, "server_bits": bits}
    return {**told(status, body), "probe": probe, "rolled_out": False}


def poll(args, phone):
    at = timestamp(args.skew)
    fields = {
        "serial": phone["serial"],
        "timestamp": at,
        "signature": sign(phone, f"{phone['serial']}|{at}"),
        # Not signed: a server that does not know it would not find it in what it checks.
        "capabilities": canonical(CAPABILITIES),
    }
    status, body = signed_call(args, phone, "GET", phone["url"], fields)
    came, refused = [], []
    if status == 200:
        came = result_of(body)["value"]
    for challenge in came:
        why = why_refused(phone, challenge)
        if why:
            refused.append(why)
        elif challenge["nonce"] not in [known["nonce"] for known in phone["requests"]]:
            phone["requests"].append({**challenge, "until": time.time() + SHOWN_SECONDS})
    return {**told(status, body), "requests": [shown(one) for one in open_requests(phone)], "refused": refused}


def open_requests(phone):
    phone["requests"] = [one for one in phone["requests"] if one["until"] > time.time()]
    return phone["requests"]


def shown(request):
    presence = request.get("require_presence")
    return {
        "nonce": request["nonce"],
        "title": request["title"],
        "question": request["question"],
        "options": presence.split(",") if presence is not None else None,
    }


def why_refused(phone, challenge):
    """Why the app does not show a request; none for one that it does."""
    wrong = [name for name in REQUIRED if not isinstance(challenge.get(name), str)]
    if wrong:
        return f"no text: {wrong}"
    if challenge["serial"] != phone["serial"] or not phone["rolled_out"]:
        return "of no token here"
    verify = "1" if challenge["sslverify"] == "1" else "0"
    url = as_dart_writes(challenge["url"])
    text = "|".join([challenge["nonce"], url, challenge["serial"], challenge["question"], challenge["title"], verify])
    if isinstance(challenge.get("require_presence"), str):
        text += "|" + ",".join(challenge["require_presence"].split(","))
    if not is_signed(phone, text, challenge["signature"]):
        return "signature"
    capabilities = advertised(challenge)
    if capabilities is not None:
        signed = canonical({"capabilities": capabilities, "nonce": challenge["nonce"]})
        if not is_signed(phone, signed, challenge["capabilities_signature"]):
            return "capabilities"
    return None


def advertised(challenge):
    """What the server says that it understands. What cannot be read was not said."""
    capabilities = challenge.get("capabilities")
    if capabilities is None or not isinstance(challenge.get("capabilities_signature"), str):
        return None
    try:
        capabilities = json.loads(capabilities) if isinstance(capabilities, str) else capabilities
    except ValueError:
        return None
    return capabilities if isinstance(capabilities, dict) else None


def answer(args, phone):
    wanted = [one for one in open_requests(phone) if args.nonce in (None, one["nonce"])]
    if not wanted:
        raise Refused("there is no request to answer")
    request = wanted[-1]
    fields = {"serial": phone["serial"], "nonce": request["nonce"]}
    text = f"{request['nonce']}|{phone['serial']}"
    if args.decline:
        fields["decline"] = "1"
        text += "|decline"
        understood = (advertised(request) or {}).get("decline_reason")
        named = understood.get("values") if isinstance(understood, dict) else None
        if args.reason and understood not in (None, False) and (named is None or args.reason in named):
            fields["decline_reason"] = args.reason
            text += f"|{args.reason}"
    elif args.choose is not None:
        if args.choose not in (shown(request)["options"] or []):
            raise Refused(f"{args.choose} is not among the options")
        fields["presence_answer"] = args.choose
        text += f"|{args.choose}"
    elif request.get("require_presence") is not None:
        raise Refused("one of the options must be chosen")
    fields["signature"] = sign(phone, text)
    status, body = signed_call(args, phone, "POST", as_dart_writes(request["url"]), fields)
    if "status" in result_of(body):
        # Whatever it says: the request is done with. It is the page that tells of a refusal.
        phone["requests"].remove(request)
    return told(status, body)


def update(args, phone):
    at = timestamp(args.skew)
    text = f"{NO_FIREBASE}|{phone['serial']}|{at}"
    fields = {"new_fb_token": NO_FIREBASE, "serial": phone["serial"], "timestamp": at, "signature": sign(phone, text)}
    return told(*signed_call(args, phone, "POST", phone["url"], fields))


def replay(args, phone):
    return told(*send(args, phone, **phone["last"]))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("state", type=pathlib.Path)
    parser.add_argument("--ca")
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("enrol")
    one.set_defaults(do=enrol)
    one.add_argument("uri")
    one.add_argument("--os", choices=SYSTEMS, default="ios")
    one.add_argument("--app-version", default="4.8.0")
    one.add_argument("--bits", type=int, default=4096)
    for name, do in (("poll", poll), ("update", update)):
        one = commands.add_parser(name)
        one.set_defaults(do=do)
        one.add_argument("--skew", type=float, default=0)
    one = commands.add_parser("answer")
    one.set_defaults(do=answer)
    how = one.add_mutually_exclusive_group(required=True)
    how.add_argument("--choose")
    how.add_argument("--decline", action="store_true")
    how.add_argument("--accept", action="store_true", help="of a request that has no options")
    one.add_argument("--reason", choices=("unknown_trigger", "cancelled"))
    one.add_argument("--nonce")
    commands.add_parser("replay").set_defaults(do=replay)
    return parser.parse_args()


def main():
    args = arguments()
    phone = json.loads(args.state.read_text()) if args.state.exists() else {}
    try:
        said = args.do(args, phone)
    except Refused as refused:
        said = {"refused": str(refused)}
    args.state.write_text(json.dumps(phone))
    print(json.dumps(said))
    return 1 if isinstance(said.get("refused"), str) else 0


if __name__ == "__main__":
    sys.exit(main())
