import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { topics } from '../../schemas/topics.ts'
import { everybody, rulesFor } from './acl-table.ts'
import { aclCommands, aclTable, strimziUsers } from './describe-acls.ts'

test('each topic has somebody who writes it and somebody who reads it', () => {
  const rules = rulesFor(everybody, 'User:{}')
  for (const { name } of Object.values(topics)) {
    const on = rules.filter((rule) => rule.resource === 'topic' && rule.name === name)
    for (const operation of ['Read', 'Write', 'Create']) {
      assert.ok(
        on.some((rule) => rule.operation === operation),
        `${operation} ${name}`,
      )
    }
  }
})

test('only the state-machine writes what it alone decides', () => {
  const writers = (topic: string): readonly string[] =>
    rulesFor(everybody, '{}')
      .filter(({ operation, name }) => operation === 'Write' && name === topic)
      .map(({ principal }) => principal)
  for (const key of ['pushSignal', 'roomState', 'requestOutcome', 'mixCommand'] as const) {
    assert.deepEqual(writers(topics[key].name), ['state-machine'])
  }
})

test('the commands allow each rule once, with the name that a principal has at the brokers', () => {
  const commands = aclCommands(['mixer'], 'User:CN={},OU=live')
  assert.ok(commands.every((command) => command.includes("--allow-principal 'User:CN=mixer,OU=live'")))
  const said = commands.flatMap((command) => {
    const operations = [...command.matchAll(/--operation (\S+)/g)].map(([, name]) => name)
    const things = [...command.matchAll(/--(?:topic|group|transactional-id) (\S+)/g)].map(([, name]) => name)
    return operations.flatMap((operation) => things.map((thing) => `${operation} ${thing}`))
  })
  const rules = rulesFor(['mixer'], '').map(({ operation, name }) => `${operation} ${name}`)
  assert.deepEqual(said.toSorted(), rules.toSorted())
})

test('an id with a changing end is allowed by its beginning, in commands and for Strimzi', () => {
  assert.ok(
    aclCommands(['mixer'], 'User:{}').some((line) =>
      line.includes('--resource-pattern-type prefixed --transactional-id mixer-'),
    ),
  )
  assert.match(
    strimziUsers(['mixer'], 'kafka'),
    /type: transactionalId, name: mixer-, patternType: prefix \}\n {8}operations: \[Write\]/,
  )
})

test('docs/kafka.md has the table as it is', () => {
  const page = readFileSync(new URL('../../docs/kafka.md', import.meta.url), 'utf8')
  const cells = (text: string): readonly string[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('|') && !/^[|\s-]+$/.test(line))
      .map((line) =>
        line
          .split('|')
          .map((cell) => cell.trim())
          .join('|'),
      )
  const onPage = cells(page)
  const missing = cells(aclTable(everybody)).filter((row) => !onPage.includes(row))
  assert.deepEqual(missing, [], 'paste what `node deploy/kafka/acls.ts table` prints')
})
