"""What every dynamic server of this folder serves, for WSGI: files below ROOT, and some answers made here."""

import hashlib
import os

ROOT = os.environ.get("ROOT", ".")
TYPES = {".txt": "text/plain", ".html": "text/html", ".bin": "application/octet-stream"}


def application(environ, start_response):
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if path == "/v1/early":
        # Nothing of the body is read.
        return answer(start_response, "413 Content Too Large", b"too large\n")
    if path == "/v1/echo" and method == "POST":
        body = read_body(environ)
        text = "%d %s\n" % (len(body), hashlib.sha256(body).hexdigest()[:12])
        return answer(start_response, "201 Created", text.encode())
    if path == "/v1/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (b"part %d\n" % i for i in range(20))
    if path == "/v1/redirect":
        return answer(start_response, "302 Found", b"", [("Location", "/v1/files/small.txt")])
    if path == "/v1/empty":
        start_response("204 No Content", [])
        return [b""]
    if path == "/v1/cookies":
        return answer(start_response, "200 OK", b"ok\n", [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2")])
    file = os.path.join(ROOT, path.lstrip("/"))
    if method in ("GET", "HEAD") and os.path.isfile(file):
        with open(file, "rb") as opened:
            body = opened.read()
        kind = TYPES.get(os.path.splitext(file)[1], "text/plain")
        etag = '"%s"' % hashlib.sha256(body).hexdigest()[:12]
        if environ.get("HTTP_IF_NONE_MATCH") == etag:
            start_response("304 Not Modified", [("ETag", etag)])
            return [b""]
        fields = [("Content-Type", kind), ("Content-Length", str(len(body))), ("ETag", etag)]
        start_response("200 OK", fields)
        return [b"" if method == "HEAD" else body]
    return answer(start_response, "404 Not Found", b"not here\n")


def read_body(environ):
    length = environ.get("CONTENT_LENGTH")
    stream = environ["wsgi.input"]
    if length:
        return stream.read(int(length))
    return stream.read() if environ.get("wsgi.input_terminated") else b""


def answer(start_response, status, body, fields=()):
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))] + list(fields))
    return [body]
