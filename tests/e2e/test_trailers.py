"""Trailers of chunked messages through real processes: in contexts of their own where both ends want them, and never in a head."""

import json
import pathlib
import shutil
import subprocess
import unittest

from harness import LOUVER, Case, wait_for
from trailing import Cut, TrailingClient, TrailingOrigin

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "filters"
KEY = "trailers = true\n"
CONTEXTS = ("request-trailers", "response-trailers")
LOG = '[[filter]]\ntype = "log"\npayload = true\n'

# Appends to a message of trailers whatever the hexadecimal digits of its x-insert say.
INSERTING = """
import re
from louver_filter import passes, replaces, serve
def judge(question, data):
    wanted = re.search(rb"x-insert: ([0-9a-f]*)", data)
    return replaces(data + bytes.fromhex(wanted[1].decode())) if wanted else passes()
serve(judge)
"""

# What must not stand behind a body, as a middlebox would write it.
HOSTILE = (b"content-length: 0\r\n", b"authorization: Basic eDp5\r\n", b"host: other.example\r\n", b"transfer-encoding: chunked\r\n", b"cookie: a=b\r\n",
           b"set-cookie: a=b\r\n", b"connection: close\r\n", b"content-type: text/html\r\n", b"content_length: 0\r\n", b"cache-control: no-store\r\n",
           b"x-forwarded-for: 10.0.0.1\r\n", b"louver-client: root.example\r\n", b"louver_client: root.example\r\n", b"Host: other.example\r\n",
           b"\r\nGET /admin HTTP/1.1\r\nhost: site.example\r\n\r\n", b"x: 1\nhost: other.example\r\n")


class Trailers(Case):
    def serve(self, offer=None, filters="", answer=None, agent=KEY, gateway=KEY, agree=True):
        self.served = TrailingOrigin(**({"answer": answer} if answer else {}))
        self.addCleanup(self.served.close)
        path = self.path(1, origin_port=self.served.port)
        path.offer[1] = offer or {}
        path.filters[1] = filters
        path.route = agent
        path.extra["gateway"] = gateway
        return path.start(agree)

    def client(self, path):
        made = TrailingClient(path.ports[0])
        self.addCleanup(made.close)
        return made

    def exchange(self, path, trailers=(b"X-Sum: 17",), **options):
        """What the origin got and what the application got."""
        answer = self.client(path).ask(trailers, **options)
        return self.served.requests.get(timeout=30), answer


class Carried(Trailers):
    def assert_carried(self, path):
        request, answer = self.exchange(path)
        self.assertEqual((request.body, request.trailers), (b"hello", [b"x-sum: 17"]))
        self.assertEqual((request.fields("te"), request.fields("connection")), ([b"trailers"], [b"TE"]))
        self.assertNotIn(b"x-sum", request.head)
        self.assertEqual((answer.body, answer.trailers), (b"ok", [b"x-sum: 3"]))
        self.assertNotIn(b"x-sum", answer.head)

    def test_both_ways_past_a_middlebox_without_the_grant(self):
        bodies = {"request-head": "read", "request-body": "read", "response-head": "read", "response-body": "read"}
        path = self.serve(bodies, LOG)
        self.assert_carried(path)
        said = path.processes[1].wait_event("message", 4)
        self.assertEqual({one["context"] for one in said}, set(bodies))
        self.assertNotIn("x-sum", json.dumps(said))

    def test_a_middlebox_with_the_grant_sees_them_and_nothing_else(self):
        path = self.serve(dict.fromkeys(CONTEXTS, "read"), LOG)
        self.assert_carried(path)
        said = path.processes[1].wait_event("message", 2)
        self.assertEqual({one["context"] for one in said}, set(CONTEXTS))
        self.assertIn("x-sum: 17", json.dumps(said))
        self.assertIn("x-sum: 3", json.dumps(said))

    def test_exchanges_of_one_connection_each_have_their_own(self):
        path = self.serve(answer=lambda request: [b"X-Sum: " + request.body])
        client = self.client(path)
        for i in range(30):
            trailers = [b"X-Number: %d" % i] * (i % 3)
            answer = client.ask(trailers, b"%d" % i, **({} if i % 4 else {"framing": b"Content-Length: %d" % len(b"%d" % i)}))
            self.assertEqual(answer.trailers, [b"x-sum: %d" % i])
            request = self.served.requests.get(timeout=30)
            self.assertEqual(request.trailers, [line.lower() for line in trailers] if i % 4 else None)
        self.assertEqual(self.served.accepted, 1)

    def test_an_application_that_does_not_ask_for_them_gets_none(self):
        path = self.serve()
        for fields in ((), (b"TE: gzip", b"Connection: TE")):
            request, answer = self.exchange(path, fields=fields)
            self.assertEqual(request.trailers, [b"x-sum: 17"])
            self.assertEqual((answer.body, answer.trailers), (b"ok", []))

    def test_curl_and_nginx_notice_nothing(self):
        nginx = self.origin()
        data = nginx.put("big", bytes(range(256)) * 4000)
        path = self.path(1, origin_port=nginx.port)
        path.offer[1] = dict.fromkeys(CONTEXTS, "write")
        path.route = path.extra["gateway"] = KEY
        path.start()
        self.assertEqual(self.curl(path, url="/big"), (0, data, "200"))
        self.assertEqual(self.curl(path, "-X", "PUT", "-H", "Transfer-Encoding: chunked", "--data-binary", "hello", url="/up/x")[2], "201")
        self.assertEqual((nginx.root / "up/x").read_bytes(), b"hello")
        self.assertEqual(self.curl(path, "-I", url="/big")[2], "200")
        self.assertEqual(self.curl(path, url="/empty")[2], "204")


class Dropped(Trailers):
    def assert_dropped(self, path):
        request, answer = self.exchange(path, (b"X-Sum: 17", b"Cache-Control: no-store"))
        self.assertEqual((request.body, request.trailers, request.fields("te")), (b"hello", [], []))
        self.assertEqual((answer.body, answer.trailers), (b"ok", []))

    def test_without_the_key_at_both_ends(self):
        self.assert_dropped(self.serve(agent="", gateway=""))

    def test_without_the_key_at_the_agent(self):
        self.assert_dropped(self.serve(agent=""))

    def test_a_gateway_without_the_key_refuses_the_path(self):
        path = self.serve(gateway="", agree=False)
        self.assertIn(self.curl(path)[2], ("403", "502"))
        self.assertIn("other contexts", json.dumps(path.gateway.wait_event("association.fail")))
        self.assertEqual(self.served.accepted, 0)

    def test_the_key_can_come_and_go_while_they_run(self):
        path = self.serve()
        self.assertEqual(self.exchange(path)[1].trailers, [b"x-sum: 3"])
        path.extra["gateway"] = ""
        path.rewrite(2)
        path.control(2, "reload")
        self.assertIn(self.curl(path)[2], ("403", "502"))
        path.route = ""
        path.rewrite(0)
        path.control(0, "reload")
        wait_for(lambda: self.curl(path)[2] == "200", "a path without trailers")
        while not self.served.requests.empty():
            self.served.requests.get()
        self.assert_dropped(path)


class Refused(Trailers):
    def inserting(self, contexts):
        folder = self.directory / "filters"
        shutil.copytree(EXAMPLES, folder)
        (folder / "inserting.py").write_text(INSERTING)
        listed = ", ".join(f'"{c}"' for c in contexts)
        return f'[[filter]]\ntype = "exec"\ncommand = ["/usr/bin/python3", "-B", "{folder}/inserting.py"]\naccess = "write"\ncontexts = [{listed}]\n'

    def test_a_middlebox_may_write_what_may_be_a_trailer(self):
        path = self.serve(dict.fromkeys(CONTEXTS, "write"), self.inserting(CONTEXTS), lambda request: [b"X-Insert: " + b"x-by: m1\r\n".hex().encode()])
        request, answer = self.exchange(path, (b"X-Insert: " + b"x-by: m1\r\n".hex().encode(),))
        self.assertEqual(request.trailers[1:], [b"x-by: m1"])
        self.assertEqual(answer.trailers[1:], [b"x-by: m1"])

    def test_HT_07_a_middlebox_that_writes_request_trailers_brings_none_of_the_head_s_to_the_origin(self):
        path = self.serve({"request-trailers": "write"}, self.inserting(CONTEXTS[:1]))
        for count, line in enumerate(HOSTILE, 1):
            with self.subTest(line):
                try:
                    answer = self.client(path).ask((b"X-Insert: " + line.hex().encode(),))
                    self.assertIn(answer.head.split(b" ")[1], (b"403", b"502"))
                except Cut:
                    pass
                lost = json.dumps(path.gateway.wait_event("session.fail", count)[count - 1])
                self.assertIn("request-trailers", lost)
                self.assertRegex(lost, "blocked_by_policy|bad_value|bad_frame")
        self.assertEqual(self.exchange(path)[0].trailers, [b"x-sum: 17"])  # the first whole request
        while not self.served.cut.empty():
            part = self.served.cut.get()  # None: not so much as a head
            self.assertTrue(part is None or (part.trailers is None and not part.fields("content-length") and part.fields("host") == [b"site.example"]), part and part.head)

    def test_HT_07_a_middlebox_that_writes_response_trailers_brings_none_of_the_head_s_to_the_application(self):
        path = self.serve({"response-trailers": "write"}, self.inserting(CONTEXTS[1:]), lambda request: [b"X-Insert: " + request.body])
        for count, line in enumerate(HOSTILE, 1):
            with self.subTest(line):
                try:
                    self.assertEqual(self.client(path).ask((), line.hex().encode()).head.split(b" ")[1], b"502")
                except Cut:
                    pass  # its head had gone on
                lost = json.dumps(path.agent.wait_event("session.fail", count)[count - 1])
                self.assertIn("response-trailers", lost)
                self.assertRegex(lost, "blocked_by_policy|bad_value|bad_frame")
        self.assertEqual(self.client(path).ask((), b"x-fine: 1\r\n".hex().encode()).trailers[1:], [b"x-fine: 1"])

    def test_HT_07_who_redacts_them_ends_the_session(self):
        scan = '[[filter]]\ntype = "scan"\non_match = "redact"\ncontexts = ["request-trailers"]\nrules = [{ name = "r", pattern = "canary" }]\n'
        path = self.serve({"request-trailers": "redact"}, scan)
        self.assertEqual(self.exchange(path)[0].trailers, [b"x-sum: 17"])
        try:
            self.assertIn(self.client(path).ask((b"X-Sum: canary",)).head.split(b" ")[1], (b"403", b"502"))
        except Cut:
            pass
        self.assertIn("blocked_by_policy", json.dumps(path.gateway.wait_event("session.fail")))
        self.assertEqual(self.exchange(path)[0].trailers, [b"x-sum: 17"])  # the next whole request

    def test_HT_07_from_an_application_or_an_origin(self):
        path = self.serve(answer=lambda request: [request.body])
        for name in (b"Content-Length", b"Authorization", b"Host", b"Cache-Control", b"Content-Type", b"X_Forwarded_For", b"Trailer"):
            with self.subTest(name):
                answer = self.client(path).ask((name + b": 5",))
                self.assertEqual(answer.head.split(b" ")[1], b"400")
                try:
                    self.assertEqual(self.client(path).ask((), name + b": 5").head.split(b" ")[1], b"502")
                except Cut:
                    pass  # its head had gone on
                self.served.requests.get(timeout=30)
        self.assertEqual(self.exchange(path, (b"Louver-Client: root.example", b"X: y"), body=b"louver_client: root.example")[0].trailers, [b"x: y"])

    def test_files_that_cannot_mean_it_are_refused(self):
        path = self.path(1, profile="stream/1", origin_port=1)
        path.route = KEY
        path.ports[1] = 1
        self.assertIn("only http/1 has trailers", self.check(path, 0, "agent"))
        path = self.path(1, origin_port=1)
        path.extra["gateway"] = '[[context]]\nname = "request-trailers"\nfrom = "header:x-sum"\n'
        self.assertIn("name of a context of http/1", self.check(path, 2, "gateway"))

    def check(self, path, i, role):
        path.rewrite(i)
        done = subprocess.run([LOUVER, role, "--config", str(path.config_path(i)), "--check"], capture_output=True, text=True, timeout=30)
        self.assertNotEqual(done.returncode, 0)
        return done.stdout + done.stderr


if __name__ == "__main__":
    unittest.main(verbosity=2)
