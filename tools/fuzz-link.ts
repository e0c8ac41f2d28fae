/**
 * `npm run fuzz:link -- [CONNECTIONS] [SEED]`: hostile connections against a server in this process (20 000, seed 1). Fails when the
 * server throws, when a well-behaved client in between gets no answer, when connections stay open, or when memory grows.
 */
import { attack } from './link-attacks.js';

/** What caches and compiled code may add, and the same for the peak: 16 attackers with what the server may keep for each. */
const GROWTH_LIMIT = 16e6;
const PEAK_LIMIT = 200e6;

const connections = Number(process.argv[2] ?? 20_000);
const seed = Number(process.argv[3] ?? 1);
const mb = (n: number): string => `${(n / 1e6).toFixed(1)} MB`;
const since = performance.now();
const report = await attack({
  seed,
  connections,
  progress: (r) => process.stderr.write(`\r${r.connections} connections, ${mb(r.bytesSent)}, heap ${mb(r.endBytes)} `),
});
process.stderr.write('\n');
for (const [reason, count] of Object.entries(report.reasons).sort((a, b) => b[1] - a[1]))
  console.log(`${String(count).padStart(8)}  ${reason}`);
const growth = report.endBytes - report.startBytes;
console.log(
  `${report.connections} connections, ${mb(report.bytesSent)} sent, ${mb(report.bytesReceived)} received, seed ${seed}, ${((performance.now() - since) / 1000).toFixed(0)} s; ` +
    `${report.polite} well-behaved clients served; heap ${mb(report.startBytes)} at the start, ${mb(report.peakBytes)} at most, ${mb(report.endBytes)} at the end`,
);
if (growth > GROWTH_LIMIT || report.peakBytes > PEAK_LIMIT) {
  console.log(
    `memory: grown by ${mb(growth)} (limit ${mb(GROWTH_LIMIT)}), at most ${mb(report.peakBytes)} (limit ${mb(PEAK_LIMIT)})`,
  );
  process.exitCode = 1;
}
