"""The icap filter: against c-icap with ClamAV, which knows EICAR, and against a server that tells what it was told."""

import gzip
import random
import unittest

from harness import Case, Process
from icap_servers import CIcap, IcapServer, MARK, eicar
from wrappings import BothWays, Shelf

BODIES = {"request-body": "inspect", "response-body": "inspect"}


class IcapCase(Case):
    def icap_filter(self, url, access="inspect", contexts=("request-body", "response-body"), more=""):
        listed = ", ".join(f'"{c}"' for c in contexts)
        return f'[[filter]]\ntype = "icap"\nurl = "{url}"\naccess = "{access}"\ncontexts = [{listed}]\n{more}'

    def serve(self, url, grants=None, access="inspect", contexts=("request-body", "response-body"), more=""):
        self.nginx = self.origin()
        self.nginx.put("hi", b"hello")
        path = self.path(1, origin_port=self.nginx.port)
        path.offer[1] = grants or BODIES
        path.filters[1] = self.icap_filter(url, access, contexts, more)
        path.start()
        return path

    def scripted(self):
        server = IcapServer()
        self.addCleanup(server.stop)
        return server

    def put(self, path, data, name="x", *arguments):
        source = self.directory / f"source-{name}"
        source.write_bytes(data)
        return self.curl(path, "-X", "PUT", "--data-binary", f"@{source}", "-H", "expect:", *arguments, url=f"/up/{name}")

    def uploaded(self, name="x"):
        file = self.nginx.root / "up" / name
        return file.read_bytes() if file.exists() else None


class RealScanner(BothWays, IcapCase):
    """c-icap and ClamAV, by others, as Debian packages them."""

    def setUp(self):
        super().setUp()
        missing = CIcap.missing()
        if missing:
            self.fail(f"the package {missing} is not installed: ./dev setup")
        self.scanner = CIcap(self.directory)
        self.addCleanup(self.scanner.stop)

    def test_eicar_is_stopped_in_both_directions_however_it_is_wrapped(self):
        path = self.serve(self.scanner.url)
        bad = eicar()
        wrapped = {"plain": bad, "gzip": gzip.compress(bad), "in-text": b"some text\n" * 300 + bad + b"\nmore text\n" * 300,
                   "behind-200-kb": b"harmless line\n" * 15000 + bad, "gzip-of-much": gzip.compress(b"harmless line\n" * 15000 + bad)}
        for name, data in wrapped.items():
            code, page, status = self.put(path, data, name)
            self.assertEqual((code, status), (0, "403"), name)
            text = page.decode()
            self.assertIn("Blocked by m1.example (Example)", text)
            self.assertIn(f"the scanner found {CIcap.SIGNATURE}", text)
            self.assertIsNone(self.uploaded(name), "nothing of it at the origin")
            self.nginx.put(name, data)
            code, body, status = self.curl(path, url=f"/{name}")
            self.assertTrue(code in (18, 52, 56) or status == "403", (name, code, status))
            self.assertNotEqual(body, data, "never whole")
            self.assertNotIn(bad, body)
        # curl's own multipart upload
        (self.directory / "form.txt").write_bytes(bad)
        code, page, status = self.curl(path, "-X", "PUT", "-H", "expect:", "-F", "comment=hi", "-F", f"file=@{self.directory}/form.txt", url="/up/form")
        self.assertEqual((code, status), (0, "403"))
        self.assertIn(f"the scanner found {CIcap.SIGNATURE}", page.decode())
        self.assertIsNone(self.uploaded("form"))
        for party in (path.agent, path.gateway):
            self.assertEqual(party.wait_event("filter.blocked")[0]["by"], "m1.example")

    def test_eicar_is_stopped_both_ways_with_its_length_and_in_chunks_of_one_octet(self):  # FI-01, FI-02
        """An inspector lets bodies go on while they are scanned, all but their last record; a writer keeps them back."""
        for access in ("inspect", "write"):
            shelf = Shelf()
            self.addCleanup(shelf.close)
            path = self.path(1, origin_port=shelf.port)
            path.offer[1] = {context: access for context in BODIES}
            path.filters[1] = self.icap_filter(self.scanner.url, access)
            path.start()
            self.assert_stopped_in_every_wrapping(path, shelf, eicar(), f"the scanner found {CIcap.SIGNATURE}".encode(), only_cut=access == "inspect")
            path.stop()

    def test_what_is_clean_passes_octet_by_octet(self):
        path = self.serve(self.scanner.url)
        rng = random.Random(1)
        for name, data in {"text": b"hello world\n" * 10, "preview": b"p" * 1024, "more": b"q" * 1025, "random": rng.randbytes(300_000), "zip": gzip.compress(b"clean" * 9999)}.items():
            code, page, status = self.put(path, data, name)
            self.assertEqual((code, status), (0, "201"), (name, page))
            self.assertEqual(self.uploaded(name), data)
            self.nginx.put(name, data)
            self.assertEqual(self.curl(path, url=f"/{name}")[:2], (0, data), name)
        almost = eicar()[:-1] + b"+"
        self.assertEqual(self.put(path, almost, "almost")[2], "201")


class ScriptedServer(IcapCase):
    def test_without_a_grant_on_heads_the_scanner_is_told_a_made_up_one(self):
        server = self.scripted()
        path = self.serve(server.url, {**BODIES, "request-credentials": "none"}, more="heads = true\n")
        self.assertEqual(self.put(path, b"content", "a-secret-name", "-H", "Cookie: session=secretcookie", "-H", "X-Private: secretfield", "-u", "u:secretword")[2], "201")
        self.curl(path, "-H", "Cookie: session=secretcookie", url="/hi?secretquery")
        asked = [q["heads"] for q in server.seen]
        self.assertEqual(asked[0], b"POST / HTTP/1.1\r\nhost: gateway.example\r\ncontent-type: application/octet-stream\r\n\r\n")
        self.assertTrue(asked[-1].startswith(b"GET / HTTP/1.1\r\nhost: gateway.example\r\n\r\nHTTP/1.1 200 OK\r\n"))
        self.assertNotIn(b"secret", server.octets)
        self.assertIn(b"content", server.octets)

    def test_with_a_grant_on_heads_it_is_told_them_and_no_cookie(self):
        server = self.scripted()
        path = self.serve(server.url, {**BODIES, "request-head": "read", "response-head": "read"}, more="heads = true\n")
        self.assertEqual(self.put(path, b"content", "name", "-H", "Cookie: session=secretcookie", "-H", "X-Told: yes")[2], "201")
        self.assertTrue(server.seen[0]["heads"].startswith(b"PUT /up/name HTTP/1.1\r\nhost: site.example\r\n"))
        self.assertIn(b"x-told: yes\r\n", server.seen[0]["heads"])
        self.curl(path, url="/hi")
        told = server.seen[-1]["heads"]
        self.assertTrue(told.startswith(b"GET /hi HTTP/1.1\r\n"))
        self.assertIn(b"\r\n\r\nHTTP/1.1 200 OK\r\n", told)
        self.assertNotIn(b"secretcookie", server.octets)

    def test_a_large_body_streams_through_and_memory_stays_flat(self):
        server = self.scripted()
        path = self.serve(server.url, more='answer_within = "30s"\n')
        middlebox = path.processes[1]
        self.assertEqual(self.put(path, b"warm")[2], "201")
        before = middlebox.rss_mib(peak=False)
        data = b"0123456789abcdef" * (1 << 19)  # 8 MiB
        self.assertEqual(self.put(path, data, "big")[2], "201")
        self.assertEqual(self.uploaded("big"), data)
        self.assertLess(middlebox.rss_mib() - before, 12)
        code, _, status = self.put(path, data + MARK, "bad")
        self.assertTrue(status == "403" or code in (52, 55, 56), (code, status))
        self.assertNotEqual(self.uploaded("bad"), data + MARK)

    def test_above_the_bound_is_a_failure_that_names_it(self):
        server = self.scripted()
        path = self.serve(server.url, more='message_most = "100KiB"\n')
        self.assertEqual(self.put(path, b"y" * 102400, "fits")[2], "201")
        code, _, status = self.put(path, b"y" * 102401, "above")
        self.assertTrue(status == "403" or code in (52, 55, 56), (code, status))
        self.assertIn("more than 102400 octets", path.processes[1].wait_event("filter.failed")[0]["what"])

    def test_connections_are_used_again_and_options_asked_once(self):
        server = self.scripted()
        path = self.serve(server.url)
        for i in range(10):
            self.assertEqual(self.put(path, b"content %d" % i, f"n{i}")[2], "201")
        self.assertEqual(server.octets.count(b"OPTIONS icap://"), 1)
        self.assertEqual(server.connections, 1)

    # A body is put in the place of another, within what was announced.
    def test_a_writer_changes_bodies_and_refuses_another_length(self):
        server = self.scripted()
        path = self.serve(server.url, {"request-body": "write", "request-head": "read"}, "write", ["request-body"], "heads = true\n")
        change = {"to": b"CONTENT"}

        def adapt(talk, question):
            talk.whole_body(question)
            talk.returns(question, talk.sent_head(question), change["to"])

        server.behave(message=adapt)
        self.assertEqual(self.put(path, b"content")[2], "201")
        self.assertEqual(self.uploaded(), b"CONTENT")
        change["to"] = b"longer content"
        self.assertEqual(self.put(path, b"content", "y")[2], "403")
        self.assertIn("14 octets where 7 were announced", path.processes[1].wait_event("filter.failed")[0]["what"])

    def test_a_writer_takes_a_part_of_the_original(self):
        server = self.scripted()
        path = self.serve(server.url, {"request-body": "write"}, "write", ["request-body"])

        def partial(talk, question):
            talk.whole_body(question)
            talk.returns(question, talk.sent_head(question), b"NEW", "206 Partial", last=b"0; use-original-body=3\r\n\r\n")

        server.behave(message=partial, offer={"Allow": "204, 206"})
        self.assertEqual(self.put(path, b"old rest of it")[2], "201")
        self.assertEqual(self.uploaded(), b"NEW rest of it")
        self.assertIn("204, 206", server.seen[0]["fields"]["allow"])

    # FI-06: with a grant on the body alone, a changed head is refused.
    def test_fi06_a_changed_head_is_refused_where_only_the_body_may_be_written(self):
        server = self.scripted()
        path = self.serve(server.url, {"request-body": "write", "request-head": "read"}, "write", ["request-body"], "heads = true\n")

        def aim_elsewhere(talk, question):
            body = talk.whole_body(question)
            talk.returns(question, talk.sent_head(question).replace(b"/up/x", b"/up/elsewhere"), body)

        server.behave(message=aim_elsewhere)
        self.assertEqual(self.put(path, b"content")[2], "403")
        self.assertIn("changes the head", path.processes[1].wait_event("filter.failed")[0]["what"])
        self.assertIsNone(self.uploaded())
        self.assertIsNone(self.uploaded("elsewhere"))

    def test_a_request_without_a_body_is_asked_about_by_its_head_where_that_is_configured(self):
        server = self.scripted()
        path = self.serve(server.url, {"request-head": "inspect"}, contexts=["request-head"])

        def judge(talk, question):
            talk.blocks(question) if b"GET /forbidden " in question["heads"] else talk.passes()

        server.behave(message=judge)
        self.assertEqual(self.curl(path)[:2], (0, b"hello"))
        code, page, status = self.curl(path, url="/forbidden")
        self.assertEqual((code, status), (0, "403"))
        self.assertIn("The-Bad-Thing", page.decode())

    def test_a_kept_connection_that_the_server_has_closed_is_replaced_unseen(self):
        server = self.scripted()
        path = self.serve(server.url)

        def answer_and_leave(talk, question):
            talk.judges(question)
            talk.close()

        server.behave(message=answer_and_leave)
        for i in range(5):
            self.assertEqual(self.put(path, b"content", f"n{i}")[2], "201")
        self.assertEqual(path.processes[1].find("filter.failed"), [])

    # FI-07: plaintext leaves the machine only where the file says so.
    def test_fi07_a_server_elsewhere_needs_allow_plaintext(self):
        path = self.path(1, origin_port=1)
        path.ports[2] = 1
        path.filters[1] = self.icap_filter("icap://192.0.2.1:1344/scan")
        path.rewrite(1)
        process = Process("middlebox", path.config_path(1))
        self.assertNotEqual(process.process.wait(30), 0)
        process.reader.join(5)
        self.assertIn("allow_plaintext", "".join(process.raw))


if __name__ == "__main__":
    unittest.main(verbosity=2)
