"""HTTPS servers with certificates of all kinds. Usage: tls_origins.py NAME=CERTIFICATE:KEY…

Prints one line of JSON with the port of each, and then, when its standard input closes, one with the bytes that came to each
after the handshake. Each answers every request with 200.
"""

import json
import socket
import ssl
import sys
import threading


class Origin:
    def __init__(self, certificate, key):
        self.heard = 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        try:
            with self.context.wrap_socket(connection, server_side=True) as stream:
                while part := stream.recv(65536):
                    self.heard += len(part)
                    stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except OSError:
            # Whoever does not trust the certificate says so and leaves.
            pass


origins = {}
for argument in sys.argv[1:]:
    name, files = argument.split("=")
    origins[name] = Origin(*files.split(":"))
print(json.dumps({name: origin.port for name, origin in origins.items()}), flush=True)
sys.stdin.read()
print(json.dumps({name: origin.heard for name, origin in origins.items()}), flush=True)
