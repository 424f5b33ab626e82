import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findMeaning } from './runbook.ts'

const runbook = `## Alerts

### ServiceDown

**Means** No instance of that service
could be scraped.

**Check** Whether it runs.

### InstanceDown

**Means** One instance is away.
`

describe('what the runbook says of an alert', () => {
  test('is the paragraph under its heading, on one line', () => {
    assert.equal(findMeaning(runbook, 'ServiceDown'), 'No instance of that service could be scraped.')
    assert.equal(findMeaning(runbook, 'InstanceDown'), 'One instance is away.')
  })

  test('is nothing where there is no heading of that very name', () => {
    assert.equal(findMeaning(runbook, 'Service'), undefined)
    assert.equal(findMeaning(runbook, 'Alerts'), undefined)
  })
})
