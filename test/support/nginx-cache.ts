// A private nginx for tests that stores what it gets and gives it to whoever asks for the same URL: a shared cache.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../src/store/embedded/postmaster.ts'
import { runNginx } from './nginx-service.ts'

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

/**
 * Starts one before what listens on `originPort`, ended with the test; returns its port. It also stores what says nothing of
 * caching, for a minute, as Varnish does by default. `X-Cache` of its answers is `HIT` or `MISS`.
 */
export async function startNginxCache(t: Teardown, originPort: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-nginx-'))
  const port = await freePort()
  const http = `  access_log off;
  proxy_cache_path ${folder}/cache keys_zone=shared:1m;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${originPort};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_cache shared;
      proxy_cache_valid any 1m;
      add_header X-Cache $upstream_cache_status always;
    }
  }`
  await runNginx(t, { folder, port, http })
  return port
}
