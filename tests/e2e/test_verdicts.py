"""What a middlebox stops or blacks out reaches the user, with the name of who did it."""

import unittest

from harness import Case

RULES = 'rules = [{ name = "card", pattern = "4[0-9]{15}" }, { name = "word", pattern = "(?i)forbidden" }]\n'


class Verdicts(Case):
    def serve(self, grant, action, context="request-body", head="request-head"):
        nginx = self.origin()
        nginx.put("hi", b"hello")
        nginx.put("bad", b"this is forbidden, 4111111111111111")
        path = self.path(2, origin_port=nginx.port)
        path.offer = {1: {head: "read", context: grant}, 2: {"response-head": "read"}}
        if head == "request-head":
            path.offer[2]["request-body"] = "read"
        path.filters = {1: f'[[filter]]\ntype = "scan"\ncontexts = ["{context}"]\non_match = "{action}"\n{RULES}', 2: '[[filter]]\ntype = "log"\n'}
        path.start()
        return nginx, path

    def test_a_blocked_upload_is_answered_with_who_and_why_and_reaches_no_origin(self):
        nginx, path = self.serve("inspect", "block")
        code, body, status = self.curl(path, "-X", "PUT", "--data-binary", "a forbidden text", url="/up/x")
        self.assertEqual((code, status), (0, "403"))
        text = body.decode()
        self.assertIn("Blocked by m1.example (Example)", text)
        self.assertIn("request-body", text)
        self.assertIn('rule "word" matches', text)
        self.assertNotIn("forbidden", text)  # nothing of the request
        self.assertFalse((nginx.root / "up/x").exists())
        for party in (path.agent, path.gateway):  # both ends know who it was
            blocked = party.wait_event("filter.blocked")[0]
            self.assertEqual((blocked["by"], blocked["context"]), ("m1.example", "request-body"))
        self.assertEqual(path.processes[1].wait_event("filter.matched")[0]["rule"], "word")
        self.assertEqual(path.processes[2].find("message", complete=True, context="request-body"), [])
        # the next request is none the worse
        self.assertEqual(self.curl(path, "-X", "PUT", "--data-binary", "fine", url="/up/y")[2], "201")
        self.assertEqual((nginx.root / "up/y").read_bytes(), b"fine")

    def test_a_blocked_answer_never_looks_whole(self):
        _, path = self.serve("inspect", "block", context="response-body", head="response-head")
        code, body, status = self.curl(path, url="/bad")
        if code == 0:  # nothing of the answer had been passed on yet
            self.assertEqual(status, "403")
            self.assertIn("Blocked by m1.example", body.decode())
        else:
            self.assertIn(code, (18, 52, 56))
        self.assertNotIn(b"4111111111111111", body)
        self.assertEqual(self.curl(path)[:2], (0, b"hello"))

    def test_a_redacted_upload_keeps_its_length(self):
        nginx, path = self.serve("redact", "redact")
        code, _, status = self.curl(path, "-X", "PUT", "--data-binary", "card=4111111111111111", url="/up/z")
        self.assertEqual((code, status), (0, "201"))
        self.assertEqual((nginx.root / "up/z").read_bytes(), b"x" * 21)
        # the reader behind it saw a tombstone, not the card
        seen = path.processes[2].wait_event("message", context="request-body")[0]
        self.assertEqual((seen["octets"], seen["redacted_octets"]), (0, 21))

    def test_what_cannot_be_searched_is_stopped_with_the_reason(self):
        nginx, path = self.serve("inspect", "block")
        code, body, status = self.curl(path, "-X", "PUT", "-H", "Content-Encoding: gzip", "--data-binary", "\x1f", url="/up/x")
        self.assertEqual((code, status), (0, "403"))
        self.assertIn("its content coding gzip is cut off", body.decode())
        self.assertFalse((nginx.root / "up/x").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
