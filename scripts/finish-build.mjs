// After tsc: the package's bin must be executable (npx finds the checkout's own bin and fails with 127 otherwise).
import { chmodSync } from 'node:fs'

chmodSync(new URL('../build/src/main.js', import.meta.url), 0o755)
