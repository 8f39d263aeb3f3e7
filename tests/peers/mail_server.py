"""A mail server that nobody here wrote (aiosmtpd). Usage: mail_server.py PORT FOLDER

Each mail that it takes becomes FOLDER/00001.json and so on: to, subject, text, html, and the parts' types.
FOLDER/manner says how it answers RCPT: `accept` (also when the file is missing), `later` (451) or `refuse` (550).
It ends when its standard input closes.
"""

import email
import email.policy
import json
import os
import sys

from aiosmtpd.controller import Controller


class Keep:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def manner(self):
        try:
            with open(os.path.join(self.folder, "manner"), encoding="ascii") as file:
                return file.read().strip()
        except FileNotFoundError:
            return "accept"

    async def handle_RCPT(self, server, session, envelope, address, options):
        manner = self.manner()
        if manner == "later":
            return "451 4.7.1 try again later"
        if manner == "refuse":
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
        mail = {
            "to": envelope.rcpt_tos[0],
            "recipients": len(envelope.rcpt_tos),
            "subject": str(message["subject"]),
            "type": message.get_content_type(),
            "text": body["plain"].get_content() if body["plain"] else "",
            "html": body["html"].get_content() if body["html"] else "",
        }
        self.count += 1
        name = os.path.join(self.folder, f"{self.count:05}.json")
        with open(name + ".new", "w", encoding="utf-8") as file:
            json.dump(mail, file)
        os.rename(name + ".new", name)
        return "250 kept"


port, folder = int(sys.argv[1]), sys.argv[2]
controller = Controller(Keep(folder), hostname="127.0.0.1", port=port, enable_SMTPUTF8=True)
controller.start()
sys.stdin.read()
controller.stop()
