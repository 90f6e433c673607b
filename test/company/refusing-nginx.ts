// An nginx that refuses every request without reading its body: what is usual in this.

import { join } from 'node:path'
import { listen, type Listening, type Teardown } from './programs/run.ts'

/** Starts one; ended with the test. */
export function startRefusingNginx(t: Teardown, status: number): Promise<Listening> {
  const source = { kind: 'debian', packages: ['nginx'], file: 'nginx' } as const
  return listen(t, source, ({ port, folder }) => ({
    args: ['-p', folder, '-c', join(folder, 'nginx.conf')],
    files: {
      'temp/.keep': '',
      'nginx.conf': `daemon off; master_process off; pid nginx.pid; error_log stderr crit; user root;
events { worker_connections 512; }
http {
  access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path temp/${name};`).join('\n')}
  server { listen 127.0.0.1:${port}; return ${status}; }
}
`,
    },
  }))
}
