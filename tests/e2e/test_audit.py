"""Audit with receipts between real processes: honest logs are accepted, tampered ones refused with their reason."""

import base64
import hashlib
import hmac
import json
import os
import re
import resource
import shutil
import subprocess
import unittest

from harness import FULL, LOUVER, Case, run, wait_for

MESSAGES = 10_000 if FULL else 1_000


def rechain(objects):
    """What a log's owner can do: lines that fit together again, whatever they say."""
    before = bytes(32)
    lines = []
    for number, one in enumerate(objects):
        one = {k: v for k, v in one.items() if k != "hash"} | {"n": number}
        text = json.dumps(one, separators=(",", ":"))[:-1]
        before = hashlib.sha256(b"louver v1 audit line" + before + text.encode()).digest()
        lines.append(text + f',"hash":"{before.hex()}"}}')
    return lines


class Audit(Case):
    def audited_path(self, messages, body="", between=None, on_full="stop", again=True):
        origin = self.origin()
        origin.put("hi", b"hello, audit")
        path = self.path(2, origin_port=origin.port)
        path.offer = {1: {"request-head": "write"}, 2: {"response-body": "read"}}
        path.filters[1] = '[[filter]]\ntype = "edit"\nset = { "x-checked" = "yes" }\n'
        logs = [self.directory / "agent.audit", self.directory / "gateway.audit"]
        common = path.common

        def with_audit(i):
            log = logs[0] if i == 0 else logs[1] if i == 3 else None
            return common(i) + (f'[audit]\nlog = "{log}"\non_full = "{on_full}"\nsecrets = "{log}.secrets"\n' if log else "")

        path.common = with_audit
        agent = path.agent_config
        path.agent_config = lambda: agent().replace('profile = "http/1"\n', 'profile = "http/1"\naudit = "all"\n', 1)
        gateway = path.gateway_config
        path.gateway_config = lambda: gateway() + '[policy]\naudit = "all"\nrequire_audit = true\n'
        path.start()
        self.fetch(path, messages, body)
        if between is not None:
            between(path)
            if again:
                self.fetch(path, messages, body)
        for party in (0, 3):
            self.assertEqual(path.processes[party].stop(), 0, "".join(path.processes[party].raw)[-2000:])
        return path, logs

    def fetch(self, path, messages, body):
        config = self.directory / "curl.txt"
        upload = f'data = "{body}"\n' if body else ""
        config.write_text("".join('url = "http://site.example/hi"\noutput = "/dev/null"\n' for _ in range(messages)) + upload)
        run(["curl", "-s", "-S", *([] if body else ["--fail"]), "-x", f"http://127.0.0.1:{path.ports[0]}", "-K", str(config)])

    def verify(self, *logs, trust=None):
        done = subprocess.run([LOUVER, "audit", "verify", *map(str, logs), "--trust", str(trust or self.directory / "pki/ca.pem"), "--json"],
                              capture_output=True, text=True, timeout=120)
        return done.returncode, json.loads(done.stdout) if done.stdout else [], done.stderr

    def refused(self, lines, reason, name, against=()):
        spoiled = self.directory / "spoiled.audit"
        spoiled.write_text("".join(line + "\n" for line in lines) if isinstance(lines, list) else lines)
        code, reports, err = self.verify(spoiled, *against)
        self.assertEqual(code, 1, f"{name}: {reports} {err}")
        said = json.dumps(reports)
        self.assertIn(reason, said, name)

    def test_AU_01_AU_03_honest_logs_are_accepted_and_tampered_ones_are_not(self):
        path, logs = self.audited_path(MESSAGES)
        code, reports, err = self.verify(*logs)
        self.assertEqual(code, 0, json.dumps(reports)[-3000:] + err)
        counts = reports[1]["messages"]
        self.assertEqual(counts["changed"], MESSAGES)  # every request head, by M1
        self.assertEqual(counts["unmodified"], 2 * MESSAGES)
        self.assertEqual(reports[0]["messages"], {"unmodified": 3 * MESSAGES})
        for log in logs:
            self.assertEqual(os.stat(log).st_mode & 0o777, 0o600)
            self.assertNotIn(b"hello, audit", log.read_bytes())

        lines = logs[1].read_text().splitlines()
        objects = [json.loads(line) for line in lines]
        where = lambda kind, n=0: [i for i, one in enumerate(objects) if one["type"] == kind][n]
        message, receipt, end = where("message", 5), where("receipt"), where("session_end")

        def edit(index, **changes):
            copy = [dict(one) for one in objects]
            copy[index].update(changes)
            return rechain(copy)

        without = lambda *indices: rechain([one for i, one in enumerate(objects) if i not in indices])
        text = logs[1].read_text()
        flipped = lines[message][:60] + chr(ord(lines[message][60]) ^ 1) + lines[message][61:]
        self.refused(lines[:message] + [flipped] + lines[message + 1:], f'"line": {message + 1}', "a flipped bit")
        self.refused(lines[:message] + lines[message + 1:], "its hash does not fit", "a line taken out")
        self.refused(lines[:message] + [lines[message + 1], lines[message]] + lines[message + 2:], "its hash does not fit", "two lines exchanged")
        self.refused(lines[:message] + [lines[message]] + lines[message:], "its hash does not fit", "a line twice")
        self.refused(lines[:-1], "has no end", "the tail cut off at a line")
        self.refused(text[:-20], "the last line is cut off", "the tail cut off within a line")
        self.refused(lines[:receipt] + lines[end + 1:], "its hash does not fit", "receipts cut out")
        self.refused(without(message), "values, and the log has", "a message taken out and chained anew")
        verdict = objects[message]["verdict"]
        self.refused(edit(message, verdict="redacted"), f'its values say \\"{verdict}\\"', "another verdict, chained anew")
        values = [dict(v) for v in objects[message]["values"]]
        for v in values:
            v["audit"] = v["audit"][:-2] + ("00" if v["audit"][-2:] != "00" else "01")
        spoiled = edit(message, values=values)
        self.refused(spoiled, "about other values", "other values, chained anew")
        forged = dict(objects[receipt])["receipt"]
        other = ("A" if forged[100] != "A" else "B")
        self.refused(edit(receipt, receipt=forged[:100] + other + forged[101:]), "receipt", "a forged receipt")
        self.refused(without(receipt), "is not there", "a receipt taken out, chained anew")
        self.refused(edit(end, unsigned_by=[1]), "has signed", "a party said not to have signed")
        association = where("association")
        self.refused(edit(association, self=0), "not received here", "the log called the other end's")
        parties = [dict(one) for one in objects[association]["parties"]]
        parties[1]["certificates"] = parties[2]["certificates"]
        self.refused(edit(association, parties=parties), "party", "another party's certificate")
        self.refused(without(association), "does not have", "the association taken out")
        self.refused([], "empty", "an empty log")
        alone = [one for one in objects if one["type"] in ("start", "association", "association_end")]
        self.refused(rechain(alone), "lacks the last receipt", "all sessions taken out, beside the other end's log", [logs[0]])
        run([LOUVER, "pki", "init", str(self.directory / "stranger")])
        code, reports, _ = self.verify(logs[1], trust=self.directory / "stranger/ca.pem")
        self.assertEqual(code, 1)
        self.assertIn("trust anchor", json.dumps(reports))

        self.disclose(logs[1], objects)
        self.assertIn("verdict=changed", run([LOUVER, "audit", "show", str(logs[1])]))
        self.assertEqual(len(json.loads(run([LOUVER, "audit", "export", str(logs[1])]))), len(lines))

    def disclose(self, log, objects):
        body = next(one for one in objects if one["type"] == "message" and one["context"] == "request-body")
        candidate = self.directory / "candidate"
        command = [LOUVER, "audit", "disclose", str(log), "--secrets", f"{log}.secrets", "--association", body["association"],
                   "--session", str(body["session"]), "--context", "request-body", "--direction", "c2s", "--exchange",
                   str(body["exchange"]), "--from", "0", "--to", "3", "--candidate", str(candidate)]
        candidate.write_bytes(b"")
        self.assertIn("it is this message", run(command))
        candidate.write_bytes(b"another")
        self.assertEqual(subprocess.run(command, capture_output=True).returncode, 1)

    def test_AU_03_a_log_goes_on_after_a_kill_in_mid_line(self):
        path, logs = self.audited_path(3)
        with open(logs[1], "ab") as log:
            log.write(b'{"type":"message","associat')
        path.processes[3] = None
        del path.processes[3]
        path.start_party(3)
        self.assertEqual(path.processes[3].stop(), 0)
        code, reports, err = self.verify(logs[1])
        self.assertEqual(code, 0, json.dumps(reports) + err)
        self.assertEqual([json.loads(line).get("type") for line in logs[1].read_text().splitlines() if line.endswith("}")].count("resume"), 1)

    def test_AU_02_a_card_number_is_not_found_by_trying_all_of_them(self):
        """What whoever has the logs can compute: hashes, and HMACs under anything that is in them or that everybody knows."""
        card = "4929123456781234"
        _, logs = self.audited_path(1, body=card)
        stated, public = set(), [b"", bytes(32), b"louver v1 audit"]
        for log in logs:
            text = log.read_text()
            self.assertNotIn(card, text)
            stated |= {bytes.fromhex(one) for one in re.findall(r"[0-9a-f]{64}", text)}
            stated |= {bytes.fromhex(one)[-32:] for one in re.findall(r"[0-9a-f]{122}", text)}
            for line in map(json.loads, text.splitlines()):
                if line["type"] == "receipt":
                    octets = base64.b64decode(line["receipt"])
                    stated |= {octets[i : i + 32] for i in range(len(octets) - 31)}
                if line["type"] == "association":
                    public.append(bytes.fromhex(line["association"]))
        body = next(one for one in map(json.loads, logs[1].read_text().splitlines()) if one["type"] == "message" and one["context"] == "request-body")
        number = body["exchange"].to_bytes(4, "big") + body["message"].to_bytes(4, "big")
        self.assertIn(bytes.fromhex(body["values"][0]["audit"])[-32:], stated)
        tries = 1_000_000 if FULL else 100_000
        first = int(card) - tries // 2
        for guess in range(first, first + tries):
            content = b"%016d" % guess
            for one in (content, number + content):
                if hashlib.sha256(one).digest() in stated:
                    self.fail(f"{content} found by a plain hash")
        for key in public:
            for content in (card.encode(), number + card.encode()):  # the right guess, under each key that is no secret
                self.assertNotIn(hmac.digest(key, content, "sha256"), stated)
        # With the audit secrets it is found, which is why they are apart from the log: the search itself works.
        item = {json.loads(line)["item"]: json.loads(line)["secret"] for line in (logs[1].parent / (logs[1].name + ".secrets")).read_text().splitlines()}
        keyed = {hmac.digest(bytes.fromhex(secret), number + card.encode(), "sha256") for secret in item.values()}
        self.assertTrue(keyed & stated)

    def test_AU_03_every_line_taken_out_exchanged_or_edited_is_noticed(self):
        _, logs = self.audited_path(60 if FULL else 12)
        lines = logs[1].read_text().splitlines()
        objects = [json.loads(line) for line in lines]
        kinds = 3 if FULL else 1
        for i, line in enumerate(lines):
            at = 2 + i * 7 % (len(line) - 4)
            edited = line[:at] + ("x" if line[at] != "x" else "y") + line[at + 1 :]
            edits = [lines[:i] + [edited] + lines[i + 1 :], lines[:i] + lines[i + 1 :], lines[: max(i - 1, 0)] + lines[i : i + 1] + lines[max(i - 1, 0) : i] + lines[i + 1 :]]
            if i == 0:
                edits.pop()
            for edit in (edits + edits)[i % 2 :][:kinds]:
                self.refused(edit, '"accepted": false', f"line {i + 1}: {line[:80]}")
            if objects[i]["type"] not in ("start", "association_end"):  # by the log's owner, who chains it anew
                self.refused(rechain(objects[:i] + objects[i + 1 :]), '"accepted": false', f"line {i + 1} gone, chained anew: {line[:80]}")

    def test_AU_04_what_a_log_says_reaches_no_terminal_as_it_is(self):
        _, logs = self.audited_path(1)
        objects = [json.loads(line) for line in logs[1].read_text().splitlines()]
        nasty = ["\n{}", "\r", "\x1b[2J", "\x9b31m", "\u2028", "\u202e", "\x00", "\x07", "\x7f", "\ud800", "\ufeff", '"', "\\"]
        spoiled = self.directory / "nasty.audit"
        for one in nasty:
            for member in ("type", "verdict", "context", "association", "direction", "time"):
                spoiled.write_text("".join(line + "\n" for line in rechain([{**o, member: f"a{one}b"} if member in o else o for o in objects])))
                for words in (["show"], ["show", "--json"], ["export"], ["verify", "--trust", str(self.directory / "pki/ca.pem")]):
                    done = subprocess.run([LOUVER, "audit", words[0], str(spoiled), *words[1:]], capture_output=True, timeout=60)
                    self.assertIn(done.returncode, (0, 1), (one, member, words, done.stderr))
                    wrong = [octet for octet in done.stdout + done.stderr if octet != 10 and not 32 <= octet < 127]
                    self.assertEqual(wrong, [], (one, member, words))
                    if words == ["show"] and one != "\ud800":  # which makes the line no JSON: told as unread
                        self.assertEqual(done.stdout.count(b"\n"), len(objects), (one, member))

    def test_receipts_are_checked_by_the_certificate_of_their_time(self):
        """Certificates are replaced while the processes run: each association's receipts go by those that it was agreed on with."""

        def renew_certificates(path):
            for i, role in ((0, "client"), (1, "middlebox"), (3, "server")):
                name, fresh = path.names[i], self.directory / f"fresh{i}"
                run([LOUVER, "pki", "issue", str(path.pki), "--role", role, "--name", name, "--out", str(fresh)])
                for kind in ("key", "pem"):
                    shutil.move(f"{fresh}.{kind}", path.pki / f"{name}.{kind}")
                self.assertTrue(path.control(i, "reload")["ok"])
            path.control(0, "renew")
            path.agent.wait_event("association.open", 2)

        _, logs = self.audited_path(20, between=renew_certificates)
        code, reports, err = self.verify(*logs)
        self.assertEqual(code, 0, json.dumps(reports)[-3000:] + err)
        self.assertGreaterEqual(reports[0]["associations"], 2)
        self.assertEqual(reports[0]["messages"], {"unmodified": 2 * 3 * 20})

    def fill_disk(self, process, log, full=True):
        """No octet more for this process, as on a full disk; and room again."""
        size = log.stat().st_size + 100 if full else resource.RLIM_INFINITY
        resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def test_a_full_disk_ends_what_is_audited_and_says_so(self):
        def full_disk(path):
            self.fill_disk(path.gateway, self.directory / "gateway.audit")
            wait_for(lambda: self.curl(path)[2] != "200", "what is audited to end")
            path.gateway.wait_event("audit.lost")
            self.fill_disk(path.gateway, self.directory / "gateway.audit", full=False)
            for _ in range(3):
                self.assertNotEqual(self.curl(path)[2], "200", "until a restart")

        self.audited_path(5, between=full_disk, again=False)

    def test_a_full_disk_is_counted_where_that_is_wanted(self):
        def full_disk(path):
            self.fill_disk(path.gateway, self.directory / "gateway.audit")
            self.fetch(path, 3, "")
            path.gateway.wait_event("audit.lost")
            self.fill_disk(path.gateway, self.directory / "gateway.audit", full=False)

        path, logs = self.audited_path(5, between=full_disk, on_full="count")
        types = [json.loads(line)["type"] for line in logs[1].read_text().splitlines() if line.endswith("}")]
        self.assertEqual(types.count("lost"), 1)
        self.assertEqual(len(path.gateway.find("audit.lost")), 2)
        code, reports, _ = self.verify(logs[1])
        self.assertEqual(code, 1, "what is missing is told, not passed over")
        self.assertIn("lost", json.dumps(reports[0]))

    def test_the_log_is_not_begun_by_a_reload(self):
        """The file is opened once: a configuration that would audit where the process has none to write to is refused whole."""
        origin = self.origin()
        origin.put("hi", b"hello")
        path = self.path(1, origin_port=origin.port).start()
        log = f'[audit]\nlog = "{self.directory}/late.audit"\n'
        agent, gateway = path.agent_config, path.gateway_config
        path.agent_config = lambda: agent().replace("default = true\n", 'default = true\naudit = "all"\n', 1) + log
        path.gateway_config = lambda: gateway() + '[policy]\naudit = "all"\n' + log
        for party in (0, 2):
            path.rewrite(party)
            answer = path.control(party, "reload", expect=1)
            self.assertIn("[audit]", json.dumps(answer))
        self.assertEqual(self.curl(path)[1], b"hello")
        self.assertFalse((self.directory / "late.audit").exists())

    def test_a_gateway_that_demands_an_audit_refuses_who_offers_none(self):
        origin = self.origin()
        path = self.path(1, origin_port=origin.port)
        gateway = path.gateway_config
        path.gateway_config = lambda: gateway() + f'[policy]\naudit = "all"\nrequire_audit = true\n[audit]\nlog = "{self.directory}/g.audit"\n'
        path.start(agree=False)
        path.agent.wait_event("association.fail", alert="grant_refused")

    def test_an_agent_that_demands_an_audit_refuses_a_gateway_that_gives_none(self):
        origin = self.origin()
        path = self.path(1, origin_port=origin.port)
        agent = path.agent_config
        path.agent_config = lambda: agent().replace("default = true\n", 'default = true\naudit = ["request-body"]\n', 1) + f'[audit]\nlog = "{self.directory}/a.audit"\n'
        path.start(agree=False)
        path.gateway.wait_event("association.fail", alert="grant_refused")


if __name__ == "__main__":
    unittest.main(verbosity=2)
