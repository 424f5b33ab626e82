import { z } from 'zod'
import { ofKind, podsOf, type KubernetesObject } from './objects.ts'

const Selector = z.strictObject({
  matchLabels: z.record(z.string(), z.string()).default({}),
  matchExpressions: z
    .array(z.strictObject({ key: z.string(), operator: z.literal('NotIn'), values: z.array(z.string()) }))
    .default([]),
})
const Peer = z.strictObject({
  podSelector: Selector.optional(),
  namespaceSelector: Selector.optional(),
  ipBlock: z.strictObject({ cidr: z.string() }).optional(),
})
type Peer = z.infer<typeof Peer>
const Port = z.strictObject({
  port: z.union([z.number(), z.string()]),
  protocol: z.enum(['TCP', 'UDP']).default('TCP'),
})
const Rule = { ports: z.array(Port).min(1) }
const Policy = z.looseObject({
  spec: z.strictObject({
    podSelector: Selector,
    policyTypes: z.array(z.enum(['Ingress', 'Egress'])),
    ingress: z.array(z.strictObject({ ...Rule, from: z.array(Peer).min(1).optional() })).default([]),
    egress: z.array(z.strictObject({ ...Rule, to: z.array(Peer).min(1).optional() })).default([]),
  }),
})

const componentLabel = 'app.kubernetes.io/component'

/** The components that a selector of pods finds. */
const selected = (
  { matchLabels, matchExpressions }: z.infer<typeof Selector>,
  all: readonly string[],
): readonly string[] => {
  const only = matchLabels[componentLabel]
  const not = matchExpressions.filter(({ key }) => key === componentLabel).flatMap(({ values }) => values)
  return all.filter((component) => (only ?? component) === component && !not.includes(component))
}

const describePeer = ({ podSelector, namespaceSelector, ipBlock }: Peer, all: readonly string[]): readonly string[] => {
  if (ipBlock !== undefined) return [ipBlock.cidr]
  if (namespaceSelector !== undefined) {
    const name = namespaceSelector.matchLabels['kubernetes.io/metadata.name']
    return [name === undefined ? 'any pod' : `namespace ${name}`]
  }
  return podSelector === undefined ? [] : selected(podSelector, all)
}

/**
 * Who may open a connection to whom, one line each: `ingest → anywhere:9092`, `anyone → edge:8081`; names of ports as numbers. What one
 * side is not allowed is not there, so of pods of the release both lines have to be: `mixer → ingest:8080` and `mixer → ingest:8080 (taken)`.
 */
export const flowsOf = (objects: readonly KubernetesObject[]): readonly string[] => {
  const pods = podsOf(objects)
  const all = [...pods.keys()]
  const numberOf = (component: string, { port, protocol }: z.infer<typeof Port>): string => {
    const named = pods.get(component)?.containers[0].ports.find(({ name }) => name === port)
    return `${named?.containerPort ?? port}${protocol === 'UDP' ? '/UDP' : ''}`
  }
  const flows = ofKind(objects, 'NetworkPolicy').flatMap((object) => {
    const { podSelector, ingress, egress } = Policy.parse(object).spec
    return selected(podSelector, all).flatMap((component) => [
      ...ingress.flatMap(({ from, ports }) =>
        (from?.flatMap((peer) => describePeer(peer, all)) ?? ['anyone']).flatMap((peer) =>
          ports.map((port) => `${peer} → ${component}:${numberOf(component, port)} (taken)`),
        ),
      ),
      ...egress.flatMap(({ to, ports }) =>
        (to?.flatMap((peer) => describePeer(peer, all)) ?? ['anywhere']).flatMap((peer) =>
          ports.map((port) => `${component} → ${peer}:${numberOf(peer, port)}`),
        ),
      ),
    ])
  })
  return [...new Set(flows)].toSorted((a, b) => (a < b ? -1 : 1))
}

/** The components for whose pods nothing is possible unless another policy allows it. */
export const closedOf = (objects: readonly KubernetesObject[]): readonly string[] => {
  const all = [...podsOf(objects).keys()]
  return ofKind(objects, 'NetworkPolicy')
    .map((object) => Policy.parse(object).spec)
    .filter(({ policyTypes, ingress, egress }) => policyTypes.length === 2 && ingress.length + egress.length === 0)
    .flatMap(({ podSelector }) => selected(podSelector, all))
}
