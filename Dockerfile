# Latchkey: gateway and control plane. Needs DATABASE_URL, REDIS_URL, the upstreams' addresses, LATCHKEY_ADMIN_TOKEN and
# LATCHKEY_CACHE_KEY in its environment (config/gateway.yaml); mount a file of your own over /app/config to change it.
#
# A supported LTS: Node 20 keeps CVE-2026-58044, mended in 24.18.1.
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# With optional packages: the compiler's own program is one. Nothing here needs an install script.
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts scripts
COPY config config
COPY src src
COPY hub hub
RUN npm run build

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without the optional ones: they are the embedded Postgres of the demo.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force
COPY --from=build /app/build/src build/src
COPY --from=build /app/build/hub build/hub
COPY src/store/migrations src/store/migrations
COPY config config
RUN ln -s /app/build/src/main.js /usr/local/bin/latchkey

# All files stay root's: the program writes none.
USER node
EXPOSE 8080 8081
# It drains on SIGTERM and exits 0.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8081/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "build/src/main.js"]
CMD ["start", "--config", "config/gateway.yaml"]
