"""One forbidden thing in all that it comes in: as it is, compressed, as a file of a form, with its length or in chunks of one octet, to a server and from one."""

import gzip
import socket

from harness import DEADLINE
from listening import Listening
from recording import Malformed, Messages

BOUNDARY = "----part-of-a-test"


def multipart(data):
    """What a browser makes of a form with a line and a file."""
    return (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="comment"\r\n\r\nhi\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\n').encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()


def wrapped(data):
    """name -> body, fields that say what it is"""
    form = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return {"plain": (data, {}), "gzip": (gzip.compress(data), {"content-encoding": "gzip"}), "multipart": (multipart(data), form),
            "gzip of multipart": (gzip.compress(multipart(data)), {**form, "content-encoding": "gzip"})}


def framed(body, fields, in_chunks):
    """The rest of a message behind its first lines: with its length, or in chunks of one octet."""
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    if not in_chunks:
        return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
    return f"{head}transfer-encoding: chunked\r\n\r\n".encode() + b"".join(b"1\r\n%c\r\n" % octet for octet in body) + b"0\r\n\r\n"


class Shelf(Listening):
    """An origin that keeps whole bodies by their target (`got`) and gives what was put there (`things`: target -> body, fields, in_chunks)."""

    def __init__(self):
        self.things, self.got = {}, {}
        super().__init__()

    def serve(self, s):
        messages, answered = Messages(), 0
        with s:
            try:
                while data := s.recv(65536):
                    messages.feed(data)
                    for request in messages.done[answered:]:
                        s.sendall(self.answer(request))
                    answered = len(messages.done)
            except (OSError, Malformed):
                return  # a filter has cut it off

    def answer(self, request):
        if request.method() == "PUT":
            self.got[request.target()] = request.body
            return b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n"
        if request.target() not in self.things:
            return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
        return b"HTTP/1.1 200 OK\r\n" + framed(*self.things[request.target()])


def put(port, target, body, fields, in_chunks):
    """A PUT through the agent; the whole answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.sendall(f"PUT http://site.example{target} HTTP/1.1\r\nhost: site.example\r\nconnection: close\r\n".encode() + framed(body, fields, in_chunks))
        out = b""
        while more := s.recv(65536):
            out += more
        return out


class BothWays:
    """For a Case whose path has a Shelf behind it."""

    def assert_stopped_in_every_wrapping(self, path, shelf, bad, reason, only_cut=False):
        """And that the same passes when it differs in its last octet, so that it is the thing that is stopped.
        `only_cut`: downloads go on while they are scanned, so what a client gets of one may hold the thing, and ends as no whole message."""
        good = bad[:-1] + b"+"
        for in_chunks in (False, True):
            for name, (body, fields) in wrapped(bad).items():
                target = f"/bad-{name.replace(' ', '-')}-{in_chunks}"
                with self.subTest(wrapping=name, in_chunks=in_chunks):
                    answer = put(path.ports[0], target, body, fields, in_chunks)
                    self.assertEqual(answer.split(b" ", 2)[1], b"403", answer)
                    self.assertIn(b"Blocked by m1.example", answer)
                    self.assertIn(reason, answer)
                    self.assertNotIn(target, shelf.got, "not whole at the origin")
                    shelf.things[target] = (body, fields, in_chunks)
                    code, came, status = self.curl(path, url=target)
                    self.assertTrue(code in (18, 52, 56) or (code, status) == (0, "403"), (code, status))
                    self.assertNotEqual(came, body, "not whole at the client")
                    if not only_cut:
                        self.assertNotIn(bad, came)
            for name, (body, fields) in wrapped(good).items():
                target = f"/good-{name.replace(' ', '-')}-{in_chunks}"
                with self.subTest(wrapping=name, in_chunks=in_chunks, good=True):
                    answer = put(path.ports[0], target, body, fields, in_chunks)
                    self.assertEqual(answer.split(b" ", 2)[1], b"201", answer)
                    self.assertEqual(shelf.got[target], body)
                    shelf.things[target] = (body, fields, in_chunks)
                    self.assertEqual(self.curl(path, url=target), (0, body, "200"))
