"""Sends the report to everyone in RECIPIENTS (separated by commas) through the service tagged or named smtp."""

import json
import os
import smtplib
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

try:
    with smtplib.SMTP(smtp["host"], smtp.get("port", 25), timeout=30) as server:
        if server.has_extn("starttls") or smtp.get("tls"):
            server.starttls()
        if "username" in smtp:
            server.login(smtp["username"], smtp["password"])
        refused = server.send_message(message)
except OSError as error:  # what smtplib raises, too
    sys.exit(f"{smtp['host']}: {error}")

for recipient, (code, reason) in refused.items():
    print(f"{recipient}: refused with {code} {reason.decode()}", file=sys.stderr)
print(f"sent to {message['To']} through {smtp['host']}")
sys.exit(1 if refused else 0)
