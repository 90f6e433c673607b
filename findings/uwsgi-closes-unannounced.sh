#!/usr/bin/env bash
# uWSGI's `--http-socket` (Debian's uwsgi-core 2.0.21) answers a request in HTTP/1.1 with an answer of HTTP/1.1 that has
# Content-Length and no `Connection: close`, and closes the connection right behind it. RFC 9112 section 9.6 wants that
# announced: a client that keeps the connection and sends its next POST on it loses that request.
# Seen: "2 answers announced: keep", "0 second answers".
# Needs python3 and Debian's packages (unpacked into a temporary folder, nothing is installed). Exits 1 if it changed.
set -euo pipefail
folder=$(mktemp -d)
server=''
stop() {
  [ -z "$server" ] || { kill -9 "$server" && wait "$server"; } 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT
cd "$folder"
mkdir -p lists/partial cache/archives/partial tree
options=(-o "Dir::State::Lists=$folder/lists" -o "Dir::Cache=$folder/cache" -o Debug::NoLocking=1)
[ "$(id -u)" -ne 0 ] || options+=(-o APT::Sandbox::User=root)
apt-get "${options[@]}" -q update >apt.log 2>&1 || true
apt-get "${options[@]}" -q -y --no-install-recommends --download-only install uwsgi-core uwsgi-plugin-python3 >>apt.log 2>&1
for deb in cache/archives/*.deb; do dpkg -x "$deb" tree; done
libraries=$(find "$folder/tree" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
plugin=$(basename tree/usr/lib/uwsgi/plugins/python3*_plugin.so _plugin.so)
cat >app.py <<'PY'
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [b"ok\n"]
PY
LD_LIBRARY_PATH=$libraries tree/usr/bin/uwsgi-core --plugins-dir tree/usr/lib/uwsgi/plugins --plugin "$plugin" \
  --http-socket 127.0.0.1:0 --pythonpath "$folder" --module app --disable-logging >uwsgi.log 2>&1 &
server=$!
for _ in $(seq 100); do
  port=$(sed -n 's/.*bound to TCP address 127.0.0.1:\([0-9]*\).*/\1/p' uwsgi.log)
  grep -q 'spawned uWSGI' uwsgi.log && break
  sleep 0.1
done
sed -n 's/^\*\*\* Starting \(uWSGI [0-9.]*\).*/\1/p' uwsgi.log
python3 - "$port" <<'PY'
import socket, sys
kept = second = 0
for _ in range(2):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    s.settimeout(5)
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    s.sendall(request)
    first = b""
    while not first.endswith(b"ok\n"):
        first += s.recv(4096)
    kept += first.startswith(b"HTTP/1.1 200") and b"connection: close" not in first.lower()
    try:
        s.sendall(request)
        second += s.recv(4096) != b""
    except OSError:
        pass
print(f"{kept} answers announced: keep", f"{second} second answers", sep="\n")
sys.exit(0 if (kept, second) == (2, 0) else 1)
PY
