import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  MappingType,
  SpecialValueMatch,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type Panel,
  type Threshold,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import type { Unit } from './units.ts'
import { anchorOf } from '../runbook-page.ts'
import type { Query } from './queries.ts'

/** The data source that is chosen at the top of a dashboard. */
export const datasource = { type: 'prometheus', uid: '${datasource}' }

/** Where the runbook is, as chosen at the top of a dashboard. */
const runbook = '${runbook}'

/** From which value on which colour, upwards; the first colour counts below all. */
export type Steps = readonly [lowest: Colour, ...(readonly [from: number, colour: Colour])[]]
type Colour = 'green' | 'orange' | 'red'

export type PanelSettings = {
  readonly title: string
  readonly unit: Unit
  readonly queries: readonly Query[]
  /** What is seen. */
  readonly shows: string
  /** How it looks while nothing is wrong. */
  readonly normal: string
  /** What to do, or where to look, when it does not look like that. */
  readonly next: string
  /** A heading of deploy/RUNBOOK.md. */
  readonly heading?: string
  /** Where an objective or an alert has a limit. */
  readonly steps?: Steps
  readonly decimals?: number
  /** What stands there when there is no number. */
  readonly none?: string
  /** As long as a service runs there is a number: none is red. */
  readonly always?: boolean
}

/** A panel that is still without width and number: those it gets in a row. */
export type Placeable = (span: number, id: number) => Builder<Panel>

const describe = ({ shows, normal, next, heading }: PanelSettings): string => {
  const steps = heading === undefined ? next : `${next} Runbook: ${heading}.`
  return `${shows}\n\n**Normal:** ${normal}\n\n**Next:** ${steps}`
}

const linksOf = ({ heading }: PanelSettings): DashboardLinkBuilder[] =>
  heading === undefined
    ? []
    : [
        new DashboardLinkBuilder(`Runbook: ${heading}`)
          .type(DashboardLinkType.Link)
          .url(`${runbook}#${anchorOf(heading)}`)
          .targetBlank(true),
      ]

const thresholds = ([lowest, ...steps]: Steps): ThresholdsConfigBuilder => {
  const above: Threshold[] = steps.map(([value, color]) => ({ value, color }))
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: lowest }, ...above])
}

const refIds = 'ABCDEFGHIJ'

const target = ({ expr, legend }: Query, index: number): DataqueryBuilder =>
  new DataqueryBuilder().refId(refIds.charAt(index)).datasource(datasource).expr(expr).legendFormat(legend)

/**
 * A number, coloured by its limits. It is asked for at this moment, not over a span of time: what has stopped to be reported is shown
 * as missing, not as what it was last.
 */
export const stat =
  (settings: PanelSettings & { readonly names?: 'only' }): Placeable =>
  (span, id) => {
    const { title, unit, queries, steps = ['green'], decimals, always = false, names } = settings
    const none = settings.none ?? (always ? 'nobody answers' : 'nothing measured')
    const manyNamed = queries.length > 1 || queries.some(({ legend }) => legend.includes('{{'))
    const builder = new StatBuilder()
      .id(id)
      .title(title)
      .description(describe(settings))
      .datasource(datasource)
      .targets(queries.map((query, index) => target(query, index).instant()))
      .links(linksOf(settings))
      .unit(unit)
      .noValue(none)
      .mappings([
        {
          type: MappingType.SpecialValue,
          options: { match: SpecialValueMatch.NullAndNan, result: { text: none, color: always ? 'red' : '#808080' } },
        },
      ])
      .thresholds(thresholds(steps))
      .colorMode(steps.length > 1 ? BigValueColorMode.Background : BigValueColorMode.Value)
      .graphMode(BigValueGraphMode.None)
      .textMode(
        names === 'only' ? BigValueTextMode.Name : manyNamed ? BigValueTextMode.ValueAndName : BigValueTextMode.Value,
      )
      .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''))
      .span(span)
      .height(4)
    return decimals === undefined ? builder : builder.decimals(decimals)
  }

/** Values over time, with a dashed line where a limit is. */
export const graph =
  (settings: PanelSettings): Placeable =>
  (span, id) => {
    const { title, unit, queries, steps, decimals, none = 'nothing measured' } = settings
    const builder = new GraphBuilder()
      .id(id)
      .title(title)
      .description(describe(settings))
      .datasource(datasource)
      .targets(queries.map((query, index) => target(query, index).range()))
      .links(linksOf(settings))
      .unit(unit)
      .min(0)
      .noValue(none)
      .lineWidth(1)
      .fillOpacity(8)
      .legend(
        new VizLegendOptionsBuilder()
          .displayMode(LegendDisplayMode.Table)
          .placement(LegendPlacement.Bottom)
          .showLegend(true)
          .calcs(['lastNotNull', 'max']),
      )
      .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
      .span(span)
      .height(8)
    if (steps !== undefined) {
      builder
        .thresholds(thresholds(steps))
        .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
    }
    return decimals === undefined ? builder : builder.decimals(decimals)
  }
