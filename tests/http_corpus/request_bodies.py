"""Bodies of requests: chunks, their sizes, extensions and ends, trailers; and several requests on one connection."""

from http_corpus.case import RequestCase, Seen, octets
from http_corpus.request_heads import PLAIN, SMUGGLED, URL, get, post

CHUNKED = "Transfer-Encoding: chunked\r\n"
HELLO = Seen("POST /needle-@", body=b"hello")


def chunked(body):
    return octets(post(CHUNKED, body))


def bad_chunks():
    def bad(id, words, body, reason="", row="HT-01"):
        return RequestCase(id, row, words, chunked(body), cut=True, status=400, reason=reason)

    size = "no hexadecimal number"
    for name, line in (("none", ""), ("word", "g"), ("0x", "0x5"), ("0X", "0X5"), ("plus", "+5"), ("minus", "-5"), ("minus-0", "-0"), ("blank-first", " 5"), ("tab-first", "\t5"), ("17-digits", "00000000000000005"),
                       ("2-63", "8000000000000000"), ("2-64", "ffffffffffffffff"), ("overflow-32", "100000000000000005"), ("overflow-64", "10000000000000000005"), ("decimal", "5."), ("underscore", "0_5"),
                       ("quoted", '"5"'), ("comma", "5,5"), ("high", "\xb25"), ("only-extension", ";a=b")):
        yield bad(f"size-{name}", f"chunk size {line[:20]!r}", f"{line}\r\nhello\r\n0\r\n\r\n", size if name not in ("0x", "0X", "decimal", "underscore", "comma") else "")
    for name, line in (("blank-behind", "5 "), ("tab-behind", "5\t"), ("word-behind", "5 x"), ("colon", "5:a"), ("ext-no-name", "5;"), ("ext-blank", "5; a=b"), ("ext-blank-before", "5 ;a=b"), ("ext-no-value", "5;a="),
                       ("ext-quote-open", '5;a="b'), ("ext-quote-tail", '5;a="b"c'), ("ext-semicolons", "5;;a"), ("ext-blank-value", "5;a =b"), ("ext-quote-cr", '5;a="\\'), ("ext-at", "5;a@b")):
        yield bad(f"chunk-{name}", f"chunk line {line!r}", f"{line}\r\nhello\r\n0\r\n\r\n", "behind a chunk size")
    ends = "CR LF"
    for name, line in (("lf", "5\n"), ("cr", "5\r"), ("cr-x", "5\rx"), ("ext-lf", "5;a\n"), ("ext-cr", "5;a\rb\r\n"), ("ext-nul", "5;a\0\r\n"), ("nul", "5\0\r\n"), ("vt", "5\v\r\n"), ("del", "5;\x7f\r\n"), ("cr-cr", "5\r\r\n")):
        yield bad(f"chunk-line-{name}", f"chunk line {line!r}", f"{line}hello\r\n0\r\n\r\n", ends)
    length = "not as long as its size"
    for name, body in (("longer", "5\r\nhello!\r\n0\r\n\r\n"), ("shorter", "6\r\nhello\r\n0\r\n\r\n"), ("no-end", "5\r\nhello0\r\n\r\n"), ("lf-end", "5\r\nhello\n0\r\n\r\n"), ("cr-end", "5\r\nhello\r0\r\n\r\n"), ("blank-end", "5\r\nhello \r\n0\r\n\r\n"),
                       ("xx-end", "5\r\nhelloxx0\r\n\r\n"), ("lf-cr-end", "5\r\nhello\n\r0\r\n\r\n")):
        yield bad(f"data-{name}", f"chunk data: {body[:12]!r}", body, length if name != "shorter" else "")
    yield bad("data-second", "the second chunk is wrong", "5\r\nhello\r\nx\r\n", size)
    yield bad("data-second-far", "a wrong size behind 40 KB", f"{40000:x}\r\n" + "a" * 40000 + "\r\n-1\r\n", size)
    yield bad("last-lf", "bare LF behind the last chunk", "5\r\nhello\r\n0\n\n", ends)
    yield bad("last-lf-end", "bare LF as the end", "5\r\nhello\r\n0\r\n\n", "bare LF")
    yield bad("last-smuggle", "a request in the place of the end", "5\r\nhello\r\n0\r\n" + SMUGGLED, "field name")
    yield bad("last-cr", "bare CR as the end", "5\r\nhello\r\n0\r\n\rx", "bare CR")
    yield bad("last-blank", "a blank line of blanks", "5\r\nhello\r\n0\r\n \r\n", "folded")
    yield bad("ext-256", "a chunk line above 256 octets", "5;" + "a" * 300 + "\r\nhello\r\n0\r\n\r\n", "extensions are too long", "HT-14")
    yield bad("ext-endless", "an extension that never ends", "5;" + "a" * 70000, "extensions are too long", "HT-14")
    yield bad("ext-16k", "17 KiB of extensions in small pieces", ("1;" + "a" * 200 + "\r\nx\r\n") * 90 + "0\r\n\r\n", "too many chunk extensions", "HT-14")
    yield bad("size-endless", "a size that never ends", "0" * 70000, "", "HT-14")


def trailers():
    def bad(id, words, trailer, reason="head only", row="HT-07", end="\r\n", status=400):
        return RequestCase(id, row, words, chunked("5\r\nhello\r\n0\r\n" + trailer + end), cut=True, status=status, reason=reason)

    for name in ("Content-Length", "Transfer-Encoding", "Host", "Authorization", "Cookie", "Set-Cookie", "Proxy-Authorization", "Expect", "Connection", "Upgrade", "TE", "Trailer", "Keep-Alive", "Authentication-Info",
                 "content_length", "Transfer.Encoding", "Proxy"):
        yield bad(f"trailer-{name.lower()}", f"trailer {name}", f"{name}: 5\r\n")
    yield bad("trailer-second", "the second trailer is wrong", "x: y\r\nContent-Length: 5\r\n")
    for name, text, reason in (("fold", "x: y\r\n z\r\n", "folded"), ("lf", "x: y\n", "bare LF"), ("cr", "x: y\rz\r\n", "bare CR"), ("nul", "x: \0\r\n", "control"), ("no-colon", "x\r\n", "without a colon"),
                               ("blank-colon", "x : y\r\n", "field name"), ("request", "GET /smuggled HTTP/1.1\r\n", "")):
        yield bad(f"trailer-{name}", f"trailer {text!r}", text, reason, "HT-01")
    yield bad("trailer-16k", "trailers above 16 KiB", "x: " + "a" * 17000 + "\r\n", "too long", "HT-14", status=431)
    yield bad("trailer-endless", "a trailer that never ends", "x: " + "a" * 70000, "too long", "HT-14", end="", status=431)
    yield bad("trailer-201", "201 trailers", "x: y\r\n" * 201, "too many", "HT-14", status=431)


def good_chunks():
    def good(id, words, body, *seen, row="HT-01", **more):
        return RequestCase(id, row, words, chunked(body), seen=seen or (HELLO,), **more)

    yield good("chunks", "chunks", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")
    yield good("chunks-bytes", "chunks of one octet", "".join(f"1\r\n{c}\r\n" for c in "hello") + "0\r\n\r\n")
    yield good("chunks-zeros", "a size with zeros in front", "0005\r\nhello\r\n00\r\n\r\n")
    yield good("chunks-case", "a size in capitals", "A\r\nhellohello\r\n0\r\n\r\n", Seen("POST /needle-@", body=b"hellohello"))
    yield good("chunks-extensions", "extensions", '5;a;b=c;d="e;\\"f"\r\nhello\r\n0;last\r\n\r\n')
    yield good("chunks-crlf-data", "data that looks like chunks", "9\r\n\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n", Seen("POST /needle-@", body=b"\r\n0\r\n\r\n\r\n"))
    yield good("chunks-empty", "the last chunk alone", "0\r\n\r\n", Seen("POST /needle-@", length=0))
    yield good("chunks-trailer", "a trailer is dropped", "5\r\nhello\r\n0\r\nx: y\r\n\r\n", row="HT-07")
    yield good("chunks-trailer-digest", "a trailer of the content", "5\r\nhello\r\n0\r\nContent-Digest: x\r\n\r\n", row="HT-07")
    yield good("chunks-request-data", "data that looks like a request", f"{len(SMUGGLED):x}\r\n{SMUGGLED}\r\n0\r\n\r\n", Seen("POST /needle-@", body=SMUGGLED.encode()))
    yield good("chunks-then-request", "a request behind the last chunk", "5\r\nhello\r\n0\r\n\r\n" + get(target=URL + "-2"), HELLO, Seen("GET /needle-@-2"))
    yield RequestCase("chunks-then-garbage", "HT-01", "octets behind the last chunk", chunked("5\r\nhello\r\n0\r\n\r\nxx\r\n\r\n"), seen=(HELLO,), status=400, reason="HTTP version")
    yield RequestCase("chunks-then-chunk", "HT-01", "one more chunk behind the last", chunked("5\r\nhello\r\n0\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), seen=(HELLO,), status=400, reason="HTTP version")
    yield RequestCase("chunks-end-early", "HT-03", "half a chunk, then the end", chunked("5\r\nhel"), half_close=True, cut=True)
    yield RequestCase("chunks-end-size", "HT-03", "half a size, then the end", chunked("5\r\nhello\r\n0"), half_close=True, cut=True)
    yield RequestCase("chunks-end-trailers", "HT-03", "the end within the trailers", chunked("5\r\nhello\r\n0\r\nx: y\r\n"), half_close=True, cut=True)


def pipelines():
    second = Seen("GET /needle-@-2")
    yield RequestCase("pipeline", "HT-06", "two at once", octets(get() + get(target=URL + "-2")), seen=(PLAIN, second))
    yield RequestCase("pipeline-20", "HT-06", "twenty at once", octets("".join(get(target=f"{URL}-{i}") for i in range(20))), seen=tuple(Seen(f"GET /needle-@-{i}") for i in range(20)))
    yield RequestCase("pipeline-150", "HT-06", "more at once than may be open", octets("".join(get(target=f"{URL}-{i}") for i in range(150))), seen=tuple(Seen(f"GET /needle-@-{i}") for i in range(150)))
    yield RequestCase("pipeline-head-post", "HT-06", "HEAD, POST, GET at once", octets(get(method="HEAD") + post("Content-Length: 5\r\n", "hello") + get(target=URL + "-2")),
                      seen=(Seen("HEAD /needle-@"), Seen("POST /needle-@", body=b"hello", length=5), second))
    yield RequestCase("pipeline-bad", "HT-06", "a good one, then a bad one", octets(get() + get("x : y\r\n", target="http://site.example/smuggled")), seen=(PLAIN,), status=400, reason="field name")
    yield RequestCase("pipeline-bad-third", "HT-06", "a bad one, then a good one", octets(get("x : y\r\n") + SMUGGLED), status=400, reason="field name")
    yield RequestCase("pipeline-bad-body", "HT-06", "a good one, then a bad chunk", octets(get()) + chunked("x\r\n").replace(b"needle-@", b"smuggled"), seen=(PLAIN,), cut=True, reset=True)
    yield RequestCase("pipeline-connect", "HT-06", "CONNECT between two", octets(get() + get(method="CONNECT") + SMUGGLED), seen=(PLAIN,), status=501, reason="CONNECT")
    yield RequestCase("pipeline-empty-line", "HT-06", "an empty line between two", octets(get() + "\r\n" + get(target=URL + "-2")), seen=(PLAIN, second))
    yield RequestCase("pipeline-then-end", "HT-06", "two, then the end", octets(get() + get(target=URL + "-2")), seen=(PLAIN, second), half_close=True, alive=False)
    yield RequestCase("pipeline-other-host", "HT-10", "two hosts in turn", octets(get() + get(target="http://other.example/needle-@-2", host="Host: other.example\r\n")),
                      seen=(PLAIN, Seen("GET /needle-@-2", host="other.example")))


def all_cases():
    for group in (bad_chunks, trailers, good_chunks, pipelines):
        yield from group()
