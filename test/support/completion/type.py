"""Types into an interactive shell in a terminal of its own, and waits for what appears.

Arguments: the shell's command line. Standard input: JSON, a list of [typed, expected regular expression]. After each the
line is cleared. Ends with 1 and what has appeared when something expected does not within 20 seconds.
"""

import json
import os
import pty
import re
import select
import sys
import time

steps = json.load(sys.stdin)
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])

control = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\x1b\][^\x07]*\x07|\r|\x07|.\x08")
raw = b""


def wait_for(expected):
    global raw
    deadline = time.time() + 20
    while True:
        shown = control.sub(b"", raw).decode(errors="replace")
        if re.search(expected, shown):
            return
        left = deadline - time.time()
        if left <= 0 or not select.select([terminal], [], [], left)[0]:
            print(f"expected {expected!r}, but there is:\n{shown}")
            os.kill(pid, 9)
            sys.exit(1)
        raw += os.read(terminal, 65536)


for typed, expected in steps:
    raw = b""
    os.write(terminal, typed.encode())
    wait_for(expected)
    if not typed.endswith("\n"):
        raw = b""
        os.write(terminal, b"\x15echo cl''eared\n")
        wait_for("cleared")
        wait_for(r"> $")
os.write(terminal, b"\x15exit\n")
os.waitpid(pid, 0)
