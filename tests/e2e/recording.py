"""A raw origin that keeps every octet it is sent, and a reader of HTTP that takes the one form of docs/protocol.md, annex A, and nothing else."""

import re
import socket
import threading

from listening import Listening

LINE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32} (?:/[!-~]*|\*) HTTP/1\.1")
STATUS = re.compile(rb"HTTP/1\.1 [1-5][0-9]{2} [\t -~\x80-\xff]*")
FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9a-z]+): ([!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?")
LENGTH = re.compile(rb"0|[1-9][0-9]*")
CHUNK = re.compile(rb"[1-9a-f][0-9a-f]{0,15}")
ANY_CHUNK = re.compile(rb"[0-9a-fA-F]{1,16}")


class Malformed(Exception):
    """Octets that no strict reader takes."""


class Message:
    """One request or response; `whole` says whether all of it is there."""

    def __init__(self, head, any_case=False):
        self.head, self.body, self.whole = head, b"", False
        lines = head[:-4].split(b"\r\n")
        self.line = lines[0]
        self.fields = []
        for line in lines[1:]:
            match = FIELD.fullmatch(re.sub(rb"^[^:]+:", lambda name: name[0].lower(), line) if any_case else line)
            if not match:
                raise Malformed(f"field {line!r}")
            self.fields.append((match[1].decode("latin-1"), (match[2] or b"").decode("latin-1")))

    def all(self, name):
        return [value for key, value in self.fields if key == name]

    def status(self):
        return int(self.line[9:12])

    def target(self):
        return self.line.split(b" ")[1].decode("latin-1")

    def method(self):
        return self.line.split(b" ")[0].decode("latin-1")


class Messages:
    """Cuts the octets of a connection into messages. `methods` (of the requests, in their order) makes them responses; `any_case` lets
    names of fields be written as other programs do."""

    def __init__(self, methods=None, any_case=False):
        self.rest, self.done, self.open, self.methods, self.any_case = b"", [], None, methods, any_case
        self.left = None  # octets of the body or chunk; None: chunk line or head

    def feed(self, data):
        self.rest += data
        while self._step():
            pass
        return self.done

    def _step(self):
        if self.open is None:
            return self._head()
        return {"length": self._counted, "chunked": self._chunked, "close": self._rest}[self.framing]()

    def _head(self):
        end = self.rest.find(b"\r\n\r\n")
        if end < 0:
            return False
        message = Message(self.rest[:end + 4], self.any_case)
        if not (LINE if self.methods is None else STATUS).fullmatch(message.line):
            raise Malformed(f"first line {message.line!r}")
        self.rest = self.rest[end + 4:]
        self.open, self.left = message, 0
        self._frame(message)
        if self.methods is None and [name for name, _ in message.fields].count("host") != 1:
            raise Malformed("host is not there once")
        if self.framing == "length" and self.left == 0:
            self._finish()
        return True

    def _frame(self, message):
        lengths, codings = message.all("content-length"), message.all("transfer-encoding")
        if len(lengths) + len(codings) > 1 or codings not in ([], ["chunked"]) or not all(LENGTH.fullmatch(n.encode()) for n in lengths):
            raise Malformed(f"framing {lengths} {codings}")
        if self.methods is not None:
            interim = message.status() < 200
            method = self.methods[0] if interim else self.methods.pop(0) if self.methods else None
            if method is None:
                raise Malformed("an answer to nothing")
            if interim or method == "HEAD" or message.status() in (204, 304):
                lengths, codings = ["0"], []
        if codings:
            self.framing, self.left = "chunked", None
        elif lengths or self.methods is None:
            self.framing, self.left = "length", int(lengths[0]) if lengths else 0
        else:
            self.framing = "close"

    def _counted(self):
        piece, self.rest = self.rest[:self.left], self.rest[self.left:]
        self.open.body += piece
        self.left -= len(piece)
        if self.left == 0:
            self._finish()
            return True
        return False

    def _chunked(self):
        if self.left is None:
            end = self.rest.find(b"\r\n")
            if end < 0:
                return False
            if self.rest[:end] == b"0":
                if len(self.rest) < end + 4:
                    return False
                if self.rest[end + 2:end + 4] != b"\r\n":
                    raise Malformed("trailers")
                self.rest = self.rest[end + 4:]
                self._finish()
                return True
            if not (ANY_CHUNK if self.any_case else CHUNK).fullmatch(self.rest[:end]):
                raise Malformed(f"chunk line {self.rest[:end]!r}")
            self.left, self.rest = int(self.rest[:end], 16), self.rest[end + 2:]
        if len(self.rest) < self.left + 2:
            return False
        if self.rest[self.left:self.left + 2] != b"\r\n":
            raise Malformed("chunk end")
        self.open.body += self.rest[:self.left]
        self.rest, self.left = self.rest[self.left + 2:], None
        return True

    def _rest(self):
        self.open.body += self.rest
        self.rest = b""
        return False

    def end(self):
        """The connection was closed in order."""
        if self.open is not None and self.framing == "close":
            self._finish()
        return self.done

    def _finish(self):
        self.open.whole = True
        self.done.append(self.open)
        self.open = None


class Recording(Listening):
    """Keeps what every connection brought; answers each whole request with 200 and its target, as one may who reads strictly."""

    def __init__(self, any_case=False):
        self.any_case = any_case
        self.connections = []
        self.lock = threading.Lock()
        super().__init__()

    def serve(self, s):
        kept = bytearray()
        with self.lock:
            self.connections.append(kept)
        messages, answered, continued = Messages(any_case=self.any_case), 0, False
        with s:
            try:
                while data := s.recv(65536):
                    kept += data
                    messages.feed(data)
                    if messages.open is not None and messages.open.all("expect") and not continued:
                        continued = True
                        s.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                    for request in messages.done[answered:]:
                        s.sendall(self.answer(request))
                        continued = False
                        if [one.lower() for one in request.all("connection")] == ["close"]:
                            return
                    answered = len(messages.done)
            except (OSError, Malformed):
                return  # the octets are kept, and whoever looks at them finds the same

    @staticmethod
    def answer(request):
        body = request.line.split(b" ")[1]
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n" % len(body)
        return head if request.method() == "HEAD" else head + body

    def all(self):
        with self.lock:
            return [bytes(one) for one in self.connections]


def exchange(port, raw, methods, half_close=False, timeout=20, stop_at=None, any_case=False):
    """Sends `raw` and reads until the connection ends or `stop_at` final answers are whole.
    @return messages, how it ended ("open", "closed", "reset"), the socket (the caller's to close), octets that came"""
    s = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    messages, ended, said = Messages(list(methods), any_case), "open", b""
    try:
        s.sendall(raw)
        if half_close:
            s.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # it was told to go away before it had said all
    while stop_at is None or len([m for m in messages.done if m.status() >= 200]) < stop_at:
        try:
            data = s.recv(65536)
        except ConnectionError:
            ended = "reset"
            break
        if not data:
            ended = "closed"
            messages.end()
            break
        said += data
        messages.feed(data)
    return messages, ended, s, said
