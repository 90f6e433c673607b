// Servers in Java and Go: those that come with the language, and some from its registry.

import { join } from 'node:path'
import { appFile } from '../programs/run.ts'
import type { ServerProgram } from './server.ts'

/** A file of test/company/apps with the jars of its packages. */
const inJava = (name: string, packages: readonly string[], app: string): ServerProgram => ({
  name,
  source: { kind: 'maven', packages },
  command: ({ port, docroot, folder, program }) => ({
    args: ['-cp', join(program.root, '*'), appFile(app), String(port), docroot, folder],
  }),
})

export const javaServers: readonly ServerProgram[] = [
  {
    name: 'JDK HttpServer',
    source: { kind: 'debian', packages: ['default-jdk-headless'], file: 'java' },
    probe: { reuse: 'bodiless', why: /./, note: /later requests on a connection wait/ },
    command: ({ port, docroot }) => ({ args: [appFile('JdkServer.java'), String(port), docroot] }),
  },
  inJava('Jetty', ['org.eclipse.jetty:jetty-server:12.1.14'], 'JettyServer.java'),
  {
    ...inJava('Tomcat', ['org.apache.tomcat.embed:tomcat-embed-core:11.0.27'], 'TomcatServer.java'),
    probe: { reuse: 'bodiless', why: /./ },
  },
  inJava('Undertow', ['io.undertow:undertow-core:2.3.27.Final'], 'UndertowServer.java'),
]

export const goServers: readonly ServerProgram[] = [
  {
    name: "Go's net/http",
    source: { kind: 'debian', packages: ['golang-go'], file: 'go' },
    version: ['version'],
    probe: { reuse: 'bodiless', why: /./ },
    command: ({ port, docroot }) => ({ args: ['run', appFile('go_server.go'), String(port), docroot] }),
  },
  {
    name: 'fasthttp',
    source: {
      kind: 'go',
      packages: ['github.com/valyala/fasthttp@v1.78.0'],
      main: appFile('fasthttp_server.go'),
    },
    command: ({ port, docroot }) => ({ args: [String(port), docroot] }),
  },
]
