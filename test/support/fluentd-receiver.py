"""A receiver of Fluentd's forward protocol that owes our side nothing: acknowledgements, TLS, secure forward.

usage: fluentd-receiver.py PORT_FILE OUT_FILE [--port N] [--shared-key KEY] [--tls CERT KEY] [--lose-acks N]
Writes each entry as a JSON line {tag, seconds, nanoseconds, record}. --lose-acks N: the first N chunks are written, but
the connection breaks instead of an acknowledgement.
"""

import argparse
import hashlib
import json
import os
import socket
import ssl
import struct
import threading

NONCE = b"nonce-of-the-receiver"


class Reader:
    """Decodes MessagePack from a stream."""

    def __init__(self, stream):
        self.stream = stream

    def take(self, count):
        data = b""
        while len(data) < count:
            more = self.stream.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(form)))[0]

    def value(self):
        tag = self.take(1)[0]
        if tag <= 0x7F:
            return tag
        if tag <= 0x8F:
            return self.map(tag & 0x0F)
        if tag <= 0x9F:
            return [self.value() for _ in range(tag & 0x0F)]
        if tag <= 0xBF:
            return self.take(tag & 0x1F).decode()
        if tag >= 0xE0:
            return tag - 0x100
        if tag in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[tag]
        sizes = {0xC4: "B", 0xC5: "H", 0xC6: "I", 0xD9: "B", 0xDA: "H", 0xDB: "I", 0xDC: "H", 0xDD: "I", 0xDE: "H", 0xDF: "I"}
        numbers = {0xCA: "f", 0xCB: "d", 0xCC: "B", 0xCD: "H", 0xCE: "I", 0xCF: "Q", 0xD0: "b", 0xD1: "h", 0xD2: "i", 0xD3: "q"}
        if tag in numbers:
            return self.number(numbers[tag])
        if tag == 0xD7:  # fixext 8
            kind, seconds, nanoseconds = struct.unpack(">bII", self.take(9))
            assert kind == 0, kind
            return ("EventTime", seconds, nanoseconds)
        size = self.number(sizes[tag])
        if tag <= 0xC6:
            return self.take(size)
        if tag <= 0xDB:
            return self.take(size).decode()
        if tag <= 0xDD:
            return [self.value() for _ in range(size)]
        return self.map(size)

    def map(self, size):
        return {self.value(): self.value() for _ in range(size)}


def text(value):
    data = value.encode()
    return bytes([0xD9, len(data)]) + data


def handshake(connection, reader, key):
    options = bytes([0x83]) + text("nonce") + bytes([0xC4, len(NONCE)]) + NONCE + text("auth") + text("") + text("keepalive") + b"\xc3"
    connection.sendall(bytes([0x92]) + text("HELO") + options)
    kind, host, salt, digest, _, _ = reader.value()
    salt = salt if isinstance(salt, bytes) else salt.encode()
    expected = hashlib.sha512(salt + host.encode() + NONCE + key.encode()).hexdigest()
    good = kind == "PING" and digest == expected
    proof = hashlib.sha512(salt + b"receiver" + NONCE + key.encode()).hexdigest()
    reason = text("" if good else "shared_key mismatch")
    connection.sendall(bytes([0x95]) + text("PONG") + (b"\xc3" if good else b"\xc2") + reason + text("receiver") + text(proof))
    return good


def serve(connection, options, out, lock):
    reader = Reader(connection)
    try:
        if options.shared_key and not handshake(connection, reader, options.shared_key):
            return
        while True:
            message = reader.value()
            tag, entries, option = message
            assert option["size"] == len(entries), option
            with lock:
                for (_, seconds, nanoseconds), record in entries:
                    line = {"tag": tag, "seconds": seconds, "nanoseconds": nanoseconds, "record": record}
                    out.write(json.dumps(line) + "\n")
                out.flush()
                lose = options.lose_acks > 0
                options.lose_acks -= 1
            if lose:
                return
            connection.sendall(bytes([0x81]) + text("ack") + text(option["chunk"]))
    except (EOFError, ConnectionError, ssl.SSLError):
        pass
    finally:
        connection.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port_file")
    parser.add_argument("out_file")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--shared-key")
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--lose-acks", type=int, default=0)
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", options.port))
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
        listener = context.wrap_socket(listener, server_side=True)
    with open(options.port_file + ".tmp", "w") as file:
        file.write(str(listener.getsockname()[1]))
    os.rename(options.port_file + ".tmp", options.port_file)
    lock = threading.Lock()
    with open(options.out_file, "a") as out:
        while True:
            try:
                connection, _ = listener.accept()
            except (ssl.SSLError, ConnectionError):
                continue
            threading.Thread(target=serve, args=(connection, options, out, lock), daemon=True).start()


main()
