"""`louver policy`: what it says of files is what a real path of these files agrees on."""

import json
import random
import re
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

from harness import LOUVER, Case
from test_secrets import read_key_log

CONTEXTS = {
    "http/1": [("request-head", "c2s"), ("request-credentials", "c2s"), ("request-body", "c2s"),
               ("response-head", "s2c"), ("response-credentials", "s2c"), ("response-body", "s2c")],
    "stream/1": [("upstream", "c2s"), ("downstream", "s2c")],
}
GRANTS = ["none", "read", "inspect", "redact", "write"]


def grant_by_items(names, party, context, direction):
    """The grant that explains the secrets which a middlebox holds (docs/protocol.md section 5)."""
    here = [n for n in names if n[1] == direction and n[2] == context]
    if any(n[0] == 1 and party in (n[3], n[4]) for n in here):
        return "write"
    if any(n[0] == 3 and n[3] == party for n in here):
        return "redact"
    if any(n[0] == 4 and n[3] == party for n in here):
        return "inspect"
    return "read" if any(n[0] == 1 for n in here) else "none"


class PolicyCase(Case):
    def policy(self, *arguments, expect=0, files=()):
        done = subprocess.run([LOUVER, "policy", *arguments, *map(str, files)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout if expect != 2 else done.stderr

    def whole_path(self, n=1, **options):
        path = self.path(n, origin_port=1, **options)
        path.extra["agent"] = 'role = "agent"\n'
        path.extra["gateway"] = 'role = "gateway"\n'
        for i in range(1, n + 1):
            path.extra[i] = 'role = "middlebox"\n'
        return path

    def files(self, path):
        path.ports = {i: 10000 + i for i in range(path.n + 2)}
        for i in range(path.n + 2):
            path.rewrite(i)
        return [path.config_path(i) for i in range(path.n + 2)]


class TheMatrix(PolicyCase):
    def agreed_and_said(self, seed, profile):
        draw = random.Random(seed)
        path = self.whole_path(2, profile=profile)
        for i in (1, 2):
            path.offer[i] = {context: draw.choice(GRANTS) for context, _ in CONTEXTS[profile]}
            path.allow[i] = {context: draw.choice(GRANTS) for context, _ in CONTEXTS[profile]}
        original = path.common
        path.common = lambda i: original(i) + f'[debug]\nkeylog = "{self.directory}/keys{i}"\n'
        path.environments = {i: {"LOUVER_KEYLOGFILE": f"{self.directory}/keys{i}"} for i in range(4)}
        path.start()
        for i in (1, 2):
            path.processes[i].wait_event("association.open")
        said = json.loads(self.policy("explain", "--json", files=[path.config_path(i) for i in range(4)]))
        real = {}
        for i in (1, 2):
            names = [bytes.fromhex(name) if isinstance(name, str) else bytes(name)
                     for name in list(read_key_log(self.directory / f"keys{i}").values())[0]]
            for number, (context, direction) in enumerate(CONTEXTS[profile], 1):
                real[path.names[i], context, direction] = grant_by_items(names, i, number, 0 if direction == "c2s" else 1)
        path.stop()
        self.assertEqual([one["state"] for one in said["paths"]], ["agreed"])
        told = {(name, row["context"], row["direction"]): cell["granted"]
                for row in said["paths"][0]["matrix"] for name, cell in row["by"].items()}
        return real, told

    def check(self, seed, profile):
        real, told = self.agreed_and_said(seed, profile)
        self.assertEqual(told, real)
        self.assertGreater(len(set(told.values())), 1, "this seed shows nothing")

    def test_is_what_the_parties_of_a_real_path_hold_secrets_for(self):
        self.check(1, "http/1")

    def test_is_so_with_other_grants(self):
        self.check(2, "http/1")

    def test_is_so_in_stream_1(self):
        self.check(3, "stream/1")


class Refusals(PolicyCase):
    def test_what_is_refused_on_paper_is_refused_in_earnest(self):
        path = self.whole_path()
        path.offer[1] = {"request-head": "inspect"}
        path.allow[1] = {"request-head": "read"}
        path.filters[1] = '[[filter]]\ntype = "scan"\ncontexts = ["request-head"]\nrules = [{ name = "r", pattern = "x" }]\n'
        path.start(agree=False)
        failed = path.agent.wait_event("association.fail")[0]
        said = json.loads(self.policy("explain", "--json", expect=3, files=[path.config_path(i) for i in range(3)]))
        self.assertFalse(said["ok"])
        refused = said["paths"][0]["refused"]
        self.assertEqual([(one["party"], one["alert"]) for one in refused], [("m1.example", failed["alert"])])
        self.assertIn("needs inspect on request-head (c2s), has read", refused[0]["what"])

    def test_strict_is_for_what_is_agreed_on_and_odd(self):
        path = self.whole_path()
        path.offer[1] = {"response-body": "write"}
        files = self.files(path)[::2]
        self.policy("check", files=files)
        said = self.policy("check", "--strict", expect=1, files=files)
        self.assertIn("warning: writes-pages: web: m1.example", said)
        path.offer[1] = {"request-head": "read"}
        self.assertEqual(self.policy("check", "--strict", files=self.files(path)[::2]), "nothing to warn of\n")

    def test_a_warning_names_the_line_that_gives_the_grant(self):
        path = self.whole_path()
        path.offer[1] = {"response-body": "write"}
        files = self.files(path)
        warnings = json.loads(self.policy("explain", "--json", files=[files[0]]))["warnings"]
        self.assertTrue(warnings)
        for warning in warnings:
            file, line, _ = warning["place"].rsplit(":", 2)
            self.assertEqual(file, str(files[0]))
            self.assertEqual(files[0].read_text().splitlines()[int(line) - 1], "[[route.middlebox]]")

    def test_a_gateway_by_itself_warns_of_contexts_that_no_session_has(self):
        path = self.whole_path()
        path.allow[1] = {"request-haed": "read", "card": "read"}
        file = self.files(path)[-1]
        with open(file, "a", encoding="utf-8") as out:
            out.write('[[context]]\nname = "card"\nfrom = "json:/card"\n')
        done = subprocess.run([LOUVER, "gateway", "--check", "--config", str(file)], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, f"{file}: all right\n"), done.stderr)
        self.assertRegex(done.stderr, r'\Awarning: [^\n]*:\d+:\d+: m1\.example: [^\n]*"request-haed"[^\n]*did you mean "request-head"\?\n\Z')

    def test_a_file_with_a_fault_or_without_a_role_is_told_with_its_place(self):
        path = self.whole_path()
        path.extra["agent"] = ""
        files = self.files(path)
        self.assertIn("for whom is this file?", self.policy("explain", expect=2, files=files))
        self.assertRegex(self.policy("explain", expect=2, files=[files[1], files[1]]), r"m1\.example.*is the name of the party in")
        files[2].write_text("role = \"gateway\"\nnome = 1\n")
        self.assertRegex(self.policy("explain", expect=2, files=[files[2]]), r"party2\.toml:2:1: unknown key")


class Harmless(PolicyCase):
    def test_no_worker_is_started_and_no_key_is_needed(self):
        path = self.whole_path()
        marker = self.directory / "started"
        path.offer[1] = {"request-body": "inspect"}
        path.filters[1] = f'[[filter]]\ntype = "exec"\ncommand = ["/usr/bin/touch", "{marker}"]\ncontexts = ["request-body"]\n'
        files = self.files(path)
        for key in path.pki.glob("*.key"):
            key.unlink()
        said = json.loads(self.policy("explain", "--json", files=files))
        self.assertEqual(said["warnings"], [])
        self.assertEqual(said["paths"][0]["state"], "agreed")
        self.assertFalse(marker.exists())

    # AD-01: what a picture shows of files is text, whatever they are called.
    def test_a_picture_holds_text_only(self):
        folder = self.directory / "a<script>alert(1)</script>&\"'\x1b\x01é"
        folder.mkdir(parents=True)
        path = self.whole_path()
        path.offer[1] = {"request-head": "write", "response-body": "read"}
        path.allow[1] = {"request-head": "read"}
        files = []
        for file in self.files(path):
            files.append(folder / file.name)
            files[-1].write_bytes(file.read_bytes())
        picture = self.policy("explain", "--svg", files=files)
        root = ElementTree.fromstring(picture)
        kinds = {element.tag.rsplit("}", 1)[1] for element in root.iter()}
        self.assertEqual(kinds, {"svg", "title", "rect", "text"})
        texts = [element.text for element in root.iter() if element.text]
        self.assertTrue(any("<script>alert(1)</script>" in text for text in texts), texts)
        self.assertIn("read (of write)", texts)
        self.assertEqual(re.findall(r"href|xlink|style|on\w+=|<!", picture), [])
        self.assertNotIn("\x1b", self.policy("explain", files=files))
        json.loads(self.policy("explain", "--json", files=files))


if __name__ == "__main__":
    unittest.main(verbosity=2)
