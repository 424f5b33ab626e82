/** What a panel asks Prometheus: an expression, and how its series are called (`{{label}}` is the value of a label). */
export type Query = { readonly expr: string; readonly legend: string }

export type Selection = {
  /** Which series: `code="200"`. */
  readonly where?: string
  /** By which labels they stay apart: `topic, code`. They are also the legend. */
  readonly by?: string
  readonly legend?: string
}

/** The queries of one dashboard: each looks at the series that the dashboard is about. */
export type Queries = {
  /** `metric{…}` as it is, for expressions that the others do not make. */
  readonly series: (metric: string, where?: string) => string
  /** Now, added up. */
  readonly sum: (metric: string, selection?: Selection) => Query
  /** Now, the largest. */
  readonly max: (metric: string, selection?: Selection) => Query
  /** How many series are 0 now; nothing where there is no series. */
  readonly zeros: (metric: string, selection?: Selection) => Query
  /** Of a counter, per second. */
  readonly rate: (metric: string, selection?: Selection) => Query
  /** Of a counter, how many in a span of time: `10m`. */
  readonly increase: (metric: string, over: string, selection?: Selection) => Query
  /** Of a histogram, named without `_bucket`, over the last moments; NaN when nothing was observed. */
  readonly quantile: (q: number, metric: string, selection?: Selection) => Query
  /** Median, 90 and 99 of 100. */
  readonly quantiles: (metric: string, selection?: Selection) => readonly Query[]
  /** What a histogram has observed on average, over the last moments. */
  readonly mean: (metric: string, selection?: Selection) => Query
}

const labelsOf = (by: string): readonly string[] => by.split(', ').filter((label) => label !== '')
const legendOf = ({ by = '', legend }: Selection): string =>
  legend ??
  (labelsOf(by)
    .map((label) => `{{${label}}}`)
    .join(' ') ||
    'all')

/** As Grafana calls the span that holds at least four scrapes and is never shorter than a pixel. */
const moments = '$__rate_interval'

/** @param common a selector that each series has to meet: `service="edge"`. */
export const createQueries = (common = ''): Queries => {
  const series = (metric: string, where = ''): string =>
    `${metric}{${[common, where].filter((part) => part !== '').join(',')}}`
  const group = (aggregation: string, inner: string, by = ''): string =>
    by === '' ? `${aggregation}(${inner})` : `${aggregation} by (${by}) (${inner})`
  const rateOf = (metric: string, where?: string, by?: string): string =>
    group('sum', `rate(${series(metric, where)}[${moments}])`, by)
  const quantile: Queries['quantile'] = (q, metric, selection = {}) => ({
    expr: `histogram_quantile(${q}, ${rateOf(`${metric}_bucket`, selection.where, ['le', ...labelsOf(selection.by ?? '')].join(', '))})`,
    legend: legendOf(selection),
  })
  return {
    series,
    quantile,
    sum: (metric, selection = {}) => ({
      expr: group('sum', series(metric, selection.where), selection.by),
      legend: legendOf(selection),
    }),
    max: (metric, selection = {}) => ({
      expr: group('max', series(metric, selection.where), selection.by),
      legend: legendOf(selection),
    }),
    zeros: (metric, selection = {}) => ({
      expr: group('sum', `${series(metric, selection.where)} == bool 0`, selection.by),
      legend: legendOf(selection),
    }),
    rate: (metric, selection = {}) => ({
      expr: rateOf(metric, selection.where, selection.by),
      legend: legendOf(selection),
    }),
    increase: (metric, over, selection = {}) => ({
      expr: group('sum', `increase(${series(metric, selection.where)}[${over}])`, selection.by),
      legend: legendOf(selection),
    }),
    quantiles: (metric, selection = {}) =>
      [0.5, 0.9, 0.99].map((q) => {
        const names = selection.by === undefined ? '' : ` ${legendOf(selection)}`
        return quantile(q, metric, { ...selection, legend: `p${q * 100}${names}` })
      }),
    mean: (metric, { where, by, ...selection } = {}) => ({
      expr: `${rateOf(`${metric}_sum`, where, by)} / ${rateOf(`${metric}_count`, where, by)}`,
      legend: legendOf({ ...selection, ...(by === undefined ? {} : { by }) }),
    }),
  }
}

/** 0 where a query has nothing: for what rightly has no series before the first time. */
export const orZero = ({ expr, legend }: Query): Query => ({ expr: `(${expr}) or on () vector(0)`, legend })

/**
 * Only what happens: of many series that begin at 0, those that are more; when none is, their sum, called none. Where nobody reports
 * them there is nothing.
 */
export const busy = (ask: (selection: Selection) => Query, selection: Selection & { readonly by: string }): Query => {
  const { expr, legend } = ask(selection)
  const { by, legend: _, ...rest } = selection
  const [first = ''] = labelsOf(by)
  return { expr: `${expr} > 0 or on () label_replace(${ask(rest).expr}, "${first}", "none", "", "")`, legend }
}

/** A part of a whole, 0 to 1; NaN when there is nothing. */
export const share = (part: Query, whole: Query, legend = 'share'): Query => ({
  expr: `(${part.expr}) / (${whole.expr})`,
  legend,
})
