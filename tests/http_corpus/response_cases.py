"""Answers of an origin that is hostile, broken, or merely odd."""

from http_corpus.case import Answer, ResponseCase, octets

OK = "HTTP/1.1 200 OK\r\n"
PLAIN = "content-type: text/plain\r\n"
EVIL = "HTTP/1.1 200 OK\r\nx-evil: smuggled\r\ncontent-length: 8\r\n\r\nsmuggled"
CHUNKED = OK + "transfer-encoding: chunked\r\n\r\n"
HELLO = Answer(200, body=b"hello")


def bad_heads():
    def bad(id, words, raw, reason="", row="HT-12", **more):
        return ResponseCase(id, row, words, octets(raw), reason=reason, **more)

    body = "content-length: 5\r\n\r\nhello"
    version, line = "HTTP version", ""
    for name, text in (("http-0-9", "hello\r\n\r\n"), ("lower", "http/1.1 200 OK\r\n"), ("icy", "ICY 200 OK\r\n"), ("blank-first", " HTTP/1.1 200 OK\r\n"), ("empty-first", "\r\nHTTP/1.1 200 OK\r\n"), ("digits", "HTTP/1.10 200 OK\r\n"),
                       ("tab", "HTTP/1.1\t200 OK\r\n"), ("no-blank", "HTTP/1.1200 OK\r\n"), ("html", "<html>smuggled</html>\r\n")):
        yield bad(f"status-{name}", f"status line {text[:24]!r}", text + body, version)
    yield bad("status-2-0", "HTTP/2.0", "HTTP/2.0 200 OK\r\n" + body, "only HTTP/1.1")
    for name, text in (("two-digits", "20"), ("four-digits", "2000"), ("word", "abc"), ("plus", "+20"), ("minus", "-20"), ("hex", "0x2"), ("none", ""), ("099", "099"), ("600", "600"), ("999", "999"), ("000", "000"), ("blanks", " 200"), ("fraction", "2.0")):
        yield bad(f"status-code-{name}", f"status {text!r}", f"HTTP/1.1 {text} OK\r\n{body}", line)
    yield bad("status-101", "101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n" + EVIL, "changed protocols")
    for name, text in (("lf", "x: y\nz: a\r\n"), ("cr", "x: y\rset-cookie: smuggled\r\n"), ("nul", "x: \0\r\n"), ("vt", "x: \v\r\n"), ("del", "x: \x7f\r\n"), ("fold", "x: y\r\n z\r\n"), ("fold-first", " x: y\r\n"),
                       ("blank-colon", "x : y\r\n"), ("no-colon", "x\r\n"), ("empty-name", ": y\r\n"), ("name-blank", "x y: z\r\n"), ("name-high", "\xe9: y\r\n"), ("status-again", "HTTP/1.1 200 OK\r\n"), ("cr-cr", "x: y\r\r\n")):
        yield bad(f"field-{name}", f"field {text!r}", OK + text + body)
    yield bad("line-lf", "bare LF behind the status line", "HTTP/1.1 200 OK\n" + body, "bare LF")
    yield bad("end-lf", "bare LF as the empty line", OK + "content-length: 5\r\n\nhello", "bare LF")
    yield bad("reason-nul", "NUL in the reason", "HTTP/1.1 200 O\0K\r\n" + body, "control character")
    yield bad("reason-cr", "CR in the reason", "HTTP/1.1 200 OK\rset-cookie: smuggled\r\n" + body, "bare CR")


def framing():
    def bad(id, words, fields, body="hello", reason="", row="HT-01", status="200 OK", version="1.1", **more):
        return ResponseCase(id, row, words, octets(f"HTTP/{version} {status}\r\n{fields}\r\n{body}"), reason=reason, **more)

    te = "transfer-encoding: chunked\r\n"
    last = "5\r\nhello\r\n0\r\n\r\n"
    yield bad("cl-te", "length and chunked", "content-length: 5\r\n" + te, last)
    yield bad("te-cl", "chunked and length", te + "content-length: 5\r\n", last)
    yield bad("cl-cl", "two lengths", "content-length: 5\r\ncontent-length: 50\r\n", reason="two Content-Length")
    yield bad("cl-cl-same", "two equal lengths", "content-length: 5\r\ncontent-length: 5\r\n", reason="two Content-Length")
    for name, value in (("list", "5, 5"), ("plus", "+5"), ("minus", "-5"), ("hex", "0x5"), ("zero", "05"), ("empty", ""), ("word", "x"), ("float", "5.0"), ("2-63", str(2**63)), ("2-64", str(2**64 + 5)), ("blank", "5 5")):
        yield bad(f"cl-{name}", f"content-length: {value[:24]}", f"content-length: {value}\r\n")
    for name, value in (("xchunked", "xchunked"), ("gzip-chunked", "gzip, chunked"), ("twice", "chunked, chunked"), ("identity", "identity"), ("empty", ""), ("quoted", '"chunked"'), ("parameter", "chunked;a=b"), ("comma", "chunked,")):
        yield bad(f"te-{name}", f"transfer-encoding: {value}", f"transfer-encoding: {value}\r\n", last)
    yield bad("te-te", "chunked in two fields", te + te, last)
    yield bad("te-1-0", "chunked in HTTP/1.0", te, last, version="1.0", reason="HTTP/1.0")
    for field in ("Transfer_Encoding", "content_length", "set_cookie"):
        yield bad(f"lookalike-{field.lower()}", f"{field}", f"{field}: 5\r\ncontent-length: 5\r\n", reason="take for another")
    for field in ("set-cookie", "content-length", "content-type", "cache-control", "location", "vary", "date", "louver-client"):
        yield bad(f"nominate-{field}", f"connection: {field}", f"connection: {field}\r\ncontent-length: 5\r\n", reason="Connection names", row="HT-08")
    yield bad("1xx-length", "100 with a length", "content-length: 5\r\n", status="100 Continue", row="HT-03")
    yield bad("1xx-chunked", "103 with chunks", te, last, status="103 Early Hints", row="HT-03")
    yield bad("204-length", "204 with a length", "content-length: 5\r\n", status="204 No Content", row="HT-03")
    yield bad("204-chunked", "204 with chunks", te, last, status="204 No Content", row="HT-03")
    yield bad("1xx-flood", "17 interim answers", "", "HTTP/1.1 103 x\r\n\r\n" * 16 + EVIL, status="103 x", reason="too many interim", row="HT-06")
    yield bad("1xx-flood-1000", "1000 interim answers", "", "HTTP/1.1 100 x\r\n\r\n" * 1000, status="100 x", reason="too many interim", row="HT-06")
    yield bad("head-64k", "a head above 64 KiB", "x: " + "a" * 66000 + "\r\n", reason="too long", row="HT-14")
    yield bad("head-endless", "a line that never ends", "x: " + "a" * 200000, reason="too long", row="HT-14")
    yield bad("fields-201", "201 fields", "x: y\r\n" * 201, reason="too many header fields", row="HT-14")
    nothing = lambda id, words, raw, reason, **more: ResponseCase(id, "HT-11", words, octets(raw), reason=reason, **more)
    yield nothing("nothing", "nothing, then the end", "", "without an answer")
    yield nothing("half-head", "half a head, then the end", OK + "x: y", "within its answer")
    yield nothing("only-100", "100 alone, then the end", "HTTP/1.1 100 Continue\r\n\r\n", "answer")
    yield nothing("half-head-reset", "half a head, then a reset", OK + "x: y\r\n", "answer", end="reset")


def cut_bodies():
    def cut(id, words, raw, row="HT-01", **more):
        return ResponseCase(id, row, words, octets(raw), cut=True, **more)

    for name, line in (("size-word", "x\r\n"), ("size-0x", "0x5\r\n"), ("size-minus", "-5\r\n"), ("size-2-63", "8000000000000000\r\n"), ("size-17", "00000000000000005\r\n"), ("size-lf", "5\n"), ("size-cr", "5\rx"), ("size-blank", "5 \r\n"),
                       ("size-empty", "\r\n"), ("ext-no-name", "5;\r\n"), ("ext-lf", "5;a\n"), ("ext-nul", "5;a\0\r\n"), ("ext-long", "5;" + "a" * 300 + "\r\n")):
        yield cut(f"chunk-{name}", f"chunk line {line[:12]!r}", CHUNKED + "3\r\nabc\r\n" + line + "hello\r\n0\r\n\r\n")
    for name, body in (("longer", "5\r\nhello!\r\n0\r\n\r\n"), ("shorter", "6\r\nhello\r\n0\r\n\r\n"), ("no-end", "5\r\nhello0\r\n\r\n"), ("lf-end", "5\r\nhello\n0\r\n\r\n"), ("last-lf", "5\r\nhello\r\n0\r\n\n"), ("smuggle", "5\r\nhello\r\n0\r\n" + EVIL)):
        yield cut(f"data-{name}", f"chunk data {body[:12]!r}", CHUNKED + body)
    for name in ("Set-Cookie", "Content-Length", "Transfer-Encoding", "Host", "Connection", "content_length", "Authorization"):
        yield cut(f"trailer-{name.lower()}", f"trailer {name}", CHUNKED + f"5\r\nhello\r\n0\r\n{name}: 5\r\n\r\n", row="HT-07")
    yield cut("trailer-fold", "a folded trailer", CHUNKED + "5\r\nhello\r\n0\r\nx: y\r\n z\r\n\r\n", row="HT-07")
    yield cut("trailer-16k", "trailers above 16 KiB", CHUNKED + "5\r\nhello\r\n0\r\nx: " + "a" * 17000 + "\r\n\r\n", row="HT-14")
    for end in ("close", "reset"):
        yield cut(f"cut-length-{end}", f"shorter than its length, {end}", OK + "content-length: 50\r\n\r\nhello", row="HT-11", end=end)
        yield cut(f"cut-chunks-{end}", f"no last chunk, {end}", CHUNKED + "5\r\nhello\r\n", row="HT-11", end=end)
        yield cut(f"cut-last-{end}", f"half of the last chunk, {end}", CHUNKED + "5\r\nhello\r\n0\r\n", row="HT-11", end=end)
    yield cut("cut-until-close", "until close, and a reset", OK + "\r\nhello", row="HT-11", end="reset")
    yield cut("cut-no-body", "a length and not an octet", OK + "content-length: 50\r\n\r\n", row="HT-11")


def good():
    def whole(id, words, raw, answer=HELLO, row="HT-01", **more):
        return ResponseCase(id, row, words, octets(raw), answer=answer, **more)

    length = OK + PLAIN + "content-length: 5\r\n\r\nhello"
    yield whole("length", "a length", length, end="keep")
    yield whole("chunks", "chunks", CHUNKED + "2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\n\r\n", end="keep")
    yield whole("chunks-trailer", "chunks with a trailer", CHUNKED + "5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n", Answer(200, absent=("x-sum", "trailer"), body=b"hello"), row="HT-07", end="keep")
    yield whole("until-close", "until close", OK + PLAIN + "\r\nhello", Answer(200, (("transfer-encoding", "chunked"),), body=b"hello"))
    yield whole("until-close-1-0", "until close to HTTP/1.0", OK + "\r\nhello", version="1.0", alive=False)
    yield whole("http-1-0", "an origin of HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello")
    yield whole("no-reason", "no reason phrase", "HTTP/1.1 200 \r\ncontent-length: 5\r\n\r\nhello", end="keep")
    yield whole("odd-status", "a status that nobody knows", "HTTP/1.1 299 Odd\r\ncontent-length: 5\r\n\r\nhello", Answer(299, body=b"hello"), end="keep")
    yield whole("204", "204", "HTTP/1.1 204 No Content\r\n\r\n", Answer(204, absent=("content-length", "transfer-encoding")), row="HT-03", end="keep")
    yield whole("204-zero", "204 with length 0", "HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n", Answer(204, absent=("content-length",)), row="HT-03", end="keep")
    yield whole("304-length", "304 with a length", "HTTP/1.1 304 Not Modified\r\ncontent-length: 500\r\n\r\n", Answer(304), row="HT-03", end="keep")
    yield whole("304-body", "304 with a body", "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\nhello", Answer(304), row="HT-03")
    yield whole("304-chunked", "304 that claims chunks", "HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n", Answer(304, absent=("transfer-encoding",)), row="HT-03", end="keep")
    yield whole("205-body", "205 with content", "HTTP/1.1 205 Reset Content\r\ncontent-length: 5\r\n\r\nhello", Answer(205, body=b"hello"), row="HT-03", end="keep")
    yield whole("interim-fields", "100 with fields of its own", "HTTP/1.1 100 Continue\r\nconnection: close\r\nkeep-alive: x\r\nx-one: y\r\n\r\n" + length, Answer(200, body=b"hello", interim=(100,)), row="HT-06", end="keep")
    yield whole("204-body", "204, then octets", "HTTP/1.1 204 No Content\r\n\r\n" + EVIL, Answer(204), row="HT-03")
    yield whole("head", "an answer to HEAD", OK + "content-length: 500\r\n\r\n", Answer(200, (("content-length", "500"),)), method="HEAD", row="HT-03", end="keep")
    yield whole("head-body", "an answer to HEAD with a body", OK + f"content-length: {len(EVIL)}\r\n\r\n" + EVIL, Answer(200), method="HEAD", row="HT-03")
    yield whole("head-chunked", "an answer to HEAD, chunked", CHUNKED + "5\r\nhello\r\n0\r\n\r\n", Answer(200), method="HEAD", row="HT-03")
    yield whole("longer", "more than the length", OK + "content-length: 5\r\n\r\nhello, smuggled", row="HT-03")
    yield whole("two-answers", "a second answer", length + EVIL, row="HT-06", end="keep")
    yield whole("two-answers-chunked", "a second answer behind chunks", CHUNKED + "5\r\nhello\r\n0\r\n\r\n" + EVIL, row="HT-06", end="keep")
    yield whole("length-0-body", "length 0, then an answer", OK + "content-length: 0\r\n\r\n" + EVIL, Answer(200), row="HT-06", end="keep")
    yield whole("interim", "100, 103, then the answer", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\nset-cookie: smuggled\r\n\r\n" + length, Answer(200, body=b"hello", interim=(100, 103)), row="HT-06", end="keep")
    yield whole("interim-16", "16 interim answers", "HTTP/1.1 103 x\r\n\r\n" * 16 + length, Answer(200, body=b"hello", interim=(103,) * 16), row="HT-06", end="keep")
    yield whole("interim-1-0", "interim answers to HTTP/1.0", "HTTP/1.1 103 x\r\n\r\n" + length, version="1.0", row="HT-06", alive=False)
    yield whole("hop-fields", "fields of one connection", OK + "connection: x-hop, keep-alive\r\nx-hop: smuggled\r\nkeep-alive: timeout=5\r\nproxy-authenticate: Basic\r\nproxy-connection: x\r\nupgrade: h2c\r\ntrailer: x\r\ncontent-length: 5\r\n\r\nhello",
                Answer(200, absent=("x-hop", "keep-alive", "proxy-authenticate", "proxy-connection", "upgrade", "trailer"), body=b"hello"), row="HT-08", end="keep")
    yield whole("own-fields", "our own fields", OK + "louver-client: smuggled\r\nLouver_Middleboxes: smuggled\r\nhost: smuggled\r\nexpect: smuggled\r\ncontent-length: 5\r\n\r\nhello",
                Answer(200, absent=("louver-client", "louver_middleboxes", "host", "expect"), body=b"hello"), row="HT-08", end="keep")
    yield whole("credentials", "credentials that are echoed", OK + "set-cookie: a=b\r\nset-cookie: c=d\r\nauthorization: x\r\ncontent-length: 5\r\n\r\nhello", Answer(200, (("set-cookie", "a=b"), ("set-cookie", "c=d"), ("authorization", "x")), body=b"hello"),
                row="HT-12", end="keep")
    yield whole("blanks", "blanks and case", "HTTP/1.1 200 OK\r\nX-One:\t y \t\r\nCONTENT-LENGTH: \t5\t\r\n\r\nhello", Answer(200, (("x-one", "y"),), body=b"hello"), end="keep")
    yield whole("high", "octets beyond ASCII", "HTTP/1.1 200 \xc3\xa9\r\nx: \xc3\xa9\r\ncontent-length: 5\r\n\r\nhello", Answer(200, (("x", "\xc3\xa9"),), body=b"hello"), end="keep")
    yield whole("body-answer", "a body that looks like an answer", OK + f"content-length: {len(EVIL)}\r\n\r\n" + EVIL, Answer(200, body=octets(EVIL)), end="keep")
    yield whole("big", "1 MB", OK + "content-length: 1000000\r\n\r\n" + "a" * 1000000, Answer(200, body=b"a" * 1000000), end="keep")


def all_cases():
    for group in (bad_heads, framing, cut_bodies, good):
        yield from group()
