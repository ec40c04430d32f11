"""The scan in real processes: codings, bombs, ranges, rules from a file, and matches that are replaced as an answer streams by; and the filter that compresses."""

import gzip
import subprocess
import threading
import unittest
import zlib

from harness import FULL, LOUVER, Case
from test_streaming import Origin, Reader, chunk
from wrappings import BothWays, Shelf

# The test pattern of all virus scanners, not as a whole.
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STAND" + "ARD-ANTIVIRUS-TEST-FILE!$H+H*"
RULE = '[[filter.rules]]\nname = "eicar"\npattern = \'X5O!P%@AP\\[4\\\\PZX54\\(P\\^\\)7CC\\)7}\\$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!\\$H\\+H\\*\'\n'
BOTH = {"request-head": "read", "request-body": "inspect", "response-head": "read", "response-body": "inspect"}


def bomb(octets):
    """Zeros in gzip, made without holding them: a thousandth of their size."""
    coder = zlib.compressobj(9, zlib.DEFLATED, 31)
    piece = bytes(1 << 20)
    out = [coder.compress(piece) for _ in range(octets >> 20)]
    return b"".join(out) + coder.flush()


class Scan(BothWays, Case):
    def serve(self, grants, filters, locations=""):
        nginx = self.origin(locations)
        nginx.put("hi", b"hello")
        path = self.path(1, origin_port=nginx.port)
        path.offer[1] = grants
        path.filters[1] = filters
        path.start()
        return nginx, path

    def scan(self, contexts, more="", rule=RULE):
        listed = ", ".join(f'"{one}"' for one in contexts)
        return f'[[filter]]\ntype = "scan"\ncontexts = [{listed}]\n{more}{rule}'

    def upload(self, path, data, name, *arguments):
        file = self.directory / "upload"
        file.write_bytes(data)
        return self.curl(path, "-X", "PUT", "--data-binary", f"@{file}", "-H", "Expect:", *arguments, url=f"/up/{name}")

    def test_eicar_is_stopped_both_ways_in_whatever_it_is_wrapped(self):  # FI-01, FI-02
        coded = "location /gz/ { add_header Content-Encoding gzip; } location /br/ { add_header Content-Encoding br; }"
        nginx, path = self.serve(BOTH, self.scan(["request-body", "response-body"]), coded)
        evil = EICAR.encode()
        (nginx.root / "gz").mkdir()
        (nginx.root / "br").mkdir()
        nginx.put("plain", evil)
        nginx.put("gz/evil", gzip.compress(b" " * 70000 + evil))
        nginx.put("gz/good", gzip.compress(b"nothing" * 10000))
        nginx.put("gz/two", gzip.compress(evil[:30]) + gzip.compress(evil[30:]))
        nginx.put("gz/cut", gzip.compress(b"harmless" * 1000)[:-9])
        nginx.put("br/evil", subprocess.run(["brotli", "-c"], input=evil * 3, capture_output=True, check=True).stdout)
        for name in ("plain", "gz/evil", "gz/two", "gz/cut", "br/evil"):
            code, body, status = self.curl(path, url=f"/{name}")
            self.assertTrue(status == "403" or code in (18, 52, 56), (name, code, status))
            self.assertNotIn(evil, body)
        self.assertEqual(self.curl(path, "--compressed", url="/gz/good")[:2], (0, b"nothing" * 10000))
        plain = self.directory / "plain"
        plain.write_bytes(evil)
        uploads = {"plain": self.upload(path, evil, "plain"), "gzip": self.upload(path, gzip.compress(evil), "gzip", "-H", "Content-Encoding: gzip"),
                   "unknown": self.upload(path, b"anything", "unknown", "-H", "Content-Encoding: made-up"),
                   "multipart": self.curl(path, "-X", "PUT", "-F", f"f=@{plain}", url="/up/multipart")}
        for name, (code, body, status) in uploads.items():
            self.assertEqual((code, status), (0, "403"), name)
            self.assertIn(b"Blocked by m1.example", body)
            self.assertFalse((nginx.root / "up" / name).exists(), name)
        self.assertEqual(self.upload(path, gzip.compress(b"fine"), "fine", "-H", "Content-Encoding: gzip")[2], "201")
        self.assertEqual(self.curl(path)[:2], (0, b"hello"))

    def test_eicar_is_stopped_both_ways_with_its_length_and_in_chunks_of_one_octet(self):  # FI-01, FI-02
        shelf = Shelf()
        self.addCleanup(shelf.close)
        path = self.path(1, origin_port=shelf.port)
        path.offer[1] = BOTH
        path.filters[1] = self.scan(["request-body", "response-body"])
        path.start()
        self.assert_stopped_in_every_wrapping(path, shelf, EICAR.encode(), b"eicar")

    def test_a_bomb_takes_no_memory_in_either_direction(self):  # FI-03
        nginx, path = self.serve(BOTH, self.scan(["request-body", "response-body"], 'ratio_most = 2000\ndecoded_most = "256MiB"\n'),
                                 "location /gz/ { add_header Content-Encoding gzip; }")
        (nginx.root / "gz").mkdir()
        data = bomb((10 << 30) if FULL else (1 << 30))  # the 10 GiB out of 10 MiB
        nginx.put("gz/bomb", data)
        self.assertEqual(self.curl(path)[:2], (0, b"hello"))
        middlebox = path.processes[1]
        before = middlebox.rss_mib()
        code, body, status = self.curl(path, url="/gz/bomb", timeout=120)
        self.assertTrue(status == "403" or code in (18, 52, 56), (code, status))
        self.assertLess(len(body), len(data))
        code, body, status = self.upload(path, data, "bomb", "-H", "Content-Encoding: gzip")
        self.assertFalse((nginx.root / "up/bomb").exists())
        self.assertTrue(status == "403" or code in (18, 52, 55, 56), (code, status))
        self.assertLess(middlebox.rss_mib() - before, 100)
        reasons = " ".join(e["reason"] for e in path.agent.find("filter.blocked"))
        self.assertIn("decodes to more than 268435456 octets", reasons)
        self.assertEqual(self.curl(path)[:2], (0, b"hello"))

    def test_a_bomb_is_stopped_by_its_ratio_by_default(self):  # FI-03
        nginx, path = self.serve(BOTH, self.scan(["response-body"]), "location /gz/ { add_header Content-Encoding gzip; }")
        (nginx.root / "gz").mkdir()
        nginx.put("gz/bomb", bomb(64 << 20))
        code, _, status = self.curl(path, url="/gz/bomb")
        self.assertTrue(status == "403" or code in (18, 52, 56), (code, status))
        self.assertIn("200 times its size", path.agent.wait_event("filter.blocked")[0]["reason"])

    RANGES = ["bytes=0-", "bytes=1-", "bytes=0-0", "bytes=0-33", "bytes=34-", "bytes=-34", "bytes=0-33,34-67", "bytes=34-67,0-33", "bytes=0-0,1-1,2-2", "bytes=5-5, 6-"]

    def test_no_forbidden_thing_comes_in_ranges(self):  # FI-04
        for grant in ("read", "write"):
            with self.subTest(grant):
                self.setUp()
                nginx, path = self.serve({**BOTH, "request-head": grant}, self.scan(["response-body"]))
                nginx.put("evil", EICAR.encode())
                nginx.put("good", b"0123456789" * 10)
                for one in self.RANGES:
                    code, body, status = self.curl(path, "-H", f"Range: {one}", url="/evil")
                    self.assertTrue(status == "403" or code in (18, 52, 56), (one, code, status))  # the head may be out already
                    self.assertFalse(EICAR.encode()[:30] in body or EICAR.encode()[-30:] in body, one)
                    code, body, status = self.curl(path, "-H", f"Range: {one}", url="/good")
                    if grant == "write":
                        self.assertEqual((code, status, body), (0, "200", b"0123456789" * 10), one)
                    else:
                        self.assertTrue(status == "403" or code in (18, 52, 56), (one, code, status))
                if grant == "read":
                    self.assertIn("a part of something", path.agent.wait_event("filter.blocked")[0]["reason"])

    def test_a_secret_is_replaced_wherever_it_is_cut_and_events_are_not_delayed(self):  # FI-01
        got = []

        def behaviour(s):
            s.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            for piece in (b"data: hello\n\n", b"data: mail bob@exam", b"ple.org now\n\n"):
                s.sendall(chunk(piece))
                got.append(piece)
                asked.acquire()
            s.sendall(b"0\r\n\r\n")

        asked = threading.Semaphore(0)
        origin = Origin(behaviour)
        self.addCleanup(origin.close)
        path = self.path(1, origin_port=origin.port)
        path.offer[1] = {"request-head": "write", "response-head": "read", "response-body": "write"}
        path.filters[1] = self.scan(["response-body"], 'on_match = "replace"\nfill = "*"\n', '[[filter.rules]]\nname = "mail"\npattern = "[a-z]{1,20}@[a-z]{1,20}[.]org"\n')
        path.start()
        reader = Reader(path.ports[0])
        reader.socket.sendall(b"GET http://site.example/ HTTP/1.1\r\nhost: site.example\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n")
        reader.until(b"data: hello\n\n")  # before anything else was said
        asked.release()
        reader.until(b"data: mail ")  # what comes next may be a match
        self.assertEqual(len(got), 2)
        self.assertNotIn(b"bob", reader.said)
        asked.release()
        reader.until(b" now\n\n")
        asked.release()
        self.assertIn(b"accept-encoding: identity", origin.heads.get(timeout=5).lower())
        self.assertEqual(path.processes[1].wait_event("filter.matched")[0]["rule"], "mail")

    def test_an_upload_keeps_its_length_and_all_else_when_a_secret_in_it_is_replaced(self):
        nginx, path = self.serve({"request-head": "read", "request-body": "write"},
                                 self.scan(["request-body"], 'on_match = "replace"\n', '[[filter.rules]]\nname = "card"\npattern = "4[0-9]{15}"\n'))
        data = b"".join(b"%d: card=4111111111111111;\n" % i for i in range(5000))
        self.assertEqual(self.upload(path, data, "cards")[2], "201")
        self.assertEqual((nginx.root / "up/cards").read_bytes(), data.replace(b"4111111111111111", b"x" * 16))

    def test_a_thousand_rules_come_from_a_file_and_a_fault_in_it_is_told_with_its_line(self):
        rules = self.directory / "rules.txt"
        rules.write_text("# secrets\n" + "".join(f"rule-{i} secret-{i}-[a-z0-9]{{16,32}}\n" for i in range(1000)))
        nginx, path = self.serve(BOTH, self.scan(["request-body"], 'rules_file = "rules.txt"\n', ""))
        self.assertEqual(self.upload(path, b"a secret-998-0123456789abcdef", "x")[2], "403")
        self.assertEqual(path.processes[1].wait_event("filter.matched")[0]["rule"], "rule-998")
        self.assertEqual(self.upload(path, b"a secret-1000-0123456789abcdef", "y")[2], "201")
        for wrong, why in (("one x\ntwo (x\n", 'rules.txt:2: rule "two"'), ("one x\none y\n", "rules.txt:2"), ("one\n", "rules.txt:1: a name without a pattern")):
            rules.write_text(wrong)
            done = subprocess.run([LOUVER, "middlebox", "--check", "--config", str(path.config_path(1))], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            self.assertIn(why, done.stderr + done.stdout)


class Compress(Case):
    def serve(self, more="", grants=None):
        nginx = self.origin('types { text/html html; image/png png; } location /events/ { default_type text/event-stream; }')
        self.page = nginx.put("page.html", b"".join(b"<p>line %d of a page</p>\n" % i for i in range(20000)))
        nginx.put("picture.png", self.page)
        path = self.path(1, origin_port=nginx.port)
        path.offer[1] = grants or {"request-head": "read", "request-credentials": "read", "response-head": "write", "response-body": "write"}
        path.filters[1] = '[[filter]]\ntype = "compress"\n' + more
        return nginx, path.start()

    def test_pages_come_smaller_and_are_the_same(self):
        nginx, path = self.serve()
        for coding in ("gzip", "br"):
            code, body, said = self.curl(path, "-D", "-", "-H", f"Accept-Encoding: {coding}", url="/page.html")
            self.assertEqual(code, 0)
            self.assertLess(len(body), len(self.page) / 4)
            self.assertIn(f"content-encoding: {coding}", said.lower())
            self.assertIn("vary: accept-encoding", said.lower())
            self.assertIn('etag: w/"', said.lower())
            self.assertNotIn("content-length", said.lower())
        self.assertEqual(self.curl(path, "--compressed", url="/page.html")[:2], (0, self.page))
        self.assertEqual(self.curl(path, "--compressed", "--http1.0", url="/page.html")[:2], (0, self.page))
        for plain in (("/page.html",), ("/picture.png", "-H", "Accept-Encoding: gzip"), ("/page.html", "-H", "Accept-Encoding: gzip", "-H", "Cookie: s=1")):
            code, body, said = self.curl(path, "-D", "-", *plain[1:], url=plain[0])
            self.assertEqual((code, body), (0, self.page), plain)
            self.assertNotIn("content-encoding", said.lower())

    def test_beside_secrets_only_where_the_file_says_so(self):  # FI-10
        nginx, path = self.serve("allow_beside_secrets = true\n")
        _, body, said = self.curl(path, "-D", "-", "-H", "Accept-Encoding: gzip", "-H", "Cookie: s=1", url="/page.html")
        self.assertIn("content-encoding: gzip", said.lower())
        self.assertEqual(gzip.decompress(body), self.page)


if __name__ == "__main__":
    unittest.main(verbosity=2)
