"""Python's server of CGI scripts: python3 cgi_server.py PORT ROOT"""

import functools
import http.server
import sys


class Handler(http.server.CGIHTTPRequestHandler):
    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer.request_queue_size = 128
address = ("127.0.0.1", int(sys.argv[1]))
http.server.ThreadingHTTPServer(address, functools.partial(Handler, directory=sys.argv[2])).serve_forever()
