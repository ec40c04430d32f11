"""An origin and a client of HTTP/1.1 that send trailers and keep them, octet by octet."""

import queue
import socket

from harness import DEADLINE
from listening import Listening


class Raw:
    """One message as it came; `trailers` are its lines behind the last chunk, None where it is not chunked."""

    def __init__(self, head):
        self.head, self.body, self.trailers = head, b"", None

    def fields(self, name):
        prefix = name.lower().encode() + b":"
        return [line[len(prefix):].strip() for line in self.head.split(b"\r\n")[1:] if line.lower().startswith(prefix)]


class Cut(Exception):
    """The connection ended within a message; `raw` is what there was of it."""

    def __init__(self, raw):
        super().__init__(f"cut: {raw and raw.head!r} {raw and raw.body!r} {raw and raw.trailers!r}")
        self.raw = raw


def lines_to_empty(file, raw=None):
    lines = []
    while True:
        line = file.readline()
        if not line.endswith(b"\r\n"):
            raise Cut(raw)
        if line == b"\r\n":
            return lines
        lines.append(line[:-2])


def read_message(file):
    """The next message of a connection, read trustingly; None at its end."""
    first = file.readline()
    if not first:
        return None
    raw = Raw(first + b"".join(line + b"\r\n" for line in lines_to_empty(file)))
    if raw.fields("transfer-encoding") == [b"chunked"]:
        while size := int(chunk_line(file, raw), 16):
            raw.body += file.read(size)
            if file.read(2) != b"\r\n":
                raise Cut(raw)
        raw.trailers = lines_to_empty(file, raw)
    elif length := raw.fields("content-length"):
        raw.body = file.read(int(length[0]))
        if len(raw.body) != int(length[0]):
            raise Cut(raw)
    return raw


def chunk_line(file, raw):
    line = file.readline()
    if not line.endswith(b"\r\n"):
        raise Cut(raw)
    return line


def chunked(body, trailers=()):
    chunk = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
    return chunk + b"0\r\n" + b"".join(line + b"\r\n" for line in trailers) + b"\r\n"


class TrailingOrigin(Listening):
    """Answers each whole request in chunks, with the trailers that `answer(request)` returns. `requests` holds what came whole, `cut` what did not."""

    def __init__(self, answer=lambda request: [b"X-Sum: 3"]):
        self.answer = answer
        self.requests, self.cut = queue.Queue(), queue.Queue()
        super().__init__()

    def serve(self, s):
        with s, s.makefile("rb") as file:
            s.settimeout(DEADLINE)
            try:
                while request := read_message(file):
                    self.requests.put(request)
                    s.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"ok", self.answer(request)))
            except Cut as cut:
                self.cut.put(cut.raw)
            except OSError:
                self.cut.put(None)


class TrailingClient:
    """An application on a connection to an agent."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self.file = self.socket.makefile("rb")

    def ask(self, trailers=(), body=b"hello", fields=(b"TE: trailers", b"Connection: TE"), framing=b"Transfer-Encoding: chunked"):
        """The answer to a POST with these trailers."""
        head = [b"POST http://site.example/p HTTP/1.1", b"Host: site.example", *fields, framing]
        self.socket.sendall(b"\r\n".join(head) + b"\r\n\r\n" + (chunked(body, trailers) if b"chunked" in framing else body))
        return self.answer()

    def answer(self):
        """@raises Cut  it was cut off, in whatever way"""
        try:
            return read_message(self.file)
        except ConnectionResetError:
            raise Cut(None) from None

    def close(self):
        self.file.close()
        self.socket.close()
