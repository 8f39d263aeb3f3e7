"""Runs the cases of a file like `tests/attack/h2/conformance.toml` against a server, each on a connection of its
own. Usage: h2_conformance.py CASES PORT AUTHORITY HOST

Prints a JSON list: section, about, expect, passed, and what came instead.
"""

import json
import shlex
import struct
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor

import h2_wire as h2

LONG = "x" * 4000


class Case:
    """One case's connection and its steps; a step is a line of the file."""

    def __init__(self, wire):
        self.wire = wire
        self.saved = b""

    def step(self, line):
        verb, *words = shlex.split(line)
        getattr(self, "do_" + verb.replace("-", "_"))(words)

    def do_preface(self, words):
        self.wire.send(h2.PREFACE + h2.settings(*map(setting, words)))

    def do_text(self, words):
        self.wire.send(words[0].encode() + b"\r\n\r\n")

    def do_frame(self, words):
        kind, flags, stream = (int(word, 0) for word in words[:3])
        self.wire.send(h2.frame(kind, flags, stream, bytes.fromhex("".join(words[3:]))))

    def do_settings(self, words):
        self.wire.send(h2.settings(*map(setting, words)))

    def do_ping(self, words):
        flags = h2.ACK if "ack" in words else 0
        self.wire.send(h2.frame(h2.PING, flags, 0, b"ignored!" if flags else b"pingpong"))

    def do_rst(self, words):
        self.wire.send(h2.rst_stream(*(int(word, 0) for word in words)))

    def do_window(self, words):
        self.wire.send(h2.window_update(*(int(word, 0) for word in words)))

    def do_priority(self, words):
        self.wire.send(h2.frame(h2.PRIORITY, 0, int(words[0]), priority(words)))

    def do_goaway(self, words):
        self.wire.send(h2.frame(h2.GOAWAY, 0, 0, struct.pack(">II", 0, int(words[0], 0))))

    def do_data(self, words):
        flags = h2.END_STREAM if "end" in words else 0
        size = options(words, "size=")
        payload = b"x" * int(size[0]) if size else b"test"
        if options(words, "pad="):
            pad = int(options(words, "pad=")[0])
            flags |= h2.PADDED
            payload = bytes([pad]) + payload + bytes(pad)
        self.wire.send(h2.frame(h2.DATA, flags, int(words[0]), payload))

    def do_headers(self, words):
        flags = 0 if "open" in words else h2.END_HEADERS
        flags |= h2.END_STREAM if "end" in words else 0
        payload = self.block(words)
        if options(words, "dep="):
            flags |= h2.PRIORITISED
            payload = priority(words) + payload
        if options(words, "pad="):
            pad = int(options(words, "pad=")[0])
            flags |= h2.PADDED
            payload = bytes([pad]) + payload + bytes(pad)
        if "pad-too-long" in words:
            flags |= h2.PADDED
            payload = bytes([len(payload) + 2]) + payload
        self.wire.send(h2.frame(h2.HEADERS, flags, int(words[0]), payload))

    def do_continuation(self, words):
        flags = 0 if "open" in words else h2.END_HEADERS
        self.wire.send(h2.frame(h2.CONTINUATION, flags, int(words[0]), self.block(words)))

    def do_fill(self, words):
        """Opens so many streams, in each of which an answer waits."""
        most = self.wire.limits[3]
        block = self.wire.block(self.wire.request())
        streams = range(1, 2 * (most + int(words[0])), 2)
        flags = h2.END_STREAM | h2.END_HEADERS
        self.wire.send(b"".join(h2.frame(h2.HEADERS, flags, stream, block) for stream in streams))

    def do_wait(self, words):
        passed, got = self.expect(" ".join(words))
        if not passed:
            raise RuntimeError(f"waited for {words} in vain: {got}")

    def block(self, words):
        """A header block, or a part of one: `cut=0:5`, and then `cut=5:` of the same."""
        cut = options(words, "cut=")
        if cut and not cut[0].startswith("0:") and self.saved:
            return part(self.saved, cut[0])
        method = (options(words, "method=") or ["GET"])[0]
        fields = [] if "trailers" in words or "only" in words else self.wire.request(method=method)
        for name, value in (pair(word[1:]) for word in words if word[0] == "="):
            fields = [(name, value) if known == name else (known, old) for known, old in fields]
        drop = [word[1:] for word in words if word[0] == "-"]
        fields = [field for field in fields if field[0] not in drop]
        fields = [pair(word[1:]) for word in words if word[0] == "^"] + fields
        fields += [pair(word[1:]) for word in words if word[0] == "+"]
        for count in map(int, options(words, "long=")):
            fields += [(f"x-dummy{number}", LONG) for number in range(count)]
        block = self.wire.block(fields)
        block = b"".join(map(bytes.fromhex, options(words, "first="))) + block
        block += b"".join(map(bytes.fromhex, options(words, "last=")))
        self.saved = block
        return part(block, cut[0]) if cut else block

    def expect(self, expected):
        """Reads until what is expected has come, or something that cannot be followed by it, or nothing."""
        what, *words = expected.split()
        got = []
        while True:
            try:
                kind, flags, stream, payload = self.wire.receive(patience=15.0)
            except h2.Closed:
                return what in ("connection", "stream", "closed") or "closed" in words, got + ["closed"]
            except h2.Silent:
                return False, got + ["silence"]
            got.append(told(kind, flags, stream, payload))
            ended = kind in (h2.DATA, h2.HEADERS) and flags & h2.END_STREAM
            goaway = h2.code(payload[4:8]) if kind == h2.GOAWAY else None
            reset = h2.code(payload) if kind == h2.RST_STREAM else None
            if what in ("connection", "stream", "goaway") and goaway in words:
                return True, got
            if what in ("stream", "reset") and reset in words:
                return True, got
            if what == "headers" and kind == h2.HEADERS:
                return stream == int(words[0]), got
            if what == "data" and kind == h2.DATA:
                return not words or len(payload) == int(words[0]), got
            if what == "ping" and kind == h2.PING:
                return (bool(flags & h2.ACK) and payload == b"pingpong") or words == ["any"], got
            if what == "first-settings":
                return kind == h2.SETTINGS and not flags & h2.ACK, got
            if what == "settings-ack" and kind == h2.SETTINGS:
                return bool(flags & h2.ACK), got
            if what == "stream-end" and (ended or reset == "NO_ERROR"):
                return True, got


def setting(word):
    name, value = word.split("=")
    return int(name, 0), int(value, 0)


def pair(word):
    at = word.index("=", 1)
    return word[:at], word[at + 1 :]


def options(words, name):
    return [word[len(name) :] for word in words if word.startswith(name)]


def part(block, cut):
    begin, end = cut.split(":")
    return block[int(begin) : int(end) if end else None]


def priority(words):
    on = int((options(words, "dep=") or ["0"])[0])
    weight = int((options(words, "weight=") or ["255"])[0])
    return struct.pack(">IB", on | (0x80000000 if "exclusive" in words else 0), weight)


def told(kind, flags, stream, payload):
    name = h2.NAMES[kind] if kind < len(h2.NAMES) else str(kind)
    why = {h2.GOAWAY: payload[4:8], h2.RST_STREAM: payload}.get(kind)
    return f"{name} flags={flags} stream={stream} length={len(payload)}" + (f" {h2.code(why)}" if why else "")


def run(case, port, authority, host):
    try:
        wire = h2.Wire(port, authority, host)
        one = Case(wire)
        if not case["send"][0].startswith(("preface", "text")):
            wire.shake_hands((4, 65535))
        for line in case["send"]:
            one.step(line)
        passed, got = one.expect(case["expect"])
        wire.close()
    except Exception as error:  # one broken case says so and does not end the others
        passed, got = False, [f"{type(error).__name__}: {error}"]
    return case | {"passed": passed, "got": got}


def main(file, port, authority, host):
    with open(file, "rb") as opened:
        sections = tomllib.load(opened)
    cases = [case | {"section": section} for section, listed in sections.items() for case in listed]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda case: run(case, int(port), authority, host), cases))
    json.dump(results, sys.stdout)


main(*sys.argv[1:])
