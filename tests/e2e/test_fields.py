"""What is bound to its target and what is lifted out of messages, through real processes."""

import json
import re
import subprocess
import unittest
from urllib.parse import parse_qsl

from harness import LOUVER, Case
from recording import Messages, Recording

CARD = "4111 1111 1111 1111"
SHOWN = re.compile(r"4111\W?1111")  # half of it, however its blanks are written: four digits alone can be in a marker
CONTEXT = '[[{prefix}context]]\nname = "card"\nfrom = "{source}"\n{more}'


REFUSED = ("403", "502")  # by the gateway, whose alert is nobody's word


class Fields(Case):
    def serve(self, offer, filters="", route="", gateway="", middleboxes=1):
        """A path to an origin that keeps what it got."""
        origin = Recording(any_case=True)
        self.addCleanup(origin.close)
        path = self.path(middleboxes, origin_port=origin.port)
        path.offer[1] = offer
        path.filters[1] = filters
        path.route = route
        path.extra["gateway"] = gateway
        path.start()
        return origin, path

    def lifting(self, source, offer, filters="", more=""):
        return self.serve(offer, filters, CONTEXT.format(prefix="route.", source=source, more=more), CONTEXT.format(prefix="", source=source, more=more))

    @staticmethod
    def requests(origin):
        out = []
        for octets in origin.all():
            messages = Messages(any_case=True)
            out += messages.feed(octets)
        return out


REWRITE = '[[filter]]\ntype = "edit"\nrewrite_path = [{ from = "/hi", to = "/debug" }]\n'


class BoundTarget(Fields):
    def test_HT_04_who_may_write_the_head_alone_aims_nothing(self):
        origin, path = self.serve({"request-head": "write"}, REWRITE)
        code, body, status = self.curl(path, "-H", "Cookie: session=secret")
        self.assertEqual(code, 0)
        self.assertIn(status, REFUSED, body)
        lost = path.gateway.wait_event("session.fail")[0]
        self.assertIn("request-head", json.dumps(lost))
        self.assertIn("blocked_by_policy", json.dumps(lost))
        self.assertEqual(self.requests(origin), [])
        code, body, status = self.curl(path, "-H", "Cookie: session=secret", url="/other")  # not rewritten
        self.assertEqual((code, body, status), (0, b"/other", "200"))

    def test_who_may_write_both_aims_and_binds_anew(self):
        origin, path = self.serve({"request-head": "write", "request-credentials": "write"}, REWRITE)
        code, body, status = self.curl(path, "-H", "Cookie: session=secret")
        self.assertEqual((code, body, status), (0, b"/debug", "200"))
        request = self.requests(origin)[0]
        self.assertEqual(request.all("cookie"), ["session=secret"])
        self.assertEqual([name for name, _ in request.fields if name.startswith("louver-target")], [])

    def test_to_do_without_takes_a_word_of_both_ends(self):
        origin, path = self.serve({"request-head": "write"}, REWRITE, "bind_target = false\n", "[policy]\nrequire_bound_target = false\n")
        self.assertEqual(self.curl(path), (0, b"/debug", "200"))

    def test_HT_04_an_agent_alone_does_not_do_without(self):
        origin, path = self.serve({"request-head": "write"}, REWRITE, "bind_target = false\n")
        self.assertIn(self.curl(path, url="/other")[2], REFUSED)
        self.assertEqual(self.requests(origin), [])


LOG = '[[filter]]\ntype = "log"\npayload = true\n'


class Lifted(Fields):
    BODY = {"order": "1 book", "payment": {"card": CARD}}

    def post(self, path, data, kind, *more):
        return self.curl(path, "-H", f"Content-Type: {kind}", "--data-binary", data, *more, url="/pay")

    def test_a_member_of_json_goes_past_who_reads_the_body(self):
        origin, path = self.lifting("json:/payment/card", {"request-body": "read"}, LOG)
        self.assertEqual(self.post(path, json.dumps(self.BODY), "application/json")[2], "200")
        self.assertEqual(json.loads(self.requests(origin)[0].body), self.BODY)
        said = json.dumps(path.processes[1].wait_event("message"))
        self.assertIn("louver-field-", said)
        self.assertNotRegex(said, SHOWN)

    def test_a_form_field_goes_past_who_reads_the_body(self):
        origin, path = self.lifting("form:card", {"request-body": "read"}, LOG)
        self.assertEqual(self.post(path, f"order=1+book&card={CARD.replace(' ', '+')}", "application/x-www-form-urlencoded")[2], "200")
        self.assertEqual(parse_qsl(self.requests(origin)[0].body.decode()), [("order", "1 book"), ("card", CARD)])
        self.assertNotRegex(json.dumps(path.processes[1].wait_event("message")), SHOWN)

    def test_a_header_field_goes_past_who_reads_the_head(self):
        origin, path = self.lifting("header:x-card", {"request-head": "read"}, LOG)
        self.assertEqual(self.curl(path, "-H", f"X-Card: {CARD}")[2], "200")
        self.assertEqual(self.requests(origin)[0].all("x-card"), [CARD])
        self.assertNotRegex(json.dumps(path.processes[1].wait_event("message")), SHOWN)

    def test_who_has_the_grant_sees_the_value_and_nothing_else(self):
        origin, path = self.lifting("json:/payment/card", {"card": "read"}, LOG)
        self.assertEqual(self.post(path, json.dumps(self.BODY), "application/json")[2], "200")
        seen = path.processes[1].wait_event("message")
        self.assertEqual({e["context"] for e in seen}, {"card"})
        self.assertRegex(json.dumps(seen), SHOWN)

    def test_HT_16_what_has_no_one_meaning_reaches_nobody(self):
        origin, path = self.lifting("json:/payment/card", {"request-body": "read"}, LOG)
        for data, kind, status in (('{"payment":{"card":"1","card":"2"}}', "application/json", "400"), ('{"payment":{"card":17}}', "application/json", "400"),
                                   ("{", "application/json", "400"), ("{}", "application/json; charset=utf-16", "415"), (" " * 600_000, "application/json", "413")):
            (self.directory / "data").write_text(data)
            self.assertEqual(self.post(path, f"@{self.directory}/data", kind)[2], status, data[:40])
        self.assertEqual(self.post(path, "{}", "application/json", "-H", "Content-Encoding: gzip")[2], "415")
        self.assertEqual(self.requests(origin), [])
        self.assertEqual(path.processes[1].find("message"), [])
        self.assertEqual(self.post(path, json.dumps(self.BODY), "application/json")[2], "200")

    def test_ends_that_do_not_agree_make_no_path_or_no_request(self):
        route = CONTEXT.format(prefix="route.", source="json:/payment/card", more="")
        origin = Recording(any_case=True)
        self.addCleanup(origin.close)
        path = self.path(1, origin_port=origin.port)
        path.route = route
        path.start(agree=False)  # a gateway that knows of no such context
        self.assertIn(self.curl(path)[2], REFUSED)
        path.stop()
        path.extra["gateway"] = CONTEXT.format(prefix="", source="json:/card", more="")  # one that looks elsewhere
        path.start()
        self.assertIn(self.post(path, json.dumps(self.BODY), "application/json")[2], REFUSED)
        self.assertEqual(self.requests(origin), [])
        self.assertEqual(self.curl(path)[2], "200")  # no value, no question

    def test_sources_that_are_none_are_refused_at_the_start(self):
        path = self.path(1, origin_port=1)
        for source in ("header:cookie", "header:content-type", "json:/a~2", "form:"):
            path.extra["gateway"] = CONTEXT.format(prefix="", source=source, more="")
            path.ports[2] = 0
            path.rewrite(2)
            done = subprocess.run([LOUVER, "gateway", "--config", str(path.config_path(2)), "--check"], capture_output=True, text=True, timeout=30)
            self.assertNotEqual(done.returncode, 0, source)
            self.assertIn("party2.toml:", done.stdout + done.stderr, source)


if __name__ == "__main__":
    unittest.main(verbosity=2)
