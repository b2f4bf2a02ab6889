// Loaded into a measured process: answers with the CPU time that it has used, or with the memory that it holds.
process.on('message', (message) => {
  if (message === 'usage') {
    const { user, system } = process.cpuUsage();
    process.send!({ cpuMicroseconds: user + system });
  }
  if (message === 'memory') {
    // Asked for apart: a forced collection also drops compiled code, and what is measured next is another program.
    globalThis.gc!();
    const { rss, heapUsed } = process.memoryUsage();
    process.send!({ rssBytes: rss, heapBytes: heapUsed });
  }
});
