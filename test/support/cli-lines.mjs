/** Carries out command lines, one after the other, for test/support/cli.ts: messages are arguments in, what came of them out. */
import { loadBundle } from '../../dist/src/cli/bundle.js';

const started = new URL('../../dist/src/cli/main.js', import.meta.url);
const { main } = loadBundle(started.href)?.program ?? (await import('../../dist/src/cli/program.js'));

/** What is written to a stream from now on. */
function listen(stream) {
  // Every line brings its own.
  stream.removeAllListeners('error');
  const said = [];
  stream.write = (chunk) => said.push(String(chunk)) > 0;
  return said;
}

process.on('message', async (args) => {
  process.exitCode = undefined;
  // So do commands that can be interrupted.
  for (const signal of ['SIGINT', 'SIGTERM']) process.removeAllListeners(signal);
  const [out, err] = [listen(process.stdout), listen(process.stderr)];
  await main([process.execPath, started.pathname, ...args]);
  process.send({ status: process.exitCode ?? 0, out: out.join(''), err: err.join('') });
});
