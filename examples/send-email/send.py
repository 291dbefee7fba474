"""Sends the report to everyone in RECIPIENTS (separated by commas) through the service tagged or named smtp."""

import json
import os
import smtplib
import ssl
import sys
from email.message import EmailMessage
from pathlib import Path

services = [one for kind in json.loads(os.environ["VCAP_SERVICES"]).values() for one in kind]
smtp = next((one["credentials"] for one in services if one["name"] == "smtp" or "smtp" in one["tags"]), None)
if smtp is None:
    sys.exit("no service smtp is bound: kf bind-service mailer smtp")

message = EmailMessage()
message["From"] = smtp["from"]
message["To"] = os.environ["RECIPIENTS"]
message["Subject"] = os.environ.get("SUBJECT", "Report")
# The same task never makes two different mails: whoever receives it twice can tell.
message["Message-ID"] = f"<{os.environ['KF_TASK_NAME']}@{smtp['from'].split('@')[1]}>"
message.set_content(Path("report.txt").read_text())
message.add_attachment("region,cents\neu,1650\nus,9900\n", subtype="csv", filename="regions.csv")

host, port = smtp["host"], smtp.get("port", 587 if "username" in smtp else 25)
# The machine's authorities, or the one that the service names.
context = ssl.create_default_context(cadata=smtp.get("ca"))
connect = {"timeout": 30, "context": context} if port == 465 else {"timeout": 30}
try:
    with (smtplib.SMTP_SSL if port == 465 else smtplib.SMTP)(host, port, **connect) as server:
        server.ehlo()
        if port != 465 and server.has_extn("starttls"):
            server.starttls(context=context)
        elif port != 465 and "username" in smtp:
            sys.exit(f"{host}: offers no STARTTLS, and the password is not sent in the clear")
        if "username" in smtp:
            server.login(smtp["username"], smtp["password"])
        refused = server.send_message(message)
except OSError as error:  # what smtplib raises, too
    sys.exit(f"{host}: {error}")

for recipient, (code, reason) in refused.items():
    print(f"{recipient}: refused with {code} {reason.decode()}", file=sys.stderr)
print(f"sent to {message['To']} through {host}")
sys.exit(1 if refused else 0)
