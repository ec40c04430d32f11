"""A program of the operator's as a filter: what it decides happens, and what it does wrong is told and survived."""

import pathlib
import shutil
import threading
import unittest

from harness import Case, Process, wait_for

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "filters"
PYTHON = "/usr/bin/python3"

# Does what the message says, by the word behind "do:"; passes everything else.
HOSTILE = """
import os, re, struct, sys, time
from louver_filter import passes, blocks, serve
marks = sys.argv[1]
open(os.path.join(marks, str(os.getpid())), "w").close()
def judge(question, data):
    order = re.search(rb"do:(\\w+)", data)
    order = order.group(1).decode() if order else ""
    if order == "crash": os._exit(7)
    if order == "hang": time.sleep(1000)
    if order == "nonsense": sys.stdout.buffer.write(b"HTTP/1.1 200 OK"); sys.stdout.buffer.flush(); time.sleep(1000)
    if order == "huge": sys.stdout.buffer.write(b"\\xff" * 4); sys.stdout.buffer.flush(); time.sleep(1000)
    if order == "flood":
        while True: sys.stdout.buffer.write(b"x" * 65536)
    if order == "overreach": return {"verdict": "replace"}, b"something else"
    if order == "block": return blocks("as it asks for it")
    return passes()
serve(judge)
"""


def is_running(pid):
    """A process that has ended has no command line any more, be it waited for or not; it may end between opening and reading."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except (FileNotFoundError, ProcessLookupError):
        return False


class Exec(Case):
    def setUp(self):
        super().setUp()
        self.folder = self.directory / "filters"
        shutil.copytree(EXAMPLES, self.folder)
        (self.folder / "hostile.py").write_text(HOSTILE)
        self.marks = self.directory / "marks"
        self.marks.mkdir()

    def exec_filter(self, script, *arguments, access, contexts, more=""):
        command = ", ".join(f'"{word}"' for word in (PYTHON, "-B", self.folder / script, *arguments))
        listed = ", ".join(f'"{c}"' for c in contexts)
        return f'[[filter]]\ntype = "exec"\ncommand = [{command}]\naccess = "{access}"\ncontexts = [{listed}]\n{more}'

    def serve(self, grants, *filters, middleboxes=1):
        nginx = self.origin()
        nginx.put("hi", b"hello")
        path = self.path(middleboxes, origin_port=nginx.port)
        path.offer[1] = grants
        path.filters[1] = "".join(filters)
        path.start()
        return nginx, path

    def upload(self, path, data, name="x", *arguments):
        return self.curl(path, "-X", "PUT", "--data-binary", data, *arguments, url=f"/up/{name}")

    def test_e_mail_addresses_are_blacked_out_across_records(self):
        nginx, path = self.serve({"request-body": "write"}, self.exec_filter("redact_email.py", access="write", contexts=["request-body"]))
        filler = "f" * 20000  # more than a record
        code, _, status = self.upload(path, f"from bob@example.org {filler} to eve@example.com")
        self.assertEqual((code, status), (0, "201"))
        expected = f"from {'x' * len('bob@example.org')} {filler} to {'x' * len('eve@example.com')}"
        self.assertEqual((nginx.root / "up/x").read_bytes().decode(), expected)
        self.assertEqual(self.curl(path)[:2], (0, b"hello"))

    def test_a_header_is_added_to_requests_and_answers(self):
        _, path = self.serve({"request-head": "write", "response-head": "write"},
                             self.exec_filter("add_header.py", "m1", access="write", contexts=["request-head", "response-head"]))
        code, body, said = self.curl(path, "-D", "-")
        self.assertEqual((code, body), (0, b"hello"))
        self.assertIn("x-checked-by: m1", said.lower())
        self.assertEqual(self.upload(path, "content")[2], "201")  # a head with content-length

    def test_a_word_is_blocked_with_who_and_why_and_reaches_no_origin(self):
        nginx, path = self.serve({"request-body": "inspect"}, self.exec_filter("block_words.py", "forbidden", access="inspect", contexts=["request-body"]))
        code, body, status = self.upload(path, "a Forbidden text")
        self.assertEqual((code, status), (0, "403"))
        self.assertIn("Blocked by m1.example (Example)", body.decode())
        self.assertIn("word 1 of the list", body.decode())
        self.assertFalse((nginx.root / "up/x").exists())
        for party in (path.agent, path.gateway):
            self.assertEqual(party.wait_event("filter.blocked")[0]["by"], "m1.example")
        self.assertEqual(self.upload(path, "a fine text", "y")[2], "201")

    def test_three_filters_in_a_chain(self):
        nginx, path = self.serve({"request-head": "write", "request-body": "write"},
                                 self.exec_filter("add_header.py", "first", access="write", contexts=["request-head"]),
                                 self.exec_filter("redact_email.py", access="write", contexts=["request-body"]),
                                 self.exec_filter("block_words.py", "bob@example.org", access="inspect", contexts=["request-body"]))
        self.assertEqual(self.upload(path, "to bob@example.org")[2], "201")  # redacted before the third looks
        self.assertEqual((nginx.root / "up/x").read_bytes(), b"to " + b"x" * 15)

    # FI-05, FI-08: a worker that crashes, hangs, answers nonsense, floods or goes beyond its grant (FI-06).
    def test_a_hostile_worker_blocks_its_message_and_the_next_one_passes(self):
        nginx, path = self.serve({"request-body": "inspect"},
                                 self.exec_filter("hostile.py", self.marks, access="inspect", contexts=["request-body"], more='answer_within = "2s"\nworkers = 1\n'))
        middlebox = path.processes[1]
        failures = {"crash": "exit code 7", "nonsense": "has a header of", "huge": "has a header of 4294967295", "flood": "has a header of",
                    "hang": "did not answer in time", "overreach": "may not write"}
        for number, (order, why) in enumerate(failures.items(), 1):
            code, body, status = self.upload(path, f"do:{order}", order)
            self.assertEqual((code, status), (0, "403"), order)
            self.assertIn("Blocked by m1.example", body.decode())
            self.assertNotIn("do:", body.decode())
            failed = middlebox.wait_event("filter.failed", number)[-1]
            self.assertIn(why, failed["what"], order)
            self.assertEqual((failed["context"], failed["passed"]), ("request-body", False))
            self.assertFalse((nginx.root / "up" / order).exists())
            self.assertEqual(self.upload(path, "fine", f"after-{order}")[2], "201", order)
        self.assertEqual(self.upload(path, "do:block", "blocked")[2], "403")
        self.assertIsNone(middlebox.process.poll())

    def test_what_fails_passes_whole_where_the_file_says_so(self):
        nginx, path = self.serve({"request-body": "write"},
                                 self.exec_filter("hostile.py", self.marks, access="write", contexts=["request-body"], more='on_failure = "pass"\n'))
        data = "do:crash " + "c" * 50000
        self.assertEqual(self.upload(path, data)[2], "201")
        self.assertEqual((nginx.root / "up/x").read_bytes().decode(), data)
        self.assertTrue(path.processes[1].wait_event("filter.failed")[0]["passed"])
        self.assertEqual(self.upload(path, "do:block", "y")[2], "403")

    def test_a_slow_worker_slows_its_sender_and_nobody_else(self):
        nginx, path = self.serve({"request-body": "inspect"},
                                 self.exec_filter("hostile.py", self.marks, access="inspect", contexts=["request-body"], more='answer_within = "5s"\nworkers = 1\n'))
        self.assertEqual(self.upload(path, "fine", "warm")[2], "201")
        statuses = []
        slow = threading.Thread(target=lambda: statuses.append(self.upload(path, "do:hang", "slow")[2]))
        slow.start()
        for _ in range(20):  # without a body: nothing is asked
            self.assertEqual(self.curl(path)[:2], (0, b"hello"))
        self.assertEqual(statuses, [], "the others were answered meanwhile")
        slow.join(30)
        self.assertEqual(statuses, ["403"])

    def test_workers_end_with_the_process_and_with_their_edition(self):
        _, path = self.serve({"request-body": "inspect"}, self.exec_filter("hostile.py", self.marks, access="inspect", contexts=["request-body"]))
        self.assertEqual(self.upload(path, "fine")[2], "201")

        def living():
            return [int(one.name) for one in self.marks.iterdir() if is_running(one.name)]

        wait_for(lambda: len(living()) == 2, "two workers")
        old = set(living())
        path.control(1, "reload")
        path.control(1, "renew")  # an edition lives as long as the last association that was made under it
        self.assertEqual(self.upload(path, "fine", "y")[2], "201")
        wait_for(lambda: old.isdisjoint(living()) and len(living()) == 2, "the workers of the new edition alone")
        path.processes[1].stop()
        wait_for(lambda: not living(), "no worker left")

    def test_a_program_that_is_not_there_is_refused_at_the_start(self):
        path = self.path(1, origin_port=1)
        path.ports[2] = 1
        path.filters[1] = '[[filter]]\ntype = "exec"\ncommand = ["/nowhere/worker"]\n'
        path.rewrite(1)
        process = Process("middlebox", path.config_path(1))
        self.assertNotEqual(process.process.wait(20), 0)
        process.reader.join(5)
        self.assertIn("/nowhere/worker", "".join(process.raw))


if __name__ == "__main__":
    unittest.main(verbosity=2)
