// Configuration files of the peers: one worker or thread each, no log, connections to the upstream kept alive.

import { smallAnswer } from './requests.ts'

export interface Place {
  /** A folder of its own. */
  readonly folder: string
  readonly port: number
  readonly upstreamPort: number
}

export const luaModules = {
  ndk: '/usr/lib/nginx/modules/ndk_http_module.so',
  lua: '/usr/lib/nginx/modules/ngx_http_lua_module.so',
  redis: '/usr/share/lua/5.1/nginx/redis.lua',
} as const

/** nginx as the upstream: 300 bytes of JSON for everything, 1 MiB from a file below /v1/exports. */
export function nginxUpstream({ folder, port }: Omit<Place, 'upstreamPort'>): string {
  return nginx(
    folder,
    `server {
    listen 127.0.0.1:${port} backlog=8192 reuseport;
    default_type application/json;
    location = /v1/exports/large { alias ${folder}/large; }
    location / { return 200 '${smallAnswer}'; }
  }`,
  )
}

/** nginx proxy_pass. */
export function nginxProxy({ folder, port, upstreamPort }: Place): string {
  return nginx(folder, `${nginxPool(upstreamPort)}\n  ${nginxServer(port, '')}`)
}

/**
 * nginx with a key check in Lua: one GET in Redis for each request, over connections that are kept; an unknown key gets
 * 401, a known one a header that says who calls.
 */
export function nginxLua(place: Place, redisPort: number): string {
  const check = `access_by_lua_block {
        local redis = require 'nginx.redis'
        local key = ngx.req.get_headers()['X-Api-Key']
        if key == nil then return ngx.exit(401) end
        local store = redis.new()
        store:set_timeout(1000)
        if not store:connect('127.0.0.1', ${redisPort}) then return ngx.exit(503) end
        local merchant = store:get('bench:' .. key)
        store:set_keepalive(60000, 128)
        if not merchant or merchant == ngx.null then return ngx.exit(401) end
        ngx.req.set_header('X-Merchant-Id', merchant)
        ngx.req.clear_header('X-Api-Key')
      }`
  const modules = `load_module ${luaModules.ndk};\nload_module ${luaModules.lua};\n`
  const body = `${nginxPool(place.upstreamPort)}\n  ${nginxServer(place.port, check)}`
  return modules + nginx(place.folder, body)
}

function nginxPool(upstreamPort: number): string {
  return `upstream payments {
    server 127.0.0.1:${upstreamPort};
    keepalive 128;
    keepalive_requests 1000000000;
  }`
}

function nginxServer(port: number, check: string): string {
  return `server {
    listen 127.0.0.1:${port} backlog=8192;
    location / {
      ${check}
      proxy_pass http://payments;
      proxy_http_version 1.1;
      proxy_set_header Connection '';
      proxy_set_header Host $host;
    }
  }`
}

function nginx(folder: string, body: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${folder}/${name};`)
    .join('\n')
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr error;
worker_rlimit_nofile 20000;
events { worker_connections 16384; }
http {
${temporary}
  access_log off;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  client_body_buffer_size 16k;
  sendfile on;
  tcp_nopush on;
  ${body}
}
`
}

/** HAProxy with one thread. */
export function haproxy({ port, upstreamPort }: Place): string {
  return `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  http-reuse always
frontend in
  bind 127.0.0.1:${port} backlog 8192
  default_backend payments
backend payments
  server payments 127.0.0.1:${upstreamPort} pool-max-conn 128
`
}

/** Caddy's plain reverse_proxy. It runs with GOMAXPROCS=1. */
export function caddy({ folder, port, upstreamPort }: Place): string {
  return `{
  admin off
  auto_https off
  storage file_system ${folder}/storage
  log {
    level ERROR
  }
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${upstreamPort} {
    transport http {
      keepalive 300s
      keepalive_idle_conns 128
      keepalive_idle_conns_per_host 128
    }
  }
}
`
}
