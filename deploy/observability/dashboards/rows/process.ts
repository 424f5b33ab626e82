import type { Row } from '../board.ts'
import { graph } from '../panels.ts'
import { busy, type Queries } from '../queries.ts'
import { units } from '../units.ts'

/** The Node.js process. */
export const processRow = (q: Queries): Row => ({
  title: 'Process',
  lines: [
    [
      graph({
        title: 'Processor',
        unit: units.share,
        queries: [q.rate('process_cpu_seconds_total', { by: 'instance' })],
        shows: 'Processor time of each instance, in cores.',
        normal: 'well below one core; the event loop has one.',
        next: 'near 100 % with a late event loop: add instances.',
      }),
      graph({
        title: 'Event loop delay, p99',
        unit: units.seconds,
        queries: [q.max('nodejs_eventloop_lag_p99_seconds', { by: 'instance' })],
        shows: 'How long one in a hundred turns of the event loop keeps others waiting; Node counts from 10 ms on.',
        normal: '10 to 30 ms.',
        next: 'above 0.1 s the instance is busy or collects garbage; compare processor and garbage collection.',
      }),
      graph({
        title: 'Garbage collection',
        unit: units.share,
        queries: [q.rate('nodejs_gc_duration_seconds_sum', { by: 'instance, kind' })],
        shows: 'Part of the time that is spent collecting garbage.',
        normal: 'below 5 %.',
        next: 'more, with rising memory: something grows; keep the numbers, then restart that instance.',
      }),
      graph({
        title: 'Memory',
        unit: units.bytes,
        queries: [
          q.sum('process_resident_memory_bytes', { by: 'instance', legend: 'resident {{instance}}' }),
          q.sum('nodejs_heap_size_used_bytes', { by: 'instance', legend: 'heap used {{instance}}' }),
        ],
        shows: 'Resident memory and used heap.',
        normal: 'level, or following the number of rooms and connections.',
        next: 'rising for hours under level load is a leak: restart that instance, and report it.',
      }),
    ],
    [
      graph({
        title: 'Running since',
        unit: units.seconds,
        queries: [{ expr: `time() - ${q.series('process_start_time_seconds')}`, legend: '{{instance}}' }],
        shows: 'Age of each process. A line that falls to 0 is a restart; one that ends is a process that is gone.',
        normal: 'rising.',
        next: 'restarts that nobody made: the end of the log before each.',
        heading: 'ServiceDown',
      }),
      graph({
        title: 'Open files and sockets',
        unit: units.count,
        queries: [q.sum('process_open_fds', { by: 'instance' })],
        shows: 'File descriptors in use.',
        normal: 'as many as connections, and some dozen.',
        next: 'near the limit of the process, new connections fail: raise it (ulimit -n).',
      }),
      graph({
        title: 'Trace spans dropped, per second',
        unit: units.perSecond,
        queries: [busy((of) => q.rate('roomcast_trace_spans_dropped_total', of), { by: 'reason' })],
        shows: 'Spans that were not exported; 0 also while tracing is off.',
        normal: '0.',
        next: 'the collector is away or slow. Nothing else suffers from it.',
      }),
    ],
  ],
})
