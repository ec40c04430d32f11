"""What a hostile or broken ICAP server does: each case is what happens in one phase, and what Louver says of it."""

import time






def raw(*pieces, then="stall", read=True):
    """Reads the whole message, says these octets, then stalls or closes."""

    def act(talk, question):
        if read:
            talk.whole_body(question)
        for piece in pieces:
            talk.say(piece)
        getattr(talk, then)()

    return act


def unread(*pieces, then="stall"):
    """Says these octets in answer to the preview, or before anything of the body was read."""
    return raw(*pieces, then=then, read=False)


def previewed(*pieces, then="stall"):
    def act(talk, question):
        talk.chunks()
        for piece in pieces:
            talk.say(piece)
        getattr(talk, then)()

    return act


def flood(start, piece):
    def act(talk, question):
        if question["method"] != "OPTIONS":
            talk.whole_body(question)
        talk.say(start)
        while True:
            talk.say(piece)

    return act


def returned(encapsulated, *after, head=None, then="stall"):
    """A 200 with the head that was sent, with what stands in Encapsulated and behind the head as given ({n}: its length)."""

    def act(talk, question):
        talk.whole_body(question)
        sent = talk.sent_head(question) if head is None else head
        talk.say(f"ICAP/1.0 200 OK\r\nEncapsulated: {encapsulated.format(n=len(sent), less=len(sent) - 3, more=len(sent) + 4000)}\r\n\r\n".encode() + sent)
        for piece in after:
            talk.say(piece)
        getattr(talk, then)()

    return act


def trickle(talk, question):
    talk.whole_body(question)
    talk.say("ICAP/1.0 200 OK\r\nX: ")
    while True:
        talk.say("x")
        time.sleep(0.1)  # the misdeed itself




def endless_body(talk, question):
    body = talk.whole_body(question)
    head = talk.sent_head(question)
    talk.say(f"ICAP/1.0 200 OK\r\nEncapsulated: req-hdr=0, req-body={len(head)}\r\n\r\n".encode() + head + f"{len(body):x}\r\n".encode() + body + b"\r\n")
    while True:
        talk.say(b"4000\r\n" + b"z" * 0x4000 + b"\r\n")


def changed_body(talk, question):
    body = talk.whole_body(question)
    talk.returns(question, talk.sent_head(question), b"X" + body[1:])


def same_body(talk, question):
    body = talk.whole_body(question)
    talk.returns(question, talk.sent_head(question), body)


def changed_field(talk, question):
    body = talk.whole_body(question)
    talk.returns(question, talk.sent_head(question).replace(b"\r\n\r\n", b"\r\nx-more: 1\r\n\r\n"), body)


def two_answers(talk, question):
    talk.whole_body(question)
    talk.say("ICAP/1.0 204 No\r\nEncapsulated: null-body=0\r\n\r\n" * 2)
    talk.stall()  # until the client closes


def answer_ahead(talk, question):
    """A second answer behind the first, on what is an idle connection by then: for whoever asks next."""
    talk.whole_body(question)
    talk.passes()
    time.sleep(0.005)
    talk.passes()
    talk.stall()  # until the client, to whom this comes unasked, closes


def early_pass(talk, question):
    """204 before anything of the body was read."""
    talk.passes()
    talk.chunks()


def options(text, then="stall"):
    def act(talk, question):
        talk.say(text)
        getattr(talk, then)()

    return act


def offers(**offer):
    names = {key.replace("_", "-").title(): value for key, value in offer.items()}
    return lambda talk, question: talk.options(names)


NO_204 = {"Allow": None, "Preview": None}
NO_PREVIEW = {"Preview": None}
IN_TIME = "in time"

# name: (phase, what is done, how it ends, what the log says, what OPTIONS offers besides)
# ends: fails (as on_failure says), blocks (whatever on_failure says), passes
CASES = {
    # --- OPTIONS
    "options: no answer": ("options", options(""), "fails", "no answer to OPTIONS in time"),
    "options: closed": ("options", options("", "close"), "fails", "closed the connection"),
    "options: reset": ("options", options("", "reset"), "fails", "connection"),
    "options: half a head": ("options", options("ICAP/1.0 200 OK\r\nMeth"), "fails", "no answer to OPTIONS in time"),
    "options: HTTP": ("options", options("HTTP/1.1 200 OK\r\nMethods: REQMOD\r\n\r\n"), "fails", "something else than ICAP"),
    "options: garbage": ("options", options(bytes(range(256))), "fails", "something else than ICAP"),
    "options: 404": ("options", options("ICAP/1.0 404 Not Found\r\n\r\n"), "fails", "status 404"),
    "options: 100": ("options", options("ICAP/1.0 100 Continue\r\n\r\n"), "fails", "status 100"),
    "options: no methods": ("options", offers(Preview="10"), "fails", "neither REQMOD nor RESPMOD"),
    "options: another method": ("options", offers(Methods="RESPMOD"), "fails", "does no REQMOD"),
    "options: preview below 0": ("options", offers(Methods="REQMOD", Preview="-1"), "fails", "bad number"),
    "options: preview of 20 digits": ("options", offers(Methods="REQMOD", Preview="9" * 20), "fails", "bad number"),
    "options: preview twice": ("options", options("ICAP/1.0 200 OK\r\nMethods: REQMOD\r\nPreview: 1\r\nPreview: 2\r\n\r\n"), "fails", "bad number"),
    "options: encloses a message": ("options", options("ICAP/1.0 200 OK\r\nMethods: REQMOD\r\nEncapsulated: res-hdr=0, res-body=4\r\n\r\nabcd"), "fails", "encloses a message"),
    "options: endless line": ("options", flood("ICAP/1.0 200 OK\r\nX: ", "x" * 65536), "fails", "too long"),
    "options: endless fields": ("options", flood("ICAP/1.0 200 OK\r\n", "X: y\r\n" * 10000), "fails", "too long"),
    "options: endless body": ("options", flood("ICAP/1.0 200 OK\r\nMethods: REQMOD\r\nEncapsulated: opt-body=0\r\n\r\n", b"4000\r\n" + b"z" * 0x4000 + b"\r\n"), "fails", "too long"),
    # --- the preview
    "preview: no answer": ("message", previewed(), "fails", "no answer to the preview in time"),
    "preview: closed": ("message", previewed(then="close"), "fails", "closed the connection"),
    "preview: reset": ("message", previewed(then="reset"), "fails", "connection"),
    "preview: half of 100": ("message", previewed("ICAP/1.0 100 Con"), "fails", IN_TIME),
    "preview: 100 twice": ("message", raw("ICAP/1.0 100 Continue\r\n\r\n"), "fails", "100 (Continue) where none is due"),
    "preview: 100 twice at once": ("message", previewed("ICAP/1.0 100 Continue\r\n\r\n" * 2), "fails", "100 (Continue) where none is due"),
    "preview: 100 encloses something": ("message", previewed("ICAP/1.0 100 Continue\r\nEncapsulated: res-hdr=0, res-body=2\r\n\r\nab"), "fails", "encloses something"),
    "preview: 100, then nothing": ("message", previewed("ICAP/1.0 100 Continue\r\n\r\n"), "fails", "no verdict in time"),
    "preview: 100, then closed": ("message", previewed("ICAP/1.0 100 Continue\r\n\r\n", then="close"), "fails", "connection"),
    "no preview: 100": ("message", raw("ICAP/1.0 100 Continue\r\n\r\n"), "fails", "100 (Continue) where none is due", NO_PREVIEW),
    # --- the verdict
    "verdict: none": ("message", raw(), "fails", "no verdict in time"),
    "verdict: closed": ("message", raw(then="close"), "fails", "closed the connection"),
    "verdict: an octet at a time, without end": ("message", trickle, "fails", "no verdict in time"),
    "verdict: garbage": ("message", raw("\x00\x01\x02 nonsense\r\n\r\n"), "fails", "something else than ICAP"),
    "verdict: ICAP/2.0": ("message", raw("ICAP/2.0 204 No\r\n\r\n"), "fails", "something else than ICAP"),
    "verdict: status 99": ("message", raw("ICAP/1.0 099 No\r\n\r\n"), "fails", "status"),
    "verdict: status of four digits": ("message", raw("ICAP/1.0 2040 No\r\n\r\n"), "fails", "not well-formed"),
    "verdict: status in words": ("message", raw("ICAP/1.0 fine\r\n\r\n"), "fails", "not well-formed"),
    "verdict: NUL in a field": ("message", raw("ICAP/1.0 204 No\r\nX: a\x00b\r\n\r\n"), "fails", "not well-formed"),
    "verdict: bare LF": ("message", raw("ICAP/1.0 204 No\nEncapsulated: null-body=0\n\n"), "fails", IN_TIME),
    "verdict: 1000 fields": ("message", raw("ICAP/1.0 204 No\r\n" + "a: b\r\n" * 1000 + "\r\n"), "fails", "not well-formed"),
    "verdict: 204 with a body": ("message", raw("ICAP/1.0 204 No\r\nEncapsulated: res-hdr=0, res-body=2\r\n\r\nab0\r\n\r\n"), "fails", "204 encloses"),
    "verdict: 204, not allowed": ("message", raw("ICAP/1.0 204 No\r\nEncapsulated: null-body=0\r\n\r\n"), "fails", "204, which was not allowed", NO_204),
    "verdict: 206, not allowed": ("message", raw("ICAP/1.0 206 Part\r\nEncapsulated: null-body=0\r\n\r\n"), "fails", "206, which was not allowed"),
    "verdict: 200 that encloses nothing": ("message", raw("ICAP/1.0 200 OK\r\n\r\n"), "fails", "no head"),
    "verdict: status 400": ("message", raw("ICAP/1.0 400 Bad\r\n\r\n"), "fails", "status 400"),
    "verdict: status 500": ("message", raw("ICAP/1.0 500 Oh\r\n\r\n"), "fails", "status 500"),
    "verdict: status 503": ("message", raw("ICAP/1.0 503 Full\r\n\r\n"), "fails", "status 503"),
    "verdict: Transfer-Encoding": ("message", raw("ICAP/1.0 204 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "fails", "Transfer-Encoding"),
    # --- what is enclosed
    "offsets: Encapsulated twice": ("message", raw("ICAP/1.0 204 No\r\nEncapsulated: null-body=0\r\nEncapsulated: null-body=0\r\n\r\n"), "fails", "twice"),
    "offsets: not from 0": ("message", returned("req-hdr=1, req-body={n}"), "fails", "Encapsulated"),
    "offsets: below 0": ("message", returned("req-hdr=0, req-body=-5"), "fails", "Encapsulated"),
    "offsets: backwards": ("message", returned("req-body=0, req-hdr={n}"), "fails", "Encapsulated"),
    "offsets: the same twice": ("message", returned("req-hdr=0, req-body=0"), "fails", "Encapsulated"),
    "offsets: 2^64": ("message", returned("req-hdr=0, req-body=18446744073709551616"), "fails", "Encapsulated"),
    "offsets: a gigabyte of head": ("message", returned("req-hdr=0, req-body=1000000000"), "fails", "Encapsulated"),
    "offsets: two bodies": ("message", returned("req-hdr=0, req-body={n}, res-body=900"), "fails", "Encapsulated"),
    "offsets: no body": ("message", returned("req-hdr=0"), "fails", "Encapsulated"),
    "offsets: unknown part": ("message", returned("req-hdr=0, bomb={n}"), "fails", "Encapsulated"),
    "offsets: the body begins in the head": ("message", returned("req-hdr=0, req-body={less}"), "fails", "not well-formed"),
    "offsets: the body begins behind what comes": ("message", returned("req-hdr=0, req-body={more}"), "fails", IN_TIME),
    "offsets: opt-body": ("message", returned("opt-body=0"), "fails", "no answer to the question"),
    "head: cut": ("message", returned("req-hdr=0, req-body={more}", then="close"), "fails", "within its answer"),
    "head: none": ("message", returned("req-hdr=0, req-body={n}", head=b"no head at all, certainly\r\n\r\n"), "fails", "not well-formed"),
    "head: two in one": ("message", returned("req-hdr=0, req-body={n}", head=b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"), "fails", "not well-formed"),
    "body: cut": ("message", returned("req-hdr=0, req-body={n}", "5\r\nab", then="close"), "fails", "within its answer"),
    "body: without its last chunk": ("message", returned("req-hdr=0, req-body={n}", "1\r\na\r\n"), "fails", IN_TIME),
    "body: size that is none": ("message", returned("req-hdr=0, req-body={n}", "zz\r\nab\r\n"), "fails", "size of a chunk"),
    "body: size with a sign": ("message", returned("req-hdr=0, req-body={n}", "-1\r\nab\r\n"), "fails", "size of a chunk"),
    "body: size with a blank": ("message", returned("req-hdr=0, req-body={n}", " 2\r\nab\r\n"), "fails", "size of a chunk"),
    "body: size of 2^64": ("message", returned("req-hdr=0, req-body={n}", "10000000000000000\r\n"), "fails", "size of a chunk"),
    "body: size of 2^64 - 1": ("message", returned("req-hdr=0, req-body={n}", "ffffffffffffffff\r\n"), "fails", "size of a chunk"),
    "body: endless size": ("message", returned("req-hdr=0, req-body={n}", "0" * 100000), "fails", "too long"),
    "body: chunk above its size": ("message", returned("req-hdr=0, req-body={n}", "1\r\nabc\r\n"), "fails", "longer than its size"),
    "body: trailers": ("message", returned("req-hdr=0, req-body={n}", "0\r\nX: y\r\n\r\n"), "fails", "trailers"),
    "body: unknown extension": ("message", returned("req-hdr=0, req-body={n}", "1;x=y\r\na\r\n"), "fails", "extension"),
    "body: refers to the original": ("message", returned("req-hdr=0, req-body={n}", "0; use-original-body=0\r\n\r\n"), "fails", "original body"),
    # --- verdicts that block, whatever on_failure says
    "block: another body": ("message", changed_body, "blocks", "changes the message"),
    "block: another head": ("message", changed_field, "blocks", "changes the message"),
    "block: the body and more, without end": ("message", endless_body, "blocks", "changes the message"),
    "block: a page with endless body": ("message", flood("ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=26\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n", b"4000\r\n" + b"z" * 0x4000 + b"\r\n"), "blocks", "status 403"),
    "block: early, the body unread": ("message", unread("ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=26\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n0\r\n\r\n"), "blocks", "status 403"),
    "block: 204, yet a virus is named": ("message", raw("ICAP/1.0 204 No\r\nX-Infection-Found: Type=0; Resolution=2; Threat=Bad;\r\n\r\n"), "blocks", "found Bad"),
    # --- and what is no harm to this message, but would be to the next
    "pass: the message itself instead of 204": ("message", same_body, "passes", ""),
    "pass: two answers at once": ("message", two_answers, "passes", ""),
    "pass: an answer ahead, to what is asked next": ("message", answer_ahead, "passes", ""),
    "pass: before the preview was read": ("message", early_pass, "passes", ""),
    "pass: before the body was read": ("message", early_pass, "passes", "", NO_PREVIEW),
}
