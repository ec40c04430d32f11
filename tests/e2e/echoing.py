"""An origin that tells everybody what it was given: the credential of a request, in any spelling, in any place of its answer."""

import base64
import gzip
import http.server
import socket
import threading
import time
import urllib.parse

PAUSE = 0.03  # between pieces of an answer, so that they become records of their own

SPELLINGS = {
    "raw": lambda k: k,
    "percent": lambda k: "".join(f"%{ord(c):02X}" if not c.isalnum() else c for c in k).encode().decode(),
    "percent-all": lambda k: "".join(f"%{ord(c):02x}" for c in k),
    "json": lambda k: k.replace("/", "\\/").replace("+", "\\u002b"),
    "html": lambda k: k.replace("&", "&amp;").replace("+", "&#43;").replace("/", "&#x2F;"),
    "hex": lambda k: k.encode().hex(),
    "hex-upper": lambda k: k.encode().hex().upper(),
    **{f"base64-{n}": (lambda k, n=n: base64.b64encode(b"Bearer "[:n] + k.encode() + b" and on").decode()) for n in range(3)},
    **{f"base64url-{n}": (lambda k, n=n: base64.urlsafe_b64encode(b"Bearer "[:n] + k.encode() + b" and on").decode()) for n in range(3)},
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        origin = self.server.owner
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        origin.seen.append((self.headers.get("Host"), self.path, self.headers.get("Authorization"), self.headers.get("Accept-Encoding"), self.headers.get("Range")))
        if given:
            origin.last = given
        spelt = SPELLINGS[query.get("as", "raw")](origin.last)
        what = url.path.rsplit("/", 1)[-1]
        if what == "echo":
            return self.pieces(f"before {spelt} behind", [int(n) for n in query.get("cuts", "").split(",") if n])
        if what == "gzip":
            return self.answer(200, gzip.compress(f"you sent {spelt}".encode()), [("Content-Encoding", "gzip")])
        if what == "redirect":
            return self.answer(302, b"", [("Location", f"http://other.example/?k={spelt}")])
        if what == "move":
            return self.answer(302, b"", [("Location", "http://other.example/v1/plain")])
        if what == "error":
            return self.answer(500, f"<h1>bad key {spelt}</h1>".encode(), [("Content-Type", "text/html")])
        if what == "cached":
            return self.answer(200, b"x", [("ETag", f'"{spelt}"'), ("Cache-Control", "public, max-age=600")])
        if what == "cookie":
            return self.answer(200, b"x", [("Set-Cookie", f"k={spelt}")])
        if what == "part":
            return self.answer(206, spelt[:4].encode(), [("Content-Range", "bytes 0-3/9")])
        return self.answer(200, b"hello", [])

    def answer(self, status, body, fields):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def pieces(self, text, cuts):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        data, at = text.encode(), 0
        for cut in [*cuts, len(data)]:
            if cut > at:
                self.wfile.write(b"%x\r\n%s\r\n" % (cut - at, data[at:cut]))
                self.wfile.flush()
                if cut < len(data):
                    time.sleep(PAUSE)
            at = max(cut, at)
        self.wfile.write(b"0\r\n\r\n")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that hangs up is what is tested here."""


class Echoing:
    """`seen`: (host, target, authorization, accept-encoding, range) of each request."""

    def __init__(self):
        self.seen, self.last = [], "nothing-yet"
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.owner = self
        self.server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)
