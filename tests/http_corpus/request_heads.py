"""Heads of requests: lines, names, versions, framing, hosts, targets, methods, and fields of one connection."""

from http_corpus.case import RequestCase, Seen, octets

URL = "http://site.example/needle-@"
HOST = "Host: site.example\r\n"
SMUGGLED = "GET http://site.example/smuggled HTTP/1.1\r\nHost: site.example\r\n\r\n"


def get(fields="", target=URL, method="GET", version="HTTP/1.1", host=HOST):
    return f"{method} {target} {version}\r\n{host}{fields}\r\n"


def post(fields="", body="", **more):
    return get(fields, method="POST", **more) + body


def refused(row, status, reason):
    def make(id, words, raw, status=status, reason=reason, **more):
        return RequestCase(id, row, words, octets(raw), status=status, reason=reason, **more)
    return make


def taken(row):
    def make(id, words, raw, *seen, **more):
        return RequestCase(id, row, words, octets(raw), seen=seen, **more)
    return make


PLAIN = Seen("GET /needle-@")


def with_fields(*fields):
    return Seen("GET /needle-@", fields)


def lines():
    r = refused("HT-01", 400, "")
    lf, cr = "bare LF", "bare CR"
    yield r("lf-request-line", "bare LF behind the request line", f"GET {URL} HTTP/1.1\n{HOST}\r\n", reason=lf)
    yield r("lf-field", "bare LF behind a field", get("x: y\nz: a\r\n"), reason=lf)
    yield r("lf-end", "bare LF in the place of the empty line", f"GET {URL} HTTP/1.1\r\n{HOST}\n", reason=lf)
    yield r("lf-all", "bare LF everywhere", f"GET {URL} HTTP/1.1\nHost: site.example\n\n", reason=lf)
    yield r("lf-hides-length", "a length behind a bare LF", post("x: y\nContent-Length: 40\r\n", SMUGGLED), reason=lf)
    yield r("lf-hides-coding", "a coding behind a bare LF", post("Content-Length: 5\r\nx: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), reason=lf)
    yield r("lf-first", "bare LF in front", "\n" + get(), reason=lf)
    yield r("lf-in-name", "LF in a name", get("x\ny: z\r\n"), reason=lf)
    yield r("cr-value", "bare CR in a value", get("x: y\rz: a\r\n"), reason=cr)
    yield r("cr-hides-coding", "a coding behind a bare CR", post("Content-Length: 5\r\nx: y\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), reason=cr)
    yield r("cr-cr-lf", "CR CR LF", get("x: y\r\r\n"), reason=cr)
    yield r("cr-line", "CR in the request line", f"GET {URL}\rHTTP/1.1\r\n{HOST}\r\n", reason=cr)
    yield r("cr-only", "CR as the only line end", f"GET {URL} HTTP/1.1\rHost: site.example\r\r", reason=cr)
    yield r("cr-cr-end", "CR CR LF as the empty line", f"GET {URL} HTTP/1.1\r\n{HOST}\r\r\n", reason=cr)
    yield r("cr-in-name", "CR in a name", get("Transfer-Encoding\r: chunked\r\n"), reason=cr)
    yield r("fold-space", "a folded value", get("x: y\r\n z\r\n"), reason="folded")
    yield r("fold-tab", "a value folded by HTAB", get("x: y\r\n\tz\r\n"), reason="folded")
    yield r("fold-coding", "chunked on a folded line", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), reason="folded")
    yield r("fold-length", "a length on a folded line", post("Content-Length:\r\n 5\r\n", "hello"), reason="folded")
    yield r("fold-first", "the first field indented", f"GET {URL} HTTP/1.1\r\n {HOST}\r\n", reason="folded")
    yield r("fold-host", "a second Host on a folded line", get("x: y\r\n Host: other.example\r\n"), reason="folded")
    yield r("fold-blank", "a line of blanks only", get(" \r\n"), reason="folded")
    yield r("fold-end", "blanks in the place of the empty line", f"GET {URL} HTTP/1.1\r\n{HOST}\t\r\n\r\n", reason="folded")
    for name, octet in (("nul", "\0"), ("soh", "\1"), ("bs", "\b"), ("vt", "\v"), ("ff", "\f"), ("esc", "\x1b"), ("us", "\x1f"), ("del", "\x7f")):
        yield r(f"{name}-value", f"{name.upper()} in a value", get(f"x: y{octet}z\r\n"), reason="control character")
    yield r("nul-name", "NUL in a name", get("x\0y: z\r\n"), reason="control character")
    yield r("nul-target", "NUL in the target", get(target=URL + "\0.png"), reason="control character")
    yield r("nul-length", "NUL behind a length", post("Content-Length: 5\0\r\n", "hello"), reason="control character")
    yield r("nul-host", "NUL in Host", get(host="Host: site.example\0.evil\r\n"), reason="control character")
    yield r("vt-coding", "VT in front of chunked", post("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n"), reason="control character")
    yield r("two-empty-first", "two empty lines in front", "\r\n\r\n" + get(), reason="HTTP version")
    yield r("cr-first", "CR in front", "\r" + get(), reason="bare CR")
    yield r("blank-first", "a blank in front of the method", " " + get(), reason="")
    yield r("no-colon", "a line without a colon", get("Transfer-Encoding chunked\r\n"), reason="without a colon")
    yield r("empty-name", "an empty name", get(": y\r\n"), reason="field name")
    yield r("blank-colon", "a blank before the colon", get("x : y\r\n"), reason="field name")
    yield r("tab-colon", "HTAB before the colon", get("x\t: y\r\n"), reason="field name")
    yield r("blank-colon-length", "a blank before the length's colon", post("Content-Length : 5\r\n", "hello"), reason="field name")
    yield r("blank-colon-coding", "a blank before the coding's colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), reason="field name")
    yield r("blank-in-name", "a blank in a name", get("Content Length: 5\r\n"), reason="field name")
    for name, octet in (("paren", "("), ("slash", "/"), ("quote", '"'), ("brace", "{"), ("at", "@"), ("high", "\xe9"), ("semicolon", ";"), ("equals", "="), ("nbsp", "\xa0")):
        yield r(f"name-{name}", f"0x{ord(octet):02x} in a name", get(f"x{octet}y: z\r\n"), reason="field name")
    yield r("name-only-http", "a second request line among the fields", get("GET /smuggled-x HTTP/1.1\r\n"), reason="")
    t = taken("HT-01")
    yield t("plain", "nothing special", get(), PLAIN)
    yield t("empty-line-first", "one empty line in front", "\r\n" + get(), PLAIN)
    yield t("tab-value", "HTAB inside a value", get("x: y\tz\r\n"), with_fields(("x", "y\tz")))
    yield t("blanks-value", "blanks around a value", get("x: \t y \t\r\n"), with_fields(("x", "y")))
    yield t("no-blank-value", "no blank in front of a value", get("x:y\r\n"), with_fields(("x", "y")))
    yield t("empty-value", "an empty value", get("x:\r\n"), with_fields(("x", "")))
    yield t("case-names", "names in any case", get("X-ONE: y\r\nx-One: z\r\n"), with_fields(("x-one", "y"), ("x-one", "z")))
    yield t("high-value", "octets beyond ASCII in a value", get("x: \xc3\xa9\r\n"), with_fields(("x", "\xc3\xa9")))
    yield t("colons-value", "colons in a value", get("x: Transfer-Encoding: chunked\r\n"), with_fields(("x", "Transfer-Encoding: chunked")))
    yield t("token-name", "every mark that a name may hold", get("!#$%&'*+-.^`|~: y\r\n"), with_fields(("!#$%&'*+-.^`|~", "y")))


def request_lines():
    r = refused("HT-01", 400, "HTTP version")
    yield r("line-no-version", "HTTP/0.9", f"GET {URL}\r\n\r\n")
    yield r("line-only-method", "a method alone", f"GET\r\n{HOST}\r\n")
    yield r("line-lower-version", "http/1.1 in lower case", get(version="http/1.1"))
    yield r("line-version-digits", "HTTP/1.10", get(version="HTTP/1.10"))
    yield r("line-version-zero", "HTTP/01.1", get(version="HTTP/01.1"))
    yield r("line-version-plus", "HTTP/+1.1", get(version="HTTP/+1.1"))
    yield r("line-version-text", "HTTP/one", get(version="HTTP/one"))
    yield r("line-version-comma", "HTTP/1,1", get(version="HTTP/1,1"))
    yield r("line-version-other", "ICY/1.1", get(version="ICY/1.1"))
    yield r("line-version-blank", "a blank behind the version", get(version="HTTP/1.1 "))
    yield r("line-version-tail", "a word behind the version", get(version="HTTP/1.1 x"))
    yield r("line-version-tab", "HTAB behind the version", get(version="HTTP/1.1\t"))
    for version in ("HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9"):
        yield r(f"version-{version[5]}-{version[7]}", version, get(version=version), status=505, reason="only HTTP/1.1")
    yield r("h2-preface", "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status=505, reason="only HTTP/1.1")
    yield r("tls", "a ClientHello of TLS", "\x16\x03\x01\x02\x00\x01\x00", reason="control character")
    yield r("line-two-blanks", "two blanks before the target", f"GET  {URL} HTTP/1.1\r\n{HOST}\r\n", reason="")
    yield r("line-two-blanks-behind", "two blanks behind the target", f"GET {URL}  HTTP/1.1\r\n{HOST}\r\n", reason="")
    yield r("line-tab", "HTAB for the blank", f"GET\t{URL} HTTP/1.1\r\n{HOST}\r\n", reason="")
    yield r("line-blank-target", "a blank in the target", get(target=URL + " x"), reason="")
    yield r("line-version-in-target", "a version in the target", get(target=URL + " HTTP/1.1 x"), reason="")
    yield r("method-paren", "a method that is no token", get(method="G(T"), reason="")
    yield r("method-empty", "no method", f" {URL} HTTP/1.1\r\n{HOST}\r\n", reason="")
    yield r("method-high", "a method beyond ASCII", get(method="G\xcbT"), reason="")
    yield r("method-quoted", "a quoted method", get(method='"GET"'), reason="")
    m = refused("HT-01", 501, "")
    yield m("method-33", "a method of 33 octets", get(method="M" * 33), reason="of that length")
    yield m("connect", "CONNECT to the inside", "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n" + SMUGGLED, reason="CONNECT")
    yield m("connect-url", "CONNECT with a URL", get(method="CONNECT"), reason="CONNECT")
    yield m("connect-case", "Connect", get(method="Connect"), reason="CONNECT")
    yield m("connect-body", "CONNECT with a body", "CONNECT site.example:80 HTTP/1.1\r\nHost: site.example:80\r\nContent-Length: 5\r\n\r\nhello", reason="CONNECT")
    yield m("connect-1-0", "CONNECT in HTTP/1.0 without Host", "CONNECT site.example:443 HTTP/1.0\r\n\r\n", reason="CONNECT")
    yield m("connect-reverse", "CONNECT at a reverse listener", "CONNECT /needle-@ HTTP/1.1\r\nHost: site.example\r\n\r\n", reason="CONNECT", listener="reverse")
    d = refused("HT-01", 405, "TRACE")
    yield d("trace", "TRACE", get(method="TRACE"))
    yield d("trace-case", "tRaCe", get(method="tRaCe"))
    yield d("track", "TRACK", get(method="TRACK"))
    yield d("trace-body", "TRACE with a body", get("Content-Length: 5\r\n", method="TRACE") + "hello")
    t = taken("HT-01")
    yield t("method-case", "a method in lower case is another one", get(method="get"), Seen("get /needle-@"))
    yield t("method-own", "a method that nobody knows", get(method="FROB"), Seen("FROB /needle-@"))
    yield t("method-32", "a method of 32 octets", get(method="M" * 32), Seen("M" * 32 + " /needle-@"))
    yield t("version-1-0", "HTTP/1.0 with Host", get(version="HTTP/1.0"), PLAIN, alive=False)
    yield t("version-1-0-no-host", "HTTP/1.0, the host in the target only", get(version="HTTP/1.0", host=""), PLAIN, alive=False)
    yield t("version-1-0-keep", "HTTP/1.0 with keep-alive", get("Connection: keep-alive\r\n", version="HTTP/1.0"), PLAIN)
    yield t("options-star", "OPTIONS for the server as a whole", get("x-case: needle-@\r\n", method="OPTIONS", target="http://site.example"), Seen("OPTIONS *", (("x-case", "needle-@"),)))


def framing():
    r = refused("HT-01", 400, "Content-Length")
    body = "hello"
    beside = "beside Transfer-Encoding"
    yield r("cl-te", "Content-Length, then chunked", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"))
    yield r("te-cl", "chunked, then Content-Length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"))
    yield r("cl-te-smuggle", "a request behind the last chunk, within the length", post("Content-Length: 99\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + SMUGGLED))
    yield r("te-cl-smuggle", "a request within a chunk, behind the length", post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "4c\r\n" + SMUGGLED + "\r\n0\r\n\r\n"))
    yield r("cl0-te", "Content-Length: 0 beside chunked", post("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"))
    yield r("get-cl-te", "both in a GET", get("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n")
    yield r("cl-cl", "two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", body + "!"), reason="two Content-Length")
    yield r("cl-cl-same", "two equal lengths", post("Content-Length: 5\r\nContent-Length: 5\r\n", body), reason="two Content-Length")
    yield r("cl-cl-0", "a length and a 0", post("Content-Length: 0\r\nContent-Length: 44\r\n", SMUGGLED), reason="two Content-Length")
    yield r("cl-cl-case", "two lengths in two spellings of the name", post("content-length: 5\r\nCONTENT-LENGTH: 0\r\n", body), reason="two Content-Length")
    for name, value in (("list", "5, 5"), ("list-differs", "5, 6"), ("list-empty", "5,"), ("plus", "+5"), ("minus", "-5"), ("minus-0", "-0"), ("hex", "0x5"), ("octal", "05"), ("zeros", "0000000005"),
                        ("empty", ""), ("float", "5.0"), ("exponent", "5e0"), ("blank", "5 5"), ("underscore", "1_0"), ("word", "five"), ("quoted", '"5"'), ("semicolon", "5;x=y"),
                        ("tail", "5x"), ("wide", "\xb2"), ("2-63", str(2**63)), ("2-64", str(2**64)), ("2-64-5", str(2**64 + 5)), ("huge", "9" * 400), ("0-list", "0,5"), ("apostrophe", "1'000")):
        yield r(f"cl-{name}", f"Content-Length: {value[:24]}", post(f"Content-Length: {value}\r\n", body))
    e = refused("HT-01", 400, "Transfer-Encoding")
    for name, value in (("xchunked", "xchunked"), ("chunkedx", "chunkedx"), ("identity", "identity"), ("gzip", "gzip"), ("gzip-chunked", "gzip, chunked"), ("chunked-gzip", "chunked, gzip"),
                        ("chunked-twice", "chunked, chunked"), ("comma", "chunked,"), ("comma-first", ",chunked"), ("empty", ""), ("quoted", '"chunked"'), ("apostrophes", "'chunked'"),
                        ("parameter", "chunked;q=1"), ("colon", ":chunked"), ("two-words", "chunked x"), ("cow", "cow"), ("identity-chunked", "identity, chunked"), ("high", "\xa0chunked"),
                        ("name-again", "Transfer-Encoding: chunked"), ("null", "null")):
        yield e(f"te-{name}", f"Transfer-Encoding: {value}", post(f"Transfer-Encoding: {value}\r\n", "0\r\n\r\n"), reason="")
    yield e("te-twice", "two Transfer-Encoding fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"))
    yield e("te-twice-identity", "chunked and identity in two fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"))
    yield e("te-identity-twice", "identity and chunked in two fields", post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"))
    yield e("te-cl-identity", "identity beside a length", post("Transfer-Encoding: identity\r\nContent-Length: 5\r\n", body), reason="")
    yield e("te-cl-xchunked", "xchunked beside a length", post("Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", body), reason="")
    yield e("te-1-0", "chunked in HTTP/1.0", post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n", version="HTTP/1.0"), reason="HTTP/1.0")
    for name, field in (("underscore", "Transfer_Encoding"), ("dot", "Transfer.Encoding"), ("tilde", "transfer~encoding"), ("plus", "Transfer+Encoding")):
        yield e(f"te-name-{name}", f"{field}: chunked", post(f"{field}: chunked\r\n", "0\r\n\r\n"), reason="take for another")
    for name, field in (("underscore", "Content_Length"), ("dot", "Content.Length"), ("hash", "content#length")):
        yield e(f"cl-name-{name}", f"{field}: 5", post(f"{field}: 5\r\n", body), reason="take for another")
    t = taken("HT-01")
    yield t("cl", "a body with its length", post("Content-Length: 5\r\n", body), Seen("POST /needle-@", body=b"hello", length=5))
    yield t("cl-0", "Content-Length: 0", post("Content-Length: 0\r\n"), Seen("POST /needle-@", length=0))
    yield t("cl-blanks", "blanks around a length", post("Content-Length: \t5 \r\n", body), Seen("POST /needle-@", body=b"hello", length=5))
    yield t("te-case", "CHUNKED, any case", post("transfer-ENCODING: cHuNkEd\r\n", "5\r\nhello\r\n0\r\n\r\n"), Seen("POST /needle-@", body=b"hello"))
    yield t("te-blanks", "blanks around chunked", post("Transfer-Encoding: \t chunked\t\r\n", "5\r\nhello\r\n0\r\n\r\n"), Seen("POST /needle-@", body=b"hello"))
    yield t("get-body", "a GET with a body", get("Content-Length: 5\r\n") + body, Seen("GET /needle-@", body=b"hello", length=5))
    yield t("head-body", "a HEAD with a body", get("Content-Length: 5\r\n", method="HEAD") + body, Seen("HEAD /needle-@", body=b"hello", length=5))
    yield t("delete-chunked", "a DELETE in chunks", get("Transfer-Encoding: chunked\r\n", method="DELETE") + "1\r\nx\r\n0\r\n\r\n", Seen("DELETE /needle-@", body=b"x"))
    smuggled = SMUGGLED.encode()
    yield t("body-is-request", "a body that looks like a request", post(f"Content-Length: {len(SMUGGLED)}\r\n", SMUGGLED), Seen("POST /needle-@", body=smuggled, length=len(SMUGGLED)))
    yield t("body-is-request-get", "the same in a GET", get(f"Content-Length: {len(SMUGGLED)}\r\n") + SMUGGLED, Seen("GET /needle-@", body=smuggled, length=len(SMUGGLED)))
    yield t("no-length", "a POST without length is without content: what follows is a request", post() + get(target=URL + "-2"), Seen("POST /needle-@", length=0), Seen("GET /needle-@-2"))
    yield RequestCase("no-length-garbage", "HT-01", "a POST without length, then octets", octets(post("", "hello\r\n\r\n")), seen=(Seen("POST /needle-@", length=0),), status=400, reason="HTTP version")
    yield RequestCase("longer-than-length", "HT-03", "more octets than the length", octets(post("Content-Length: 5\r\n", "hello world\r\n\r\n")), seen=(Seen("POST /needle-@", body=b"hello", length=5),), status=400, reason="")
    yield RequestCase("shorter-than-length", "HT-03", "fewer octets than the length, then the end", octets(post("Content-Length: 50\r\n", "hello")), half_close=True, cut=True)
    yield RequestCase("chunks-without-end", "HT-03", "chunks without a last one, then the end", octets(post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n")), half_close=True, cut=True)
    yield r("head-without-end", "half a head, then the end", get()[:-2], half_close=True, reason="middle of a head")


def expectations():
    r = refused("HT-06", 417, "only expectation")
    yield r("expect-other", "Expect: 200-ok", post("Content-Length: 5\r\nExpect: 200-ok\r\n", "hello"))
    yield r("expect-list", "Expect: 100-continue, x", post("Content-Length: 5\r\nExpect: 100-continue, x\r\n", "hello"))
    yield r("expect-empty", "an empty Expect", post("Content-Length: 5\r\nExpect:\r\n", "hello"))
    yield r("expect-quoted", 'Expect: "100-continue"', post('Content-Length: 5\r\nExpect: "100-continue"\r\n', "hello"))
    yield r("expect-tail", "Expect: 100-continue;x", post("Content-Length: 5\r\nExpect: 100-continue;x=y\r\n", "hello"))
    yield r("expect-twice", "two Expect fields", post("Content-Length: 5\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n", "hello"), status=400, reason="two Expect")
    t = taken("HT-06")
    yield t("expect-get", "Expect without content", get("Expect: 100-continue\r\n"), PLAIN)
    yield t("expect-cl-0", "Expect with Content-Length: 0", post("Content-Length: 0\r\nExpect: 100-continue\r\n"), Seen("POST /needle-@", length=0))
    yield t("expect-1-0", "Expect in HTTP/1.0", post("Content-Length: 5\r\nExpect: 100-continue\r\n", "hello", version="HTTP/1.0"), Seen("POST /needle-@", body=b"hello", length=5), alive=False)
    yield t("expect", "Expect and the body at once", post("Content-Length: 5\r\nExpect: 100-Continue\r\n", "hello"), Seen("POST /needle-@", body=b"hello", length=5, expect=True))
    yield t("expect-chunked", "Expect with chunks", post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", "5\r\nhello\r\n0\r\n\r\n"), Seen("POST /needle-@", body=b"hello", expect=True))


def hosts():
    r = refused("HT-10", 400, "Host")
    yield r("host-none", "no Host", get(host=""))
    yield r("host-none-reverse", "no Host at a reverse listener", "GET /needle-@ HTTP/1.1\r\n\r\n", listener="reverse")
    yield r("host-none-1-0-reverse", "no Host in HTTP/1.0 at a reverse listener", "GET /needle-@ HTTP/1.0\r\n\r\n", listener="reverse")
    yield r("host-two", "two Hosts", get("Host: other.example\r\n"), reason="two Host")
    yield r("host-two-same", "the same Host twice", get("host: site.example\r\n"), reason="two Host")
    yield r("host-two-reverse", "two Hosts at a reverse listener", "GET /needle-@ HTTP/1.1\r\nHost: site.example\r\nHost: other.example\r\n\r\n", reason="two Host", listener="reverse")
    yield r("host-differs", "Host is not the target's", get(host="Host: other.example\r\n"))
    yield r("host-differs-port", "Host with another port than the target", get(host="Host: site.example:81\r\n"))
    yield r("host-differs-reverse", "absolute-form against Host at a reverse listener", get(host="Host: other.example\r\n"), listener="reverse")
    yield r("host-empty", "an empty Host beside a target with one", get(host="Host:\r\n"))
    for name, value in (("list", "site.example, other.example"), ("blank", "site.example other.example"), ("userinfo", "user@site.example"), ("path", "site.example/x"), ("query", "site.example?x"),
                        ("fragment", "site.example#x"), ("scheme", "http://site.example"), ("port-empty", "site.example:"), ("port-0", "site.example:0"), ("port-zeros", "site.example:080"),
                        ("port-65536", "site.example:65536"), ("port-plus", "site.example:+80"), ("port-word", "site.example:http"), ("two-ports", "site.example:80:81"), ("dot", "site.example."),
                        ("dot-first", ".site.example"), ("dots", "site..example"), ("percent", "site%2eexample"), ("high", "s\xefte.example"), ("backslash", "site.example\\x"), ("quoted", '"site.example"'),
                        ("ipv6-open", "[::1"), ("ipv6-bad", "[1::2::3]"), ("ipv6-zone", "[fe80::1%25eth0]"), ("ipv6-tail", "[::1]x"), ("ipv6-bare", "::1"), ("long", "a" * 254), ("star", "*"), ("semicolon", "site.example;x")):
        yield r(f"host-{name}", f"Host: {value[:28]}", f"GET /needle-@ HTTP/1.1\r\nHost: {value}\r\n\r\n", listener="reverse")
    for name, field in (("underscore-host", "X_Host"), ("x-host", "X-Host"), ("forwarded", "X-Forwarded-Host"), ("original", "X-Original-URL")):
        yield taken("HT-10")(f"host-{name}", f"{field} beside Host is a field as others", get(f"{field}: other.example\r\n"), with_fields((field.lower(), "other.example")))
    m = refused("HT-10", 421, "does not answer for that host")
    yield m("host-unlisted", "a host that the reverse listener does not have", "GET /needle-@ HTTP/1.1\r\nHost: evil.example\r\n\r\n", listener="reverse")
    yield m("host-unlisted-under", "a name under its host", "GET /needle-@ HTTP/1.1\r\nHost: evil.site.example\r\n\r\n", listener="reverse")
    yield m("host-unlisted-behind", "its host in front of another", "GET /needle-@ HTTP/1.1\r\nHost: site.example.evil.example\r\n\r\n", listener="reverse")
    yield m("host-number", "an address as a number", "GET /needle-@ HTTP/1.1\r\nHost: 0x7f.1\r\n\r\n", listener="reverse")
    t = taken("HT-10")
    yield t("host-case", "a host in any case", get(target="http://SITE.example/needle-@", host="Host: Site.EXAMPLE\r\n"), PLAIN)
    yield t("host-default-port", "the port that is the default", get(host="Host: site.example:80\r\n"), PLAIN)
    yield t("host-blanks", "blanks around a host", get(host="Host: \t site.example \t\r\n"), PLAIN)
    yield t("host-other-port", "another port", get(target="http://site.example:8080/needle-@", host="Host: site.example:8080\r\n"), Seen("GET /needle-@", host="site.example:8080"))
    yield t("host-last", "Host behind other fields", get("x: y\r\nHost: site.example\r\n", host=""), with_fields(("x", "y")))
    yield t("host-reverse", "a plain request at a reverse listener", "GET /needle-@ HTTP/1.1\r\nHost: site.example\r\n\r\n", PLAIN, listener="reverse")
    yield t("host-reverse-absolute", "absolute-form at a reverse listener", get(), PLAIN, listener="reverse")
    yield t("host-ipv6", "an IPv6 address in a long form", get(target="http://[0:0::0:0:1]/needle-@", host="Host: [::0001]\r\n"), Seen("GET /needle-@", host="[::1]"))


def sites():
    """HT-13: what a page of another site may cause at a listener that stands in for a server."""
    r = refused("HT-13", 403, "pages of other sites")
    request = "GET /needle-@ HTTP/1.1\r\nHost: site.example\r\n"
    yield r("site-cross", "Sec-Fetch-Site: cross-site", request + "Sec-Fetch-Site: cross-site\r\n\r\n", listener="reverse")
    yield r("site-second", "cross-site in a second field", request + "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\n\r\n", listener="reverse")
    yield r("site-list", "cross-site in a list", request + "Sec-Fetch-Site: same-origin, cross-site\r\n\r\n", listener="reverse")
    yield r("site-unknown", "a word that nobody knows", request + "Sec-Fetch-Site: elsewhere\r\n\r\n", listener="reverse")
    yield refused("HT-13", 400, "Connection names")("site-nominated", "nominated, so that it goes", request + "Connection: Sec-Fetch-Site\r\nSec-Fetch-Site: cross-site\r\n\r\n", listener="reverse")
    yield taken("HT-13")("site-same", "Sec-Fetch-Site: same-origin", request + "Sec-Fetch-Site: same-origin\r\n\r\n", with_fields(("sec-fetch-site", "same-origin")), listener="reverse")


def targets():
    r = refused("HT-10", 400, "")
    two_ways, form = "no absolute path", "begin with a scheme"
    for name, target in (("origin", "/needle-@"), ("relative", "needle-@"), ("empty-scheme", "://site.example/needle-@"), ("authority", "site.example:80"), ("no-slashes", "http:site.example/needle-@"),
                         ("one-slash", "http:/site.example/needle-@"), ("star", "*"), ("slashes", "//site.example/needle-@"), ("query", "?needle-@"), ("inner-url", "/http://site.example/needle-@")):
        yield r(f"target-{name}", f"{target[:34]} at a proxy", get(target=target), reason=form)
    for name, target in (("https", "https://site.example/needle-@"), ("ftp", "ftp://site.example/needle-@"), ("file", "file:///needle-@"), ("blank-scheme", "httpx://site.example/needle-@"), ("ws", "ws://site.example/needle-@")):
        yield r(f"target-{name}", target, get(target=target), reason="scheme")
    yield r("target-userinfo", "user information in the target", get(target="http://site.example@evil.example/needle-@"), reason="user information")
    for name, target in (("no-host", "http:///needle-@"), ("only-port", "http://:80/needle-@"), ("port-empty", "http://site.example:/needle-@"), ("port-0", "http://site.example:0/needle-@"),
                         ("port-word", "http://site.example:x/needle-@"), ("backslash-host", "http://site.example\\needle-@"), ("percent-host", "http://site%2eexample/needle-@"), ("dot-host", "http://site.example./needle-@")):
        yield r(f"target-{name}", target, get(target=target), reason="")
    base = "http://site.example"
    for name, path in (("dots", "/a/../needle-@"), ("dots-encoded", "/a/%2e%2e/needle-@"), ("dots-mixed", "/a/.%2E/needle-@"), ("dot", "/./needle-@"), ("dot-encoded", "/%2e/needle-@"), ("dots-end", "/needle-@/.."),
                       ("dots-parameter", "/a/..;x/needle-@"), ("dots-only", "/.."), ("backslash", "/a\\..\\needle-@"), ("fragment", "/needle-@#x"), ("percent-cut", "/needle-@%2"), ("percent-word", "/needle-@%zz"),
                       ("percent-u", "/needle-@%u002e"), ("angle", "/<needle-@>"), ("quote", '/"needle-@"'), ("high", "/needle-@\xe9"), ("nul-encoded", "/needle-@%00.png"), ("crlf-encoded", "/needle-@%0d%0aHost:%20evil.example"),
                       ("lf-encoded", "/needle-@%0A"), ("slashes-first", "//evil.example/needle-@"), ("slashes-encoded", "/%2f/evil.example/needle-@"), ("backslash-encoded", "/%5c/evil.example/needle-@"),
                       ("dots-slash-encoded", "/a/..%2fneedle-@"), ("dots-backslash-encoded", "/a/..%5Cneedle-@"), ("fragment-query", "/needle-@?x#y")):
        yield r(f"path-{name}", path, get(target=base + path), reason="")
        yield r(f"path-{name}-reverse", f"{path}, reverse", get(target=path), reason="", listener="reverse")
    t = taken("HT-10")
    yield t("target-scheme-case", "HTTP:// in capitals", get(target="HTTP://site.example/needle-@"), PLAIN)
    yield t("target-query-only", "a query without a path", get(target=base + "?needle-@"), Seen("GET /?needle-@"))
    yield t("target-no-path", "no path", get("x-case: needle-@\r\n", target=base), Seen("GET /", (("x-case", "needle-@"),)))
    yield t("path-query-dots", "dots in a query are nothing", get(target=URL + "?a=../b"), Seen("GET /needle-@?a=../b"))
    yield t("path-query-url", "a URL in a query", get(target=URL + "?u=http://x@y/"), Seen("GET /needle-@?u=http://x@y/"))
    yield t("path-percent", "an encoded letter stays as it is", get(target=URL + "/%41%C3%A9"), Seen("GET /needle-@/%41%C3%A9"))
    yield t("path-three-dots", "three dots are a name", get(target=URL + "/.../x"), Seen("GET /needle-@/.../x"))
    yield t("path-slashes-inside", "two slashes further on", get(target=URL + "//x"), Seen("GET /needle-@//x"))
    yield t("path-parameters", "parameters of segments", get(target=URL + ";a=b/c;d"), Seen("GET /needle-@;a=b/c;d"))


def connections():
    r = refused("HT-08", 400, "Connection names")
    for name in ("authorization", "cookie", "content-type", "x-forwarded-for", "x-real-ip", "forwarded", "via", "cache-control", "origin", "range", "if-match", "sec-fetch-site", "user-agent", "date", "vary",
                 "location", "traceparent", "tracestate", "max-forwards", "x-http-method-override", "louver-client", "louver-middleboxes", "Louver_Client"):
        yield r(f"nominate-{name.lower()}", f"Connection: close, {name}", get(f"Connection: close, {name}\r\n{name}: x\r\n"))
    yield r("nominate-host", "Connection: host", get("Connection: host\r\n"))
    yield r("nominate-length", "Connection: content-length", post("Connection: Content-Length\r\nContent-Length: 5\r\n", "hello"))
    yield r("nominate-expect", "Connection: expect", post("Connection: expect\r\nContent-Length: 5\r\nExpect: 100-continue\r\n", "hello"))
    yield r("nominate-later", "nominated by a second Connection field", get("Connection: keep-alive\r\nConnection: Authorization\r\nAuthorization: x\r\n"))
    yield r("nominate-blanks", "nominated between blanks and empty elements", get("Connection: ,\t, COOKIE\t ,\r\nCookie: x\r\n"))
    yield r("connection-words", "Connection: two words", get("Connection: close x\r\n"), reason="")
    yield r("connection-quoted", 'Connection: "close"', get('Connection: "close"\r\n'), reason="")
    t = taken("HT-08")
    yield t("nominate-own", "a field that the client nominates goes no further", get("Connection: x-one\r\nx-one: y\r\nx-two: z\r\n"), with_fields(("x-two", "z")))
    yield t("nominate-absent", "one that is not there", get("Connection: x-one, close\r\n"), PLAIN, alive=False)
    yield t("nominate-te", "Connection: transfer-encoding does not undo the chunks", post("Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"), Seen("POST /needle-@", body=b"hello"))
    yield t("hop-fields", "fields of one connection", get("Keep-Alive: timeout=5\r\nTE: trailers\r\nTrailer: x\r\nProxy-Connection: keep-alive\r\nHTTP2-Settings: AAMA\r\n"), PLAIN)
    yield t("hop-proxy-authorization", "a proxy's password ends at the proxy", get("Proxy-Authorization: Basic eDp5\r\n"), PLAIN)
    yield t("hop-proxy-authenticate", "Proxy-Authenticate in a request", get("Proxy-Authenticate: Basic\r\nProxy-Authentication-Info: x\r\n"), PLAIN)
    yield t("hop-proxy", "Proxy, which CGI takes for HTTP_PROXY", get("Proxy: http://evil.example/\r\n"), PLAIN)
    yield t("close-list", "Connection: x, CLOSE", get("Connection: x, CLOSE\r\n"), PLAIN, alive=False)
    yield t("close-and-more", "a request behind Connection: close", get("Connection: close\r\n") + SMUGGLED, PLAIN, alive=False)
    yield t("set-cookie-request", "credentials go behind the head's fields", get("Cookie: a=b\r\nAuthorization: x\r\nx: y\r\nCookie: c=d\r\n"), with_fields(("x", "y"), ("cookie", "a=b"), ("authorization", "x"), ("cookie", "c=d")))
    c = refused("HT-08", 400, "two credentials")
    yield c("authorization-two", "two Authorizations", get("Authorization: a\r\nAuthorization: b\r\n"))
    look = refused("HT-08", 400, "take for another")
    for name in ("Proxy_Authorization", "proxy.connection", "Keep_Alive", "set_cookie"):
        yield look(f"lookalike-{name.lower()}", f"{name}", get(f"{name}: x\r\n"))
    u = refused("HT-09", (400, 501), "Upgrade")
    yield u("upgrade-h2c", "Upgrade: h2c", get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"))
    yield u("upgrade-alone", "Upgrade that Connection does not name", get("Upgrade: h2c\r\n"))
    yield u("upgrade-tls", "Upgrade: TLS/1.0", get("Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n"))


def own_fields():
    """HT-08: our own identity fields, as a client may spell them: none reaches the origin but the gateway's own."""
    t = taken("HT-08")
    for number, separator in enumerate("-_.!#$%&'*+^`|~"):
        for name in ("louver-client", "LOUVER-CLIENT", "louver-middleboxes", "Louver-Middleboxes", "louver-anything"):
            spelling = name.replace("-", separator)
            yield t(f"own-{number}-{name.lower()[7:]}{'-capitals' * (name != name.lower())}", f"{spelling}: root.example", get(f"{spelling}: root.example\r\n"), PLAIN)
    for number, name in enumerate(("louver-", "louver_", "louver--client", "louver-_client", "louver__client", "louver-client-", "louver-client_2")):
        yield t(f"own-odd-{number}", f"{name}: root.example", get(f"{name}: root.example\r\n"), PLAIN)
    yield t("own-twice", "several at once, some folded in a list", get("louver-client: a, b\r\nLouver_Client: c\r\nlouver-middleboxes: d\r\n"), PLAIN)
    yield t("own-trailer", "in a trailer", post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nLouver-Client: root.example\r\n\r\n"), Seen("POST /needle-@", body=b"hello"))
    yield t("own-trailer-other", "in a trailer, by another spelling", post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nlouver_client: root.example\r\n\r\n"), Seen("POST /needle-@", body=b"hello"))
    yield refused("HT-08", 400, "field name")("own-blank", "with a blank before the colon", get("Louver-Client : root.example\r\n"))
    yield refused("HT-08", 400, "folded")("own-fold", "on a folded line", get("x: y\r\n Louver-Client: root.example\r\n"))


def sizes():
    big = refused("HT-14", 431, "too long")
    yield big("head-64k", "a head above 64 KiB", get("x: " + "a" * 65536 + "\r\n"))
    yield big("head-64k-many", "a head above 64 KiB in 190 fields", get("".join(f"x{i}: {'a' * 400}\r\n" for i in range(190))))
    yield big("head-endless", "a line that never ends", f"GET {URL} HTTP/1.1\r\n{HOST}x: " + "a" * 70000)
    yield big("fields-201", "201 fields", get("x: y\r\n" * 200), reason="too many header fields")
    yield big("fields-10000", "10000 fields", get("x: y\r\n" * 10000), reason="too many header fields")
    yield big("target-8k", "a target above 8 KiB", get(target=URL + "/" + "a" * 8192), status=414, reason="target is too long")
    yield big("target-endless", "a target that never ends", f"GET {URL}/" + "a" * 9000, status=414, reason="target is too long")
    yield big("method-endless", "a method that never ends", "G" * 9000, status=414, reason="")
    t = taken("HT-14")
    yield t("fields-200", "200 fields", get("x: y\r\n" * 199), with_fields(*[("x", "y")] * 199))
    path = "/needle-@/" + "a" * 8000
    yield t("target-8000", "a target of almost 8 KiB", get(target="http://site.example" + path), Seen("GET " + path))
    yield t("head-60k", "a head of 60 KiB", get("x: " + "a" * 60000 + "\r\n"), with_fields(("x", "a" * 60000)))


def errors():
    """HT-15: what of a request might be reflected by the page that refuses it."""
    r = refused("HT-15", 400, "")
    for name, raw in (("target", get(target="http://site.example/<script>needle-@</script>")), ("host", get(host="Host: <script>needle-@</script>\r\n")), ("name", get("<script>needle-@: y\r\n")),
                      ("value", get("Content-Length: <script>needle-@</script>\r\n")), ("method", get(method="<needle-@>")), ("coding", get("Transfer-Encoding: <script>needle-@\r\n"))):
        yield r(f"reflect-{name}", f"<script> in the {name}", raw)
    yield r("reflect-version", "<script> in the version", get(version="<script>needle-@"))
    yield r("reflect-expect", "<script> in Expect", post("Content-Length: 1\r\nExpect: <script>needle-@\r\n", "x"), status=417)
    yield r("reflect-421", "a name for another host", "GET /needle-@ HTTP/1.1\r\nHost: needle-@.example\r\n\r\n", status=421, listener="reverse")


def all_cases():
    for group in (lines, request_lines, framing, expectations, hosts, sites, targets, connections, own_fields, sizes, errors):
        yield from group()
