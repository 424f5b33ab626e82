import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandsOf, expressionsOf } from './runbook.ts'

const text = `Look at \`max(up)\`, \`/readyz\` and \`roomcast:x:ratio5m\`; again at \`max(up)\`.

1. A step:

   \`\`\`sh
   one | two
     three \`roomcast_no_expression\`
   \`\`\`

\`\`\`sh
four
\`\`\`
`

test('commands come block by block, without the indent of the list they are in', () => {
  assert.deepEqual(commandsOf(text), ['one | two\n  three `roomcast_no_expression`', 'four'])
})

test('expressions are inline code that names a metric, each once', () => {
  assert.deepEqual(expressionsOf(text), ['max(up)', 'roomcast:x:ratio5m'])
})
