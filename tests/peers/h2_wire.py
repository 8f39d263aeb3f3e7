"""HTTP/2 by the frame, over TLS: what no well-behaved client would send can be sent, and every frame that comes back is seen.

The frames are put together here; `hpack` (of the `h2` project) encodes and decodes header blocks.
"""

import socket
import ssl
import struct
import time

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
NAMES = "DATA HEADERS PRIORITY RST_STREAM SETTINGS PUSH_PROMISE PING GOAWAY WINDOW_UPDATE CONTINUATION".split()

ACK = END_STREAM = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITISED = 0x20

CODES = (
    "NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR SETTINGS_TIMEOUT STREAM_CLOSED FRAME_SIZE_ERROR "
    "REFUSED_STREAM CANCEL COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM INADEQUATE_SECURITY HTTP_1_1_REQUIRED"
).split()


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def rst_stream(stream, code=8):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


class Closed(Exception):
    """The other end closed the connection, or reset it."""


class Silent(Exception):
    """Nothing came in time."""


class Wire:
    """A connection. `source` is the address it comes from; `receive_buffer` bounds what the system takes in unread."""

    def __init__(self, port, authority, host, source=None, receive_buffer=None):
        self.host = host
        plain = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            plain.bind((source, 0))
        plain.settimeout(30)
        plain.connect(("127.0.0.1", port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        context = ssl.create_default_context(cafile=authority)
        context.set_alpn_protocols(["h2"])
        self.socket = context.wrap_socket(plain, server_hostname=host)
        if self.socket.selected_alpn_protocol() != "h2":
            raise RuntimeError("HTTP/2 was not chosen")
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        self.buffer = b""
        self.limits = {}

    def send(self, data):
        """False when the other end takes no more: what came of it is in what is read."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def shake_hands(self, *pairs):
        """The preface; then both sides' settings, acknowledged."""
        self.send(PREFACE + settings(*pairs))
        theirs = acknowledged = False
        while not (theirs and acknowledged):
            kind, flags, _, payload = self.receive()
            if kind == SETTINGS and flags & ACK:
                acknowledged = True
            elif kind == SETTINGS:
                theirs = True
                for at in range(0, len(payload), 6):
                    name, value = struct.unpack(">HI", payload[at : at + 6])
                    self.limits[name] = value
                self.send(frame(SETTINGS, ACK, 0))

    def receive(self, patience=20.0):
        """The next frame: its type, flags, stream and payload."""
        end = time.monotonic() + patience
        while True:
            if len(self.buffer) >= 9:
                length = int.from_bytes(self.buffer[:3], "big")
                if len(self.buffer) >= 9 + length:
                    kind, flags, stream = struct.unpack(">BBI", self.buffer[3:9])
                    payload = self.buffer[9 : 9 + length]
                    self.buffer = self.buffer[9 + length :]
                    return kind, flags, stream, payload
            left = end - time.monotonic()
            if left <= 0:
                raise Silent
            self.socket.settimeout(left)
            try:
                part = self.socket.recv(65536)
            except TimeoutError as error:
                raise Silent from error
            except OSError as error:
                raise Closed from error
            if not part:
                raise Closed
            self.buffer += part

    def block(self, fields):
        return self.encoder.encode(fields)

    def request(self, path="/", method="GET", more=(), host=None):
        return [
            (":method", method),
            (":scheme", "https"),
            (":path", path),
            (":authority", host or self.host),
            *more,
        ]

    def headers(self, stream, fields, flags=END_STREAM | END_HEADERS):
        self.send(frame(HEADERS, flags, stream, self.block(fields)))

    def exchange(self, fields, body=None, patience=20.0):
        """One request on stream 1. Its outcome: status, fields and body, or how it was turned down."""
        self.headers(1, fields, END_HEADERS | (END_STREAM if body is None else 0))
        if body is not None:
            self.send(frame(DATA, END_STREAM, 1, body))
        return self.answer(1, patience)

    def answer(self, stream, patience=20.0):
        status, fields, got = None, [], b""
        while True:
            try:
                kind, flags, on, payload = self.receive(patience)
            except Closed:
                return {"end": "closed", "status": status}
            except Silent:
                return {"end": "silent", "status": status}
            if kind == GOAWAY and code(payload[4:8]) != "NO_ERROR":
                return {"end": "goaway " + code(payload[4:8]), "status": status}
            if kind == HEADERS:
                fields = self.decoder.decode(payload, raw=True)
                status = int(dict(fields)[b":status"]) if on == stream else status
            if on != stream:
                continue
            if kind == RST_STREAM and status is None:
                return {"end": "reset " + code(payload), "status": None}
            if kind == DATA:
                got += payload
                if payload:
                    self.send(window_update(0, len(payload)) + window_update(stream, len(payload)))
            if kind == RST_STREAM or (kind in (HEADERS, DATA) and flags & END_STREAM):
                text = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in fields]
                return {"end": "answered", "status": status, "fields": text, "body": got.decode("latin-1")}

    def close(self):
        self.socket.close()


def code(payload):
    number = int.from_bytes(payload, "big")
    return CODES[number] if number < len(CODES) else str(number)
