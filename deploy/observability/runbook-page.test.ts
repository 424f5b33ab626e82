import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anchorOf, createRunbookPage } from './runbook-page.ts'

const page = createRunbookPage(`## Alerts

### ServiceDown

See [The broker](#the-broker-is-slow-or-away), <now>.

\`\`\`sh
# no heading [at](#all)
echo 1 > 0
\`\`\`

### The broker is slow, or away`)

test('each heading can be linked to, and links inside of the page lead there', () => {
  assert.match(page, /^<b id="servicedown">### ServiceDown<\/b>$/m)
  assert.match(page, /<a href="#the-broker-is-slow-or-away">The broker<\/a>/)
  assert.match(page, /<b id="the-broker-is-slow-or-away">/)
})

test('commands are shown as they are, and nothing of the text becomes HTML', () => {
  assert.match(page, /^# no heading \[at\]\(#all\)$/m)
  assert.match(page, /^echo 1 &gt; 0$/m)
  assert.match(page, /&lt;now&gt;/)
})

test('an anchor has no punctuation', () => {
  assert.equal(anchorOf('What you see → what it is'), 'what-you-see--what-it-is')
})
