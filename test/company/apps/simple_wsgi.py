"""wsgi_app.py by a server that is named: python3 simple_wsgi.py SERVER PORT [HTTP version]"""

import sys

from wsgi_app import application


def wsgiref(port):
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    WSGIRequestHandler.log_message = lambda *_: None
    make_server("127.0.0.1", port, application).serve_forever()


def waitress(port):
    from waitress import serve

    serve(application, host="127.0.0.1", port=port, threads=8)


def cheroot(port):
    from cheroot.wsgi import Server

    Server(("127.0.0.1", port), application).start()


def werkzeug(port):
    from werkzeug.serving import run_simple

    run_simple("127.0.0.1", port, application, threaded=True)


def gevent(port):
    from gevent.pywsgi import WSGIServer

    WSGIServer(("127.0.0.1", port), application, log=None).serve_forever()


def tornado(port):
    import asyncio

    from tornado.httpserver import HTTPServer
    from tornado.wsgi import WSGIContainer

    async def main():
        HTTPServer(WSGIContainer(application)).listen(port, "127.0.0.1")
        await asyncio.Event().wait()

    asyncio.run(main())


def twisted(port):
    from twisted.internet import endpoints, reactor
    from twisted.web.server import Site
    from twisted.web.wsgi import WSGIResource

    site = Site(WSGIResource(reactor, reactor.getThreadPool(), application))
    endpoints.TCP4ServerEndpoint(reactor, port, interface="127.0.0.1").listen(site)
    reactor.run()


globals()[sys.argv[1]](int(sys.argv[2]))
