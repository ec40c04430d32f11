"""Good requests and answers that are spoilt at random: what no table has thought of."""

SPECIAL = (b"\r", b"\n", b"\r\n", b"\r\n ", b"\r\n\r\n", b"\0", b"\t", b" ", b"\v", b":", b";", b",", b"=", b'"', b"%", b"%00", b"%2f", b"/", b"//", b"..", b"0", b"0x", b"-", b"+", b"_", b"\x7f", b"\x80", b"\xff", b"a", b"HTTP/1.1",
           b"chunked", b"#", b"\\", b"@", b"?", b"*")
LINES = (b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: 11", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked, chunked", b"Host: evil.example", b"Host: site.example", b" folded", b"\tTransfer-Encoding: chunked",
         b"Connection: close, content-length", b"Connection: keep-alive", b"Connection: host", b"Expect: 100-continue", b"Upgrade: h2c", b"TE: trailers", b"Trailer: x", b"Louver-Client: root.example", b"louver_middleboxes: x", b"X-One : y", b"X-Two: y\nX-Three: z", b"",
         b"Content_Length: 5", b"Transfer-Encoding:\x0bchunked", b"Cookie: a=b", b"Authorization: x", b"0", b"5", b"GET http://site.example/smuggled HTTP/1.1")


def bases(name):
    """@param name  in the target and a field of each, so that it is still there when one of the two is spoilt"""
    def head(line, *fields):
        return "\r\n".join([line, "Host: site.example", f"x-case: {name}", *fields, "", ""]).encode()

    url = f"http://site.example/{name}"
    return (head(f"GET {url} HTTP/1.1"), head(f"HEAD {url}?a=b HTTP/1.1", "X-One: y"), head(f"GET {url} HTTP/1.0", "Connection: keep-alive"),
            head(f"POST {url} HTTP/1.1", "Content-Length: 11") + b"hello world",
            head(f"POST {url} HTTP/1.1", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n",
            head(f"PUT {url} HTTP/1.1", "Transfer-Encoding: chunked", "Trailer: x") + b"b\r\nhello world\r\n0\r\nx: y\r\n\r\n",
            head(f"PUT {url} HTTP/1.1", "Content-Length: 11", "Expect: 100-continue") + b"hello world",
            head(f"DELETE {url} HTTP/1.1", "Connection: x-one", "X-One: y", "Content-Length: 0") + head(f"GET {url}/2 HTTP/1.1"))


def spoil(rng, octets):
    kind = rng.randrange(7)
    at = rng.randrange(len(octets))
    lines = octets.split(b"\r\n")
    line = rng.randrange(len(lines))
    if kind == 0:
        return octets[:at] + rng.choice(SPECIAL) + octets[at:]
    if kind == 1:
        return octets[:at] + octets[at + rng.randrange(1, 4):]
    if kind == 2:
        return octets[:at] + rng.choice(SPECIAL) + octets[at + 1:]
    if kind == 3:
        return octets[:at] + bytes([rng.randrange(256)]) + octets[at + 1:]
    if kind == 4:
        return b"\r\n".join(lines[:line] + [lines[line]] + lines[line:])
    if kind == 5:
        return b"\r\n".join(lines[:line] + lines[line + 1:])
    return b"\r\n".join(lines[:line + 1] + [rng.choice(LINES)] + lines[line + 1:])


ANSWERS = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\nhello world",
           b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n",
           b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\nSet-Cookie: a=b\r\n\r\nb\r\nhello world\r\n0\r\nx: y\r\n\r\n",
           b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
           b"HTTP/1.1 204 No Content\r\nX-One: y\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 11\r\n\r\n", b"HTTP/1.1 200 OK\r\nConnection: x-one\r\nX-One: y\r\n\r\nhello world",
           b"HTTP/1.0 200 OK\r\nContent-Length: 11\r\nConnection: keep-alive\r\n\r\nhello world")


def mutant(rng, octets):
    for _ in range(rng.randrange(1, 4)):
        octets = spoil(rng, octets) or b"\r\n"
    return octets
