"""A web server for a PHP application by CGI (RFC 3875). Usage: cgi_bridge.py PORT ROOT PREPEND LOG

What a web server in front of an application is configured to do, and nothing else: it serves the files below ROOT, runs
`php-cgi` for `.php`, and says who the gateway says that the user is: the header Remote-User becomes REMOTE_USER. PREPEND is
a PHP file with the application's own configuration. Each request is a line of LOG. It ends when its standard input closes.
"""

import http.server
import mimetypes
import os
import subprocess
import sys
import threading
import urllib.parse

port, root, prepend, log = int(sys.argv[1]), os.path.realpath(sys.argv[2]), sys.argv[3], sys.argv[4]


class Bridge(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def respond(self):
        with open(log, "a", encoding="utf-8") as file:
            file.write(self.requestline + "\n")
        path, _, query = self.path.partition("?")
        path = urllib.parse.unquote(path)
        script, info = path, ""
        if ".php/" in path:
            script, info = path[: path.index(".php/") + 4], path[path.index(".php/") + 4 :]
        if script.endswith("/"):
            script += "index.php"
        file = os.path.realpath(root + script)
        if not (file.startswith(root + "/") and os.path.isfile(file)):
            self.answer(404, [("Content-Type", "text/plain")], b"not found\n")
        elif file.endswith(".php"):
            self.run_php(file, script, info, query)
        else:
            with open(file, "rb") as content:
                kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
                self.answer(200, [("Content-Type", kind)], content.read())

    def run_php(self, file, script, info, query):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        environment = {
            "PATH": os.environ["PATH"],
            "GATEWAY_INTERFACE": "CGI/1.1",
            "REDIRECT_STATUS": "200",
            "REQUEST_METHOD": self.command,
            "REQUEST_URI": self.path,
            "QUERY_STRING": query,
            "SCRIPT_FILENAME": file,
            "SCRIPT_NAME": script,
            "PATH_INFO": info,
            "DOCUMENT_ROOT": root,
            "SERVER_PROTOCOL": self.request_version,
            "SERVER_NAME": self.headers.get("Host", "localhost").split(":")[0],
            "SERVER_PORT": str(port),
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
        }
        for name in self.headers:
            variable = "HTTP_" + name.upper().replace("-", "_")
            environment[variable] = ", ".join(self.headers.get_all(name))
        if self.headers.get("Remote-User"):
            environment["REMOTE_USER"] = self.headers["Remote-User"]
        environment = {name: value for name, value in environment.items() if value}
        command = ["php-cgi", "-d", f"auto_prepend_file={prepend}", "-d", f"session.save_path={os.path.dirname(prepend)}"]
        output = subprocess.run(command, input=body, env=environment, stdout=subprocess.PIPE, check=False).stdout
        head, _, content = output.partition(b"\r\n\r\n")
        status, headers = 200, []
        for line in head.decode("latin-1").split("\r\n"):
            name, _, value = line.partition(":")
            if name.lower() == "status":
                status = int(value.split()[0])
            elif name:
                headers.append((name, value.strip()))
        if status == 200 and any(name.lower() == "location" for name, _ in headers):
            status = 302
        self.answer(status, headers, content)

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = respond

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Bridge)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
server.shutdown()
