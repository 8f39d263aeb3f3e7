"""Opens many connections from many addresses of loopback and says nothing on any. Usage: idle_crowd.py PORT COUNT PID

Two hundred from each address, and from the first one ten more. Prints JSON: how many were held, how many of those beyond two
hundred were refused, how many are open in the end, when the last one ended, and the resident memory of PID with all of them, in
KiB.
"""

import json
import resource
import select
import socket
import sys
import time

EACH = 200
TOO_MANY = 10


def connect(port, address):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind((address, 0))
    one.settimeout(10)
    one.connect(("127.0.0.1", port))
    one.setblocking(False)
    return one


def is_closed(one):
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def main(port, count, pid):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    begun = time.monotonic()
    addresses = [f"127.0.{1 + number // 250}.{1 + number % 250}" for number in range(1 + count // EACH)]
    connections = [connect(port, addresses[number // EACH]) for number in range(count)]
    time.sleep(1)
    more = [connect(port, addresses[0]) for _ in range(TOO_MANY)]
    time.sleep(1)
    refused = sum(map(is_closed, more))
    held = [one for one in connections if not is_closed(one)]
    most = resident(pid)
    waiting = select.poll()
    open_ones = {one.fileno(): one for one in held}
    for number in open_ones:
        waiting.register(number, select.POLLIN | select.POLLHUP)
    last = 0.0
    while open_ones and time.monotonic() < begun + 75:
        for number, _ in waiting.poll(1000):
            waiting.unregister(number)
            open_ones.pop(number).close()
            last = time.monotonic() - begun
    came = {"held": len(held), "refused": refused, "too_many": TOO_MANY, "open": len(open_ones)}
    json.dump(came | {"last": last, "resident": most, "addresses": len(addresses)}, sys.stdout)


main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
