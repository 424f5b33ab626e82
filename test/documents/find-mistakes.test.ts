import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findMistakes } from './find-mistakes.ts'
import { readKnownNames } from './known-names.ts'
import { readMarkdown } from './markdown.ts'

const files: Readonly<Record<string, string>> = {
  Makefile: 'run: ## starts\n\tnode x\nmake-up-nothing',
  'docs/metrics.generated.md': '| `roomcast_lag_seconds` | gauge |',
  'docs/configuration.generated.md': '| `EDGE_PORT` | `8081` | x |\n| `EDGE_DRAIN_MS` | `2097152` | x |',
  'docs/kafka.md': '',
  'services/edge/config.ts': "EDGE_PORT: port(8081), DATA_DIR: 'x', url: 'http://127.0.0.1:8085/x', write('keys.json')",
  'services/edge/domain/flow.ts': 'EDGE_DRAIN_MS',
  'test/flow.test.ts': "process.env['EDGE_CLIENTS'] EDGE_INVENTED",
  'deploy/observability/rules/one.rules.yml': '- alert: LagGrows',
}
const known = readKnownNames(Object.keys(files), (file) => files[file] ?? '')
const anchorsOf = (document: string): ReadonlySet<string> | undefined =>
  document === 'docs/kafka.md' ? new Set(['access-rights']) : undefined

const mistakesOf = (text: string, more: { document?: string; isHistory?: boolean } = {}): readonly string[] => {
  const { document = 'services/edge/README.md', isHistory = false } = more
  const own = readMarkdown(text)
  const anchors = (other: string): ReadonlySet<string> | undefined =>
    other === document ? own.anchors : anchorsOf(other)
  const withDocument = { ...known, paths: new Set([...known.paths, document]) }
  return findMistakes(document, own, { known: withDocument, anchorsOf: anchors, isHistory }).map(
    ({ line, says }) => `${line}: ${says}`,
  )
}

const good = `# Edge: what *it* does

EDGE_PORT, EDGE_DRAIN_MS, EDGE_… and \`EDGE_CLIENTS=5 node services/edge/config.ts\`; 4–6 in [flow](domain/flow.ts), \`domain/flow.ts\`,
\`flow.ts\`, \`services/edge/{config,domain/flow}.ts\`, \`services/edge/domain/\`, \`deploy/observability/rules/*.yml\`, \`DATA_DIR/keys.json\`;
[there](../../docs/kafka.md#access-rights), [here](#edge-what-it-does), [out](https://example.com/a#b).

    make run

\`\`\`sh
make run
cp services/edge/config.ts my-config.ts && node services/edge/config.ts my-config.ts > drawn.json; cat drawn.json
export ID=\${OWN_ID:-1}; curl http://127.0.0.1:8081/v1/sse; curl http://localhost:8085 # OWN_ID
\`\`\`

\`rate(roomcast_lag_seconds_bucket[5m])\`, \`roomcast_lag_*\`, room.input.v1, \`ALERTS{alertname="LagGrows"}\`. Please make up your mind.

| EDGE_PORT | 8,081 (free: 0) | |
| EDGE_PORT · EDGE_DRAIN_MS | 8081 · 2097152 | |
| EDGE_DRAIN_MS | 2 MiB | |
| EDGE_PORT · EDGE_DRAIN_MS | see there | |
`

test('a document that names what exists has no mistake', () => {
  assert.deepEqual(mistakesOf(good), [])
})

const planted: readonly (readonly [string, string])[] = [
  ['`make rum`', '1: there is no make target rum'],
  ['\n```sh\nmake stop\n```', '3: there is no make target stop'],
  ['EDGE_PROT', '1: there is no setting or variable EDGE_PROT'],
  ['`EDGE_INVENTED`', '1: there is no setting or variable EDGE_INVENTED'],
  ['EDGES_…', '1: there is no setting or variable EDGES_'],
  ['`roomcast_lag_second`', '1: there is no metric roomcast_lag_second'],
  ['room.inputs.v1', '1: there is no topic room.inputs.v1'],
  ['`domain/flaw.ts`', '1: there is no file domain/flaw.ts'],
  ['`services/edges/`', '1: there is no file services/edges/'],
  ['http://127.0.0.1:8082', '1: there is no default port 8082'],
  ['`alertname="LagGrew"`', '1: there is no alert LagGrew'],
  ['| `EDGE_PORT` | 8080 | |', '1: the default of EDGE_PORT is 8081'],
  ['| EDGE_PORT · EDGE_DRAIN_MS | 8081 · 5 | |', '1: the default of EDGE_DRAIN_MS is 2097152'],
  ['[x](domain/flaw.ts)', '1: the link domain/flaw.ts leads nowhere'],
  ['[x](#nowhere)', '1: the link #nowhere leads to no heading of services/edge/README.md'],
  ['[x](../../docs/kafka.md#rights)', '1: the link ../../docs/kafka.md#rights leads to no heading of docs/kafka.md'],
]

test('each kind of planted mistake is found, with its line', () => {
  for (const [text, complaint] of planted) assert.deepEqual(mistakesOf(text), [complaint], text)
})

test('a page of history may name what was, but its links lead somewhere', () => {
  const text = 'EDGE_GONE replaces `make gone`, see [x](gone.md)'
  assert.deepEqual(mistakesOf(text, { document: 'CHANGELOG.md', isHistory: true }), [
    '1: the link gone.md leads nowhere',
  ])
})

test('headings that come again have anchors of their own', () => {
  assert.deepEqual([...readMarkdown('# One\n## One\n```\n# no\n```').anchors], ['one', 'one-1'])
})
