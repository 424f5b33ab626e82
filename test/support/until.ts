import assert from 'node:assert/strict'
import { waitUntil } from '../../deploy/local/wait.ts'

/**
 * Waits for a condition that something else brings about; fails the test, saying what was awaited, when it does not come. The deadline
 * is long, as a machine may be busy; nothing is slower for it when all is well.
 */
export const until = async (
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs = 30_000,
): Promise<void> => {
  assert.ok(
    await waitUntil(condition, { deadlineMs, everyMs: 10 }),
    `in ${deadlineMs} ms it did not come to this: ${what}`,
  )
}
