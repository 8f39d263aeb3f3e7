"""A mail server that nobody here wrote (aiosmtpd). Usage: mail_server.py PORT FOLDER

Each mail that it takes becomes FOLDER/00001.json and so on: to, subject, text, html, the parts' types, and the mail as it came
(a character for each byte; the dots that SMTP doubles are single again).
FOLDER/manner says how it answers: `accept` (also when the file is missing); RCPT with `later` (451) or `refuse` (550); `silent`
takes connections and says nothing; `slow` says a byte a second; `vanish` keeps a mail and is gone before it has said so.
It ends when its standard input closes.
"""

import asyncio
import email
import email.policy
import json
import os
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


def manner_in(folder):
    try:
        with open(os.path.join(folder, "manner"), encoding="ascii") as file:
            return file.read().strip()
    except FileNotFoundError:
        return "accept"


class Moody(SMTP):
    async def push(self, status):
        manner = manner_in(self.event_handler.folder)
        while manner == "silent":
            await asyncio.sleep(3600)
        if manner != "slow":
            return await super().push(status)
        for byte in status if isinstance(status, bytes) else status.encode("ascii"):
            self._writer.write(bytes([byte]))
            await self._writer.drain()
            await asyncio.sleep(1)
        self._writer.write(b"\r\n")


class Moods(Controller):
    def factory(self):
        return Moody(self.handler, **self.SMTP_kwargs)


class Keep:
    def __init__(self, folder):
        self.folder = folder
        # Those of before a pause stay.
        self.count = sum(name.endswith(".json") for name in os.listdir(folder))

    async def handle_RCPT(self, server, session, envelope, address, options):
        manner = manner_in(self.folder)
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
            "raw": envelope.content.decode("latin-1"),
            "html": body["html"].get_content() if body["html"] else "",
        }
        self.count += 1
        name = os.path.join(self.folder, f"{self.count:05}.json")
        with open(name + ".new", "w", encoding="utf-8") as file:
            json.dump(mail, file)
        os.rename(name + ".new", name)
        if manner_in(self.folder) == "vanish":
            server.transport.abort()
        return "250 kept"


port, folder = int(sys.argv[1]), sys.argv[2]
controller = Moods(Keep(folder), hostname="127.0.0.1", port=port, enable_SMTPUTF8=True)
controller.start()
sys.stdin.read()
controller.stop()
