#!/usr/bin/env bash
# CivetWeb 1.15 (Debian's civetweb) answers a range that begins beyond a file's end with 206 and a negative
# Content-Length. RFC 9110 section 15.5.17 has 416 for it, and RFC 9112 section 6.3 makes such a length an error that a
# client cannot recover from: curl ends with exit code 8.
# Seen: "HTTP/1.1 206 Partial Content", "Content-Length: -93".
# Needs python3 and Debian's package (unpacked into a temporary folder, nothing is installed). Exits 1 if it changed.
set -euo pipefail
folder=$(mktemp -d)
server=''
stop() {
  [ -z "$server" ] || { kill -9 "$server" && wait "$server"; } 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT
cd "$folder"
mkdir -p lists/partial cache/archives/partial tree files
options=(-o "Dir::State::Lists=$folder/lists" -o "Dir::Cache=$folder/cache" -o Debug::NoLocking=1)
[ "$(id -u)" -ne 0 ] || options+=(-o APT::Sandbox::User=root)
apt-get "${options[@]}" -q update >apt.log 2>&1 || true
apt-get "${options[@]}" -q -y --no-install-recommends --download-only install civetweb >>apt.log 2>&1
for deb in cache/archives/*.deb; do dpkg -x "$deb" tree; done
libraries=$(find "$folder/tree" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
printf 'hello\n' >files/a.txt
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
LD_LIBRARY_PATH=$libraries tree/usr/bin/civetweb -listening_ports "127.0.0.1:$port" -document_root "$folder/files" >server.log 2>&1 &
server=$!
python3 - "$port" <<'PY'
import socket, sys, time
for _ in range(100):
    try:
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        break
    except OSError:
        time.sleep(0.1)
s.settimeout(5)
s.sendall(b"GET /a.txt HTTP/1.1\r\nHost: localhost\r\nRange: bytes=99-\r\nConnection: close\r\n\r\n")
answer = b""
while piece := s.recv(4096):
    answer += piece
lines = answer.decode("latin1").split("\r\n")
seen = [lines[0]] + [line for line in lines if line.lower().startswith("content-length")]
print(*seen, sep="\n")
sys.exit(0 if seen == ["HTTP/1.1 206 Partial Content", "Content-Length: -93"] else 1)
PY
