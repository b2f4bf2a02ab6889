// Loaded into a measured process: answers with the CPU time and memory that it has used.
process.on('message', (message) => {
  if (message !== 'usage') return;
  const { user, system } = process.cpuUsage();
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  process.send!({ cpuMicroseconds: user + system, rssBytes: rss, heapBytes: heapUsed });
});
