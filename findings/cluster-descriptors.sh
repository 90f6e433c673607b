#!/usr/bin/env bash
# Node's cluster (20.20.2): a worker that once could not take the descriptor of a
# connection, as it had none left, is never given a connection again, however many descriptors are free later. The
# primary sends the connection again three times, warns, closes it, and waits for ever for the worker's word on it.
# Seen: 200 connections to the one worker of 64 descriptors, all closed again; "after: nothing nothing nothing".
# Needs node and util-linux' prlimit. Exits 1 if it changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/server.mjs" <<'JS'
import cluster from 'node:cluster'
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:net'
if (cluster.isPrimary) {
  process.on('warning', () => {})
  const worker = cluster.fork()
  worker.on('message', (port) => console.log(port))
} else {
  execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=64:64'])
  const server = createServer((socket) => socket.on('error', () => {}).end('hello'))
  server.on('error', () => {})
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
  // Each is kept until its client leaves.
  server.removeAllListeners('connection')
  server.on('connection', (socket) => socket.on('error', () => {}).on('data', () => socket.end('hello')))
}
JS
cat >"$folder/client.mjs" <<'JS'
import { once } from 'node:events'
import { connect } from 'node:net'
const port = Number(process.argv[2])
const ask = () =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('x'))
    const done = (text) => (socket.destroy(), resolve(text))
    socket.once('data', (data) => done(String(data))).on('error', (error) => done(error.code)).on('close', () => done('closed'))
    setTimeout(done, 5_000, 'nothing').unref()
  })
console.log('before:', await ask())
const held = Array.from({ length: 200 }, () => connect(port, '127.0.0.1').on('error', () => {}))
await Promise.all(held.map((socket) => once(socket, 'connect')))
await new Promise((resolve) => setTimeout(resolve, 2_000))
for (const socket of held) socket.destroy()
await new Promise((resolve) => setTimeout(resolve, 2_000))
const after = []
for (let i = 0; i < 3; i++) after.push(await ask())
console.log('after:', ...after)
process.exit(after.every((one) => one !== 'hello') ? 0 : 1)
JS
node "$folder/server.mjs" >"$folder/port" 2>/dev/null &
server=$!
trap 'kill -9 "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 100); do [ -s "$folder/port" ] && break; sleep 0.1; done
node --version
node "$folder/client.mjs" "$(cat "$folder/port")"
