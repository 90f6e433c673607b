"""The same as wsgi_app.py, for ASGI."""

import hashlib
import os

ROOT = os.environ.get("ROOT", ".")


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    method, path = scope["method"], scope["path"]
    if path == "/v1/early":
        return await answer(send, 413, b"too large\n")
    if path == "/v1/echo" and method == "POST":
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                break
        return await answer(send, 201, b"%d %s\n" % (len(body), hashlib.sha256(body).hexdigest()[:12].encode()))
    if path == "/v1/stream":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        for i in range(20):
            await send({"type": "http.response.body", "body": b"part %d\n" % i, "more_body": True})
        return await send({"type": "http.response.body", "body": b""})
    if path == "/v1/redirect":
        return await answer(send, 302, b"", [(b"location", b"/v1/files/small.txt")])
    if path == "/v1/empty":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        return await send({"type": "http.response.body", "body": b""})
    if path == "/v1/cookies":
        return await answer(send, 200, b"ok\n", [(b"set-cookie", b"a=1; Path=/"), (b"set-cookie", b"b=2")])
    file = os.path.join(ROOT, path.lstrip("/"))
    if method in ("GET", "HEAD") and os.path.isfile(file):
        with open(file, "rb") as opened:
            body = opened.read()
        etag = b'"%s"' % hashlib.sha256(body).hexdigest()[:12].encode()
        if dict(scope["headers"]).get(b"if-none-match") == etag:
            await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", etag)]})
            return await send({"type": "http.response.body", "body": b""})
        return await answer(send, 200, body, [(b"etag", etag)], method == "HEAD")
    return await answer(send, 404, b"not here\n")


async def answer(send, status, body, fields=(), is_head=False):
    head = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": head + list(fields)})
    await send({"type": "http.response.body", "body": b"" if is_head else body})
