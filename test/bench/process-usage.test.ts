import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseBusySeconds, parseBytes, parseCpuSeconds } from './process-usage.ts'

test('the CPU time of a process is its user and system time, whatever its command is called', () => {
  const fields = ['S', ...Array.from({ length: 10 }, () => '1'), '250', '50', '7777', '7777']
  assert.equal(parseCpuSeconds(`42 (a (strange) name) ${fields.join(' ')}`), 3)
})

test('sizes are read by their names', () => {
  const status = 'Name:\tnode\nVmHWM:\t  300 kB\nVmRSS:\t  200 kB\nRssAnon:\t  100 kB\n'
  assert.equal(parseBytes(status, 'VmRSS'), 200 * 1024)
  assert.equal(parseBytes(status, 'VmHWM'), 300 * 1024)
  assert.equal(parseBytes(status, 'VmSwap'), 0)
})

test('the machine is busy with everything but idling and waiting for disks', () => {
  assert.equal(parseBusySeconds('cpu  100 20 30 9999 9999 40 50 60 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n'), 3)
})
