"""http/1 with real clients, and stream/1 with a real socket."""

import os
import socket
import threading
import unittest

from harness import Case


class Http(Case):
    def setUp(self):
        super().setUp()
        self.nginx = self.origin()
        self.nginx.put("hi", b"hello")
        self.nginx.put("other", b"other")
        self.served = self.path(2, origin_port=self.nginx.port)
        self.served.offer = {1: {"request-head": "read", "request-body": "inspect"}, 2: {"response-head": "write", "response-body": "write"}}
        self.served.filters = {1: '[[filter]]\ntype = "log"\n', 2: '[[filter]]\ntype = "edit"\nadd = { x-edited = "by m2" }\nremove = ["etag"]\n'}
        self.served.start()

    def test_the_writer_changes_what_it_may_and_nothing_else(self):
        code, body, _ = self.curl(self.served, "-D", str(self.directory / "head"))
        head = (self.directory / "head").read_text().lower()
        self.assertEqual((code, body), (0, b"hello"))
        self.assertIn("x-edited: by m2", head)
        self.assertNotIn("etag", head)
        self.assertIn("content-length: 5", head)

    def test_head_204_304_and_404(self):
        self.assertEqual(self.curl(self.served, "-I")[2], "200")
        self.assertEqual(self.curl(self.served, url="/empty")[2], "204")
        self.assertEqual(self.curl(self.served, "-H", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT")[2], "304")
        self.assertEqual(self.curl(self.served, url="/nowhere")[2], "404")

    def test_chunked_upload_and_100_continue(self):
        data = os.urandom(700_000)
        source = self.directory / "source"
        source.write_bytes(data)
        code, _, status = self.curl(self.served, "-H", "Transfer-Encoding: chunked", "-T", str(source), url="/up/chunked")
        self.assertEqual((code, status), (0, "201"))
        self.assertEqual((self.nginx.root / "up/chunked").read_bytes(), data)
        code, _, status = self.curl(self.served, "-H", "Expect: 100-continue", "-T", str(source), url="/up/expect")
        self.assertEqual((code, status), (0, "201"))
        self.assertEqual((self.nginx.root / "up/expect").read_bytes(), data)

    def test_pipelined_requests_are_answered_in_their_order(self):
        with socket.create_connection(("127.0.0.1", self.served.ports[0]), timeout=20) as s:
            one = b"GET http://site.example/hi HTTP/1.1\r\nHost: site.example\r\n\r\n"
            two = b"GET http://site.example/other HTTP/1.1\r\nHost: site.example\r\n%s\r\n"
            s.sendall(one + two % b"" + one + two % b"Connection: close\r\n")
            said = b""
            while more := s.recv(65536):
                said += more
        bodies = [part.split(b"\r\n\r\n", 1)[1] for part in said.split(b"HTTP/1.1 200 OK")[1:]]
        self.assertEqual(bodies, [b"hello", b"other", b"hello", b"other"])

    def test_one_connection_many_requests(self):
        code, _, status = self.curl(self.served, "http://site.example/hi", "http://site.example/other", url="/hi")
        self.assertEqual(code, 0)
        self.assertEqual(status, "200other200hello200")  # the bodies of the second and third go where the figures go

    def test_ambiguous_requests_are_refused_and_reach_nobody(self):
        for raw in (b"GET http://site.example/hi HTTP/1.1\r\nHost: site.example\r\nHost: other\r\n\r\n",
                    b"POST http://site.example/hi HTTP/1.1\r\nHost: site.example\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    b"GET http://site.example/hi HTTP/1.1\nHost: site.example\n\n",
                    b"GET http://site.example/hi HTTP/1.1\r\nHost: other.example\r\n\r\n",
                    b"GET /hi HTTP/1.1\r\nHost : site.example\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", self.served.ports[0]), timeout=20) as s:
                s.sendall(raw)
                said = b""
                while more := s.recv(65536):
                    said += more
            self.assertTrue(said.startswith(b"HTTP/1.1 400 "), (raw, said[:80]))
        self.assertEqual(self.served.gateway.find("session.end"), [])


class Stream(Case):
    def test_bytes_both_ways_with_half_close(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            def echo_reversed():
                peer, _ = server.accept()
                with peer:
                    data = b""
                    while more := peer.recv(65536):
                        data += more
                    peer.sendall(data[::-1])

            threading.Thread(target=echo_reversed, daemon=True).start()
            path = self.path(2, profile="stream/1", origin_port=server.getsockname()[1])
            path.offer = {1: {"upstream": "read"}, 2: {"downstream": "write"}}
            path.filters[1] = '[[filter]]\ntype = "log"\n'
            path.start()
            data = os.urandom(3_000_000)
            with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=20) as s:
                sender = threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR)))
                sender.start()
                got = b""
                while more := s.recv(65536):
                    got += more
                sender.join()
            self.assertEqual(got, data[::-1])
            self.assertEqual(path.processes[1].wait_event("message")[0]["octets"], len(data))


if __name__ == "__main__":
    unittest.main(verbosity=2)
