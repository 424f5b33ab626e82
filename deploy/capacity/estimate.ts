import { layOut, type Layout } from './cells.ts'
import type { Demand } from './demand.ts'
import { slowed, valuesOf, type Figures, type Values } from './figures.ts'
import { limitsInOrder, type FirstLimit } from './limits.ts'
import { planOf, type Plan } from './plan.ts'

/** What is needed as measured, and if processors were as much quicker or slower as they were seen to be from run to run. */
export type Estimate = {
  readonly demand: Demand
  /** One system, whether or not it carries it. */
  readonly one: Plan
  /** Undefined: no number of systems carries it. */
  readonly likely: Layout | undefined
  readonly quick: Layout | undefined
  readonly slow: Layout | undefined
  /** Of one system that grows with as many clients in a room. */
  readonly firstLimits: readonly FirstLimit[]
}

export const estimate = (demand: Demand, figures: Figures): Estimate => {
  const likely = valuesOf(figures)
  const noise = figures.noise.value
  const slow: Values = slowed(figures, 1 + noise)
  return {
    demand,
    one: planOf(demand, likely),
    likely: layOut(demand, likely),
    quick: layOut(demand, slowed(figures, 1 / (1 + noise))),
    slow: layOut(demand, slow),
    firstLimits: limitsInOrder(demand, likely),
  }
}
