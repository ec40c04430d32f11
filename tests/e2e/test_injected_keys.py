"""A key that the client never gets: a middlebox puts it in, for listed places only, and it does not come back."""

import os
import subprocess
import unittest

import harness
from echoing import SPELLINGS, Echoing
from harness import Case, wait_for

KEY = "sk-live-9aZ/+Qw7eRtY5"
INSPECT = {"request-head": "inspect", "request-credentials": "write", "response-head": "inspect", "response-credentials": "inspect", "response-body": "inspect"}
WRITE = {"request-head": "write", "request-credentials": "write", "response-head": "write", "response-credentials": "write", "response-body": "write"}
BLIND = {"request-head": "inspect", "request-credentials": "write"}


class InjectedKeys(Case):
    def key_file(self, key=KEY, mode=0o600):
        file = self.directory / "vault.key"
        file.write_text(key + "\n")
        os.chmod(file, mode)
        return file

    def filter_text(self, source, more=""):
        return f'[[filter]]\ntype = "secret"\nhosts = ["site.example"]\npaths = ["/v1"]\n{source}\n{more}\n'

    def serve(self, grants, more="", source=None):
        self.echoing = Echoing()
        self.addCleanup(self.echoing.close)
        path = self.path(1, origin_port=self.echoing.port)
        path.offer[1] = grants
        path.filters[1] = self.filter_text(source or f'file = "{self.key_file()}"', more)
        return path.start()

    def fetch(self, path, target, *arguments):
        """(exit code, everything that the client got)"""
        code, body, said = self.curl(path, "-D", "-", *arguments, url=target)
        return code, body.decode("latin-1") + said

    def assert_kept(self, text, what, part=len(KEY) // 2):
        """Neither the key, in whatever spelling, nor more of it than `part` characters in a row."""
        lowered = text.lower()
        for name, spell in SPELLINGS.items():
            spelt = spell(KEY)
            if name.startswith("base64"):
                spelt = spelt[4:24]  # what surrounds it has a part in its ends
            self.assertNotIn(spelt.lower(), lowered, f"{what}: {name}")
        for i in range(len(KEY) - part):
            self.assertNotIn(KEY[i:i + part + 1], text, what)

    def assert_logged_nowhere(self, path):
        for process in path.processes.values():
            self.assertNotIn(KEY, "".join(process.raw))

    def test_it_goes_to_listed_hosts_and_paths_and_the_client_sees_a_good_answer(self):
        path = self.serve(INSPECT)
        self.assertEqual(self.fetch(path, "/v1/plain")[0], 0)
        self.assertEqual(self.fetch(path, "/other/plain")[0], 0)
        other = harness.run(["curl", "-sS", "--max-time", "60", "-x", f"http://127.0.0.1:{path.ports[0]}", "http://other.example/v1/plain"])
        self.assertEqual(other, "hello")
        self.assertEqual([(host, target, key) for host, target, key, *_ in self.echoing.seen],
                         [("site.example", "/v1/plain", f"Bearer {KEY}"), ("site.example", "/other/plain", None), ("other.example", "/v1/plain", None)])
        self.assert_logged_nowhere(path)

    def test_a_placeholder_is_replaced_and_a_clients_own_key_is_not(self):
        path = self.serve(INSPECT, 'placeholder = "PLACEHOLDER-1"')
        self.fetch(path, "/v1/plain", "-H", "Authorization: Bearer PLACEHOLDER-1")
        self.fetch(path, "/v1/plain", "-H", "Authorization: Bearer own-key-of-mine")
        self.fetch(path, "/elsewhere", "-H", "Authorization: Bearer PLACEHOLDER-1")
        self.assertEqual([key for _, _, key, *_ in self.echoing.seen], [f"Bearer {KEY}", "Bearer own-key-of-mine", "Bearer PLACEHOLDER-1"])

    def test_without_the_placeholder_a_request_can_be_refused(self):
        path = self.serve(INSPECT, 'placeholder = "PLACEHOLDER-1"\nwithout_placeholder = "block"')
        code, text = self.fetch(path, "/v1/plain")
        self.assertEqual(code, 0)
        self.assertIn("Blocked by m1.example", text)
        self.assertEqual(self.echoing.seen, [])

    def test_no_echo_brings_it_back_in_whatever_spelling(self):  # HT-17
        path = self.serve(INSPECT)
        for name in SPELLINGS:
            for place in ("echo", "error"):
                with self.subTest(spelling=name, place=place):
                    code, text = self.fetch(path, f"/v1/{place}?as={name}")
                    self.assertTrue(code != 0 or "Blocked by m1.example" in text, text)
                    self.assert_kept(text, name)
        found = path.processes[1].wait_event("filter.matched", count=2 * len(SPELLINGS))
        self.assertTrue(all("credential itself" in one["rule"] for one in found))
        self.assertTrue(all(key == f"Bearer {KEY}" for _, _, key, *_ in self.echoing.seen))  # the attack was real
        self.assert_logged_nowhere(path)

    def test_neither_redirects_nor_caches_nor_cookies_nor_parts_bring_it_back(self):  # HT-17
        path = self.serve(INSPECT)
        for target in ("/v1/redirect?as=percent", "/v1/redirect?as=base64url-0", "/v1/cached?as=hex", "/v1/cookie?as=base64-1", "/v1/gzip", "/v1/part", "/history/echo"):
            with self.subTest(target=target):
                if target.startswith("/history"):
                    self.fetch(path, "/v1/plain")
                code, text = self.fetch(path, target)
                self.assertTrue(code != 0 or "Blocked by m1.example" in text, text)
                self.assert_kept(text, target, part=3)

    def test_a_redirect_to_another_host_loses_it(self):  # HT-17
        path = self.serve(INSPECT)
        code, text = self.fetch(path, "/v1/move", "-L")
        self.assertEqual(code, 0)
        self.assertIn("hello", text)
        self.assertEqual([(host, key) for host, _, key, *_ in self.echoing.seen], [("site.example", f"Bearer {KEY}"), ("other.example", None)])

    def cuts(self, name):
        return range(7, 7 + len(SPELLINGS[name](KEY)) + 1, 1 if harness.FULL else 4)

    def test_split_over_chunks_at_each_place_a_quarter_passes_an_inspector_at_most(self):  # HT-17
        path = self.serve(INSPECT)
        for name in ("raw", "json", "base64-1"):
            for cut in self.cuts(name):
                code, text = self.fetch(path, f"/v1/echo?as={name}&cuts={cut}")
                self.assertTrue(code != 0 or "Blocked by m1.example" in text, text)
                self.assert_kept(text, f"{name} cut at {cut}", part=len(KEY) // 4)

    def test_split_over_chunks_at_each_place_nothing_passes_a_writer_and_the_rest_is_exact(self):  # HT-17
        path = self.serve(WRITE, 'on_echo = "redact"')
        for name in ("raw", "percent", "hex"):
            spelt = SPELLINGS[name](KEY)
            for cut in self.cuts(name):
                code, body, status = self.curl(path, url=f"/v1/echo?as={name}&cuts={cut},{cut + 3}")
                self.assertEqual((code, status, body.decode()), (0, "200", f"before {'x' * len(spelt)} behind"), f"{name} cut at {cut}")
        code, text = self.fetch(path, "/v1/redirect?as=percent")
        self.assertIn("http://other.example/?k=xxxxx", text)
        self.assert_kept(text, "redirect", part=3)
        code, text = self.fetch(path, "/v1/cookie")
        self.assertIn(f"k={'x' * len(KEY)}", text)
        self.assert_logged_nowhere(path)

    def test_a_writer_asks_for_answers_that_can_be_read(self):
        path = self.serve(WRITE)
        code, text = self.fetch(path, "/v1/plain", "--compressed", "-r", "0-3")
        self.assertEqual((code, "hello" in text), (0, True))
        self.assertEqual(self.echoing.seen[0][3:], ("identity", None))
        code, text = self.fetch(path, "/v1/gzip", "--compressed")  # an origin that does not care
        self.assertTrue(code != 0 or "Blocked by m1.example" in text, text)
        self.assert_kept(text, "gzip")

    def test_without_the_grants_to_watch_there_is_no_association(self):  # FI-13
        self.echoing = Echoing()
        self.addCleanup(self.echoing.close)
        path = self.path(1, origin_port=self.echoing.port)
        path.offer[1] = BLIND
        path.filters[1] = self.filter_text(f'file = "{self.key_file()}"')
        path.start(agree=False)
        path.agent.wait_event("association.fail")
        wait_for(lambda: "filter secret needs inspect on response-head" in "".join(path.processes[1].raw), "the middlebox to say why")
        self.assertNotEqual(self.fetch(path, "/v1/plain")[1].find("502"), 0)
        self.assertEqual(self.echoing.seen, [])

    def test_told_not_to_watch_it_needs_no_more_than_the_request_and_warns(self):
        path = self.serve(BLIND, "watch_answers = false")
        self.assertIn("hello", self.fetch(path, "/v1/plain")[1])
        self.assertEqual(self.echoing.seen[0][2], f"Bearer {KEY}")
        self.assertIn("gives it to the client", self.check(path.config_path(1))[1])

    def check(self, config):
        done = subprocess.run([harness.LOUVER, "middlebox", "--check", "--config", str(config)], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def test_a_file_that_others_may_read_or_that_holds_no_key_is_refused(self):
        path = self.serve(INSPECT)
        for key, mode, reason in ((KEY, 0o644, "chmod 600"), ("short", 0o600, "octets"), ("two words and more", 0o600, "without blanks"), (KEY + "\n" + KEY, 0o600, "one line")):
            self.key_file(key, mode)
            code, said = self.check(path.config_path(1))
            self.assertEqual(code, 2, said)
            self.assertIn(reason, said)
            self.assertNotIn(key, said)
        self.key_file()
        self.assertEqual(self.check(path.config_path(1))[0], 0)

    def test_configurations_that_cannot_be_meant_are_refused(self):
        path = self.serve(INSPECT)
        file = f'file = "{self.key_file()}"'
        config = self.directory / "other.toml"
        for source, more, reason in (("", "", "one of them"), (file, 'command = ["/bin/true"]', "one of them"), (file, 'valid_for = "5m"', "for a command"),
                                     (file, 'field = "cookie"', "placeholder"), (file, 'without_placeholder = "block"', "placeholder"),
                                     (file, 'placeholder = "short"', "placeholder"), (file, 'contexts = ["request-head"]', "contexts"),
                                     (file, 'watch_answers = false\non_echo = "redact"', "watch_answers"), ('command = ["/bin/false"]', "", "exit code 1"),
                                     ('command = ["/bin/echo", "short"]', "", "octets"), ('command = ["/no/such/program"]', "", "/no/such/program"),
                                     ('command = ["/bin/sleep", "60"]\nanswer_within = "200ms"', "", "in time"), ('command = ["/usr/bin/yes", "0123456789"]', "", "more than")):
            path.filters[1] = self.filter_text(source, more)
            config.write_text(path.config_text(1))
            code, said = self.check(config)
            self.assertEqual(code, 2, f"{source} {more}: {said}")
            self.assertIn(reason, said)

    def test_a_reload_reads_the_file_anew(self):
        path = self.serve(INSPECT)
        self.fetch(path, "/v1/plain")
        self.key_file("sk-another-0123456789")
        path.control(1, "reload")
        self.fetch(path, "/v1/plain")
        self.assertEqual([key for _, _, key, *_ in self.echoing.seen], [f"Bearer {KEY}", "Bearer sk-another-0123456789"])

    def command(self, script):
        file = self.directory / "print-key.sh"
        file.write_text(script)
        return f'command = ["/bin/sh", "{file}"]\nenvironment = ["FOLDER={self.directory}"]'

    def test_a_command_prints_it_and_is_asked_again_before_it_is_too_old(self):
        source = self.command('cd "$FOLDER"; echo >> runs; test -n "$HOME$PATH_OF_LOUVER" && exit 3; printf "sk-printed-%06d\\n" $(/usr/bin/wc -l < runs)') + '\nvalid_for = "2s"'
        path = self.serve(INSPECT, source=source)

        def changed():
            self.fetch(path, "/v1/plain")
            return len({key for _, _, key, *_ in self.echoing.seen}) > 1

        wait_for(changed, "another key")
        self.assertTrue(all(key.startswith("Bearer sk-printed-") for _, _, key, *_ in self.echoing.seen))

    def test_a_key_that_is_too_old_goes_nowhere(self):
        source = self.command('cd "$FOLDER"; test -e printed && exit 9; echo > printed; echo sk-only-once-123') + '\nvalid_for = "10s"'
        path = self.serve(INSPECT, source=source)
        self.fetch(path, "/v1/plain")
        self.assertEqual(self.echoing.seen[0][2], "Bearer sk-only-once-123")
        path.processes[1].wait_event("filter.worker", filter="secret", state="failed")
        wait_for(lambda: "no credential at hand" in self.fetch(path, "/v1/plain")[1], "a refusal")
        seen = len(self.echoing.seen)
        self.fetch(path, "/v1/plain")
        self.assertEqual(len(self.echoing.seen), seen)


if __name__ == "__main__":
    unittest.main()
