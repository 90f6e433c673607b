"""aiohttp's server: python3 aiohttp_server.py PORT ROOT"""

import sys

from aiohttp import web

port, root = sys.argv[1:]


async def echo(request):
    return web.Response(status=201, text="%d\n" % len(await request.read()))


async def early(_):
    return web.Response(status=413, text="too large\n")


async def stream(request):
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    for i in range(20):
        await response.write(b"part %d\n" % i)
    return response


async def redirect(_):
    raise web.HTTPFound("/v1/files/small.txt")


async def empty(_):
    return web.Response(status=204)


async def cookies(_):
    response = web.Response(text="ok\n")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return response


app = web.Application(client_max_size=4 * 1024 * 1024)
app.add_routes([web.post("/v1/echo", echo), web.post("/v1/early", early), web.get("/v1/stream", stream)])
app.add_routes([web.get("/v1/redirect", redirect), web.get("/v1/empty", empty), web.get("/v1/cookies", cookies)])
app.add_routes([web.static("/", root)])
web.run_app(app, host="127.0.0.1", port=int(port), print=None, access_log=None)
