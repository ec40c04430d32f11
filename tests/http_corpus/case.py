"""The form of a case. `needle-@` in a text stands for this word and the case's id: what is seen of it anywhere can be told by it. `smuggled` marks what nobody may see."""

from dataclasses import dataclass

PARTIES = (("louver-client", "alice.example"), ("louver-middleboxes", "m1.example"))  # what the gateway adds, and nobody else can
HOST = "site.example"


def octets(text):
    return text.encode("latin-1") if isinstance(text, str) else text


@dataclass(frozen=True)
class Seen:
    """A request as the origin must see it: one form only. `body` None: the head leaves no room for any."""

    line: str
    fields: tuple = ()
    body: bytes | None = None
    length: int | None = None  # content-length; a body without one is chunked
    expect: bool = False
    host: str = HOST

    def head(self):
        fields = [("host", self.host), *self.fields, *PARTIES]
        if self.body is not None and self.length is None:
            fields.append(("transfer-encoding", "chunked"))
        if self.length is not None:
            fields.append(("content-length", str(self.length)))
        if self.expect:
            fields.append(("expect", "100-continue"))
        return octets(f"{self.line} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n")


@dataclass(frozen=True)
class RequestCase:
    """What an application sends to the agent."""

    id: str
    row: str  # of SECURITY.md: HT-01 ..
    words: str  # what is sent, for the table
    raw: bytes
    seen: tuple = ()  # the requests that the origin must see, each answered, in this order
    status: int | tuple | None = None  # of the refusal behind them; several, where it is a matter of taste
    reason: str = ""  # in the text of the refusal
    cut: bool = False  # refused when part of it may be on its way: no origin may have taken it for a whole request
    reset: bool = False  # the refusal cannot be told, since another answer is due: the connection breaks
    listener: str = "proxy"
    half_close: bool = False  # nothing more is sent behind it
    alive: bool = True  # without a refusal: the connection takes another request


@dataclass(frozen=True)
class Answer:
    """An answer as the application must see it."""

    status: int
    fields: tuple = ()  # (name, value) that must be there; the others do not matter
    absent: tuple = ()  # names that must not
    body: bytes = b""
    interim: tuple = ()  # statuses in front


@dataclass(frozen=True)
class ResponseCase:
    """What an origin answers to the gateway."""

    id: str
    row: str
    words: str
    raw: bytes
    answer: Answer | None = None  # whole and intact
    reason: str = ""  # otherwise 502 with this in its text ..
    cut: bool = False  # .. or, when part of it was passed on, a connection that breaks
    method: str = "GET"
    version: str = "1.1"  # of the application
    end: str = "close"  # then the origin closes, keeps (the connection open) or resets
    alive: bool = True  # the application's connection goes on


def with_id(case, text):
    return octets(text).replace(b"needle-@", b"needle-" + case.id.encode())
