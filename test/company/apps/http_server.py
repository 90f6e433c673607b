"""Python's http.server in HTTP/1.1: python3 http_server.py threading|single PORT ROOT"""

import functools
import http.server
import sys

kind, port, root = sys.argv[1:]


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


Server = http.server.ThreadingHTTPServer if kind == "threading" else http.server.HTTPServer
Server.request_queue_size = 128
Server(("127.0.0.1", int(port)), functools.partial(Handler, directory=root)).serve_forever()
