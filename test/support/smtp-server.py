"""An SMTP server that takes mail only over STARTTLS, from the user reports with the password s3cret.

usage: smtp-server.py PORT FOLDER CERT KEY
Keeps each mail as a file of FOLDER/mails/new.
"""

import asyncio
import ssl
import sys

from aiosmtpd.handlers import Mailbox
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

port, folder, cert, key = sys.argv[1:]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(cert, key)
handler = Mailbox(f"{folder}/mails")


def authenticate(_server, _session, _envelope, _mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"reports", b"s3cret")
    return AuthResult(success=known, handled=False)


def session():
    return SMTP(handler, tls_context=context, require_starttls=True, auth_required=True, authenticator=authenticate)


async def serve():
    server = await asyncio.get_running_loop().create_server(session, "0.0.0.0", int(port))
    await server.serve_forever()


asyncio.run(serve())
