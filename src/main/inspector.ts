// SIGUSR1 makes Node open its inspector on a port of the loopback: whoever can connect to that port then runs what they like
// in the process, reads every key that passes, and stops it at will. A process that serves payments must not open one
// because somebody took SIGUSR1 for SIGUSR2; who wants an inspector starts with `--inspect`.

/** Takes the signal away from Node for as long as the process runs: a listener of ours stands in the place of Node's. */
export function keepInspectorShut(): void {
  process.on('SIGUSR1', () => {})
}
