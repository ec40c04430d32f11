"""FI-05: whatever an ICAP server does, a message fares as the file says, the next one gets its own verdict, and memory stays bounded."""

import unittest

from harness import FULL, wait_for
from icap_misdeeds import CASES
from icap_servers import MARK
from test_icap import IcapCase

BODY = b"".join(b"%07d\n" % i for i in range(2500))  # 20 kB: more than the preview


class HostileServer(IcapCase):
    def test_fi05_every_misdeed_with_on_failure_block(self):
        self.table("block")

    def test_fi05_every_misdeed_with_on_failure_pass(self):
        self.table("pass")

    def test_fi05_a_connection_with_an_unread_body_is_never_used_again(self):
        server = self.scripted()
        path = self.serve(server.url, {"request-body": "inspect"}, contexts=["request-body"], more='answer_within = "5s"\n')
        big = BODY * 400  # 8 MB: more than any socket buffer
        server.behave(message=lambda talk, question: (talk.passes(), talk.wait_for_end()), offer={"Preview": None})
        self.assertEqual(self.put(path, big, "passed")[2], "201")
        self.assertEqual(self.uploaded("passed"), big)
        server.behave(message=lambda talk, question: (talk.blocks(question), talk.wait_for_end()), offer={"Preview": None})
        code, _, status = self.put(path, big, "blocked")
        self.assertTrue(status == "403" or code in (52, 55, 56), (code, status))
        self.assertNotEqual(self.uploaded("blocked"), big)
        early = list(server.seen)
        server.behave()
        self.assertEqual(self.put(path, BODY + MARK, "bad")[2], "403")
        self.assertEqual(self.put(path, BODY, "good")[2], "201")
        for question in early:
            wait_for(lambda: question["talk"].ended, "the client closes it")
            self.assertLessEqual(question["talk"].questions, 2)  # OPTIONS and the one
        self.assertEqual(path.processes[1].find("filter.failed"), [])

    def test_fi05_a_server_that_takes_nothing_or_is_not_there(self):
        server = self.scripted()
        path = self.serve(server.url, {"request-body": "inspect"}, contexts=["request-body"], more='answer_within = "1s"\n')
        server.behave(message=lambda talk, question: talk.wait_for_end(), offer={"Preview": None})
        code, _, status = self.put(path, BODY * 400, "deaf")
        self.assertTrue(status == "403" or code in (52, 55, 56), (code, status))
        self.assertIn("takes no more octets", path.processes[1].wait_event("filter.failed")[0]["what"])
        server.behave()
        self.assertEqual(self.put(path, BODY, "good")[2], "201")
        server.stop()
        server.drop_connections()
        code, page, status = self.put(path, BODY, "gone")
        self.assertEqual((code, status), (0, "403"))
        self.assertIn("no connection", path.processes[1].wait_event("filter.failed", 2)[1]["what"])

    def table(self, on_failure):
        server = self.scripted()
        path = self.serve(server.url, {"request-body": "inspect"}, contexts=["request-body"], more=f'on_failure = "{on_failure}"\nanswer_within = "1s"\n')
        middlebox = path.processes[1]
        print(f"\n{'on_failure = ' + on_failure:48} {'outcome':10} what the log says")
        wrong = []
        # What is different with "pass" is what becomes of the message: a quarter of the cases shows it in every run.
        cases = dict(list(CASES.items())[:: 1 if on_failure == "block" or FULL else 4])
        for number, (name, case) in enumerate(cases.items()):
            problem = self.one(server, path, middlebox, f"c{number}", on_failure, *case)
            if problem:
                wrong.append(f"{name}: {problem}")
            print(f"{name:48} {case[2] if not problem else 'WRONG':10} {problem or self.said}")
        print(f"{len(cases)} cases; the middlebox had at most {middlebox.rss_mib():.0f} MiB")
        self.assertEqual(wrong, [])
        self.assertGreaterEqual(len(CASES), 40)
        self.assertLess(middlebox.rss_mib(), 150)

    def one(self, server, path, middlebox, name, on_failure, phase, act, ends, why, offer=None):
        """What is wrong; empty if nothing is."""
        # A refusal makes the client ask for the options anew.
        server.behave(message=lambda talk, question: (talk.whole_body(question), talk.say("ICAP/1.0 404 No\r\n\r\n"), talk.close()))
        failed = len(middlebox.find("filter.failed")) + 1
        self.put(path, b"options anew", f"{name}-anew")
        middlebox.wait_event("filter.failed", failed)
        seen = len(server.seen)
        blocked = len(path.agent.find("filter.blocked"))
        server.behave(**{phase: act}, offer=offer)
        code, page, status = self.put(path, BODY, name)
        server.behave()
        passes = ends == "passes" or (ends == "fails" and on_failure == "pass")
        self.said = ""
        if code != 0 or status != ("201" if passes else "403"):
            return f"curl says {code}, status {status}"
        if self.uploaded(name) != (BODY if passes else None):
            return "the origin has something else"
        if ends == "fails":
            line = middlebox.wait_event("filter.failed", failed + 1)[failed]
            self.said = line["what"]
            if line["passed"] != passes:
                return "the log has it the wrong way round"
        elif len(middlebox.find("filter.failed")) != failed:
            return f"a failure: {middlebox.find('filter.failed')[-1]['what']}"
        if not passes and "Blocked by m1.example" not in page.decode():
            return "the page does not say who"
        if ends == "blocks":
            self.said = path.agent.wait_event("filter.blocked", blocked + 1)[blocked].get("reason", "") or page.decode().strip()
        if why not in self.said + page.decode():
            return f"the log says: {self.said}"
        if any(BODY[:8].decode() in line for line in middlebox.raw[-50:]):
            return "content in the log"
        # The connection on which it failed is closed; the next messages have verdicts of their own.
        if ends == "fails" and len(server.seen) > seen:
            wait_for(lambda: server.seen[seen]["talk"].ended, "the client closes the connection")
        if ends == "passes":
            wait_for(lambda: server.seen[seen]["done"], "the server has said all that it has to say")
        code, _, status = self.put(path, BODY + MARK, f"{name}-bad")
        if (code, status) != (0, "403") or self.uploaded(f"{name}-bad") is not None:
            return f"the bad message after it: {code}, status {status}"
        code, _, status = self.put(path, BODY, f"{name}-good")
        if (code, status) != (0, "201") or self.uploaded(f"{name}-good") != BODY:
            return f"the good message after it: {code}, status {status}"
        return ""


if __name__ == "__main__":
    unittest.main(verbosity=2)
