// A suite in a mount namespace of its own: its mounts end with it, and files that it needs to be different are different for
// itself alone.
import { spawn } from 'node:child_process';

const MARK = 'RUNITBOX_MOUNT_NAMESPACE';

/** Runs this program again inside, and ends with its exit code; returns where this is inside already. */
export const enterMountNamespace = async (): Promise<void> => {
  if (process.env[MARK] === 'own') return;
  const words = ['--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)];
  const child = spawn('unshare', words, { stdio: 'inherit', env: { ...process.env, [MARK]: 'own' } });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const code = await new Promise<number>((resolve) => {
    child.on('error', (cause) => {
      console.error(String(cause));
      resolve(1);
    });
    child.on('close', (status) => resolve(status ?? 1));
  });
  process.exit(code);
};
