"""Sends the requests of a file like `tests/attack/h2/requests.toml`, each on a connection of its own, without and with a
session. Usage: h2_requests.py CASES PORT AUTHORITY COOKIE WHICH

Those without a session go to `open.example.test`, those with the cookie to `wiki.example.test`. WHICH is `turned-down` for the
cases that no application may hear of, `cut` and `heard` for those. Prints a JSON list: the case, `with`, and the answer.
"""

import json
import re
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor

import h2_wire as h2


def long(text):
    """`{x*5}` is five times x."""
    return re.sub(r"\{(.+?)\*(\d+)\}", lambda found: found[1] * int(found[2]), text)


def wire_bytes(text):
    return long(text).encode("latin-1")


def fields(case, host, cookie):
    known = {":method": "GET", ":scheme": "https", ":path": "/", ":authority": host}
    known |= {name: value.replace("{host}", host) for name, value in case.get("pseudo", {}).items()}
    listed = [(name, known[name]) for name in known if name not in case.get("without", [])]
    more = [(name, value.replace("{host}", host)) for name, value in case.get("fields", [])]
    more += [(f"x-many-{number}", "1") for number in range(case.get("many", 0))]
    more += [("x-bomb", "x" * 3800)] * case.get("bomb", 0)
    # The session of a case about cookies stands where the case says; in all others it is there besides.
    placed = any("{session}" in value or "{half}" in value for _, value in more)
    name, value = cookie.split("=", 1)
    half = len(value) // 2
    stands = {"{session}": cookie, "{half}": f"{name}={value[:half]}", "{other half}": value[half:]}
    for placeholder, stand in stands.items():
        more = [(name, text.replace(placeholder, stand)) for name, text in more]
    if host.startswith("wiki") and not placed:
        more.append(("cookie", cookie))
    after = [tuple(field) for field in case.get("after", [])]
    return [(wire_bytes(name), wire_bytes(value)) for name, value in listed + more + after]


def run(case, port, authority, cookie):
    results = []
    for host in ("open.example.test", "wiki.example.test"):
        with_session = host.startswith("wiki")
        if case.get("only", with_session) != with_session:
            continue
        try:
            wire = h2.Wire(port, authority, host)
            wire.shake_hands((4, 65535))
            outcome = send(wire, case, fields(case, host, cookie))
            wire.close()
        except Exception as error:  # one broken case says so and does not end the others
            outcome = {"end": f"{type(error).__name__}: {error}", "status": None}
        results.append(case | {"with": "session" if with_session else "none", "came": outcome})
    return results


def send(wire, case, request):
    body = case.get("body")
    trailers = [(wire_bytes(name), wire_bytes(value)) for name, value in case.get("trailers", [])]
    if body is None and not trailers:
        return wire.exchange(request)
    wire.headers(1, request, h2.END_HEADERS)
    wire.send(h2.frame(h2.DATA, 0 if trailers else h2.END_STREAM, 1, (body or "").encode()))
    if trailers:
        wire.headers(1, trailers)
    return wire.answer(1)


def main(file, port, authority, cookie, which):
    with open(file, "rb") as opened:
        cases = tomllib.load(opened)["case"]
    kinds = {"turned-down": ("refused", "denied", "asked")}.get(which, (which,))
    cases = [case for case in cases if case["comes"] in kinds]
    # What is cut comes one after the other, so that each could find the connection of the one before.
    with ThreadPoolExecutor(1 if which == "cut" else 8) as pool:
        results = pool.map(lambda case: run(case, int(port), authority, cookie), cases)
        json.dump([result for pair in results for result in pair], sys.stdout)


main(*sys.argv[1:])
