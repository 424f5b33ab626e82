import {
  AnnotationQueryBuilder,
  ConstantVariableBuilder,
  CustomVariableBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
  type Dashboard,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { datasource, type Placeable } from './panels.ts'
import { services } from './service-names.ts'

/** Panels under a heading; each line of them has the same height and shares the width. */
export type Row = { readonly title: string; readonly lines: readonly (readonly Placeable[])[] }

export type Board = {
  readonly uid: `roomcast-${string}`
  readonly title: string
  readonly description: string
  /** Which instances can be chosen, as a selector of `up`; undefined: the dashboard is about all together. */
  readonly instancesOf?: string
  /** The services can be chosen too. */
  readonly byService?: boolean
  readonly rows: readonly Row[]
}

const columns = 24

/** A deployment puts its own address here, as in prometheus.yml: where deploy/RUNBOOK.md can be read. */
const runbookPlaceholder = 'https://git.example.com/roomcast/deploy/RUNBOOK.md'

/** Narrows every panel; all instances is the expression that every name matches, so that new ones are among them. */
const instanceVariable = (of: string): QueryVariableBuilder =>
  new QueryVariableBuilder('instance')
    .label('Instance')
    .datasource(datasource)
    .query(`label_values(up{${of}}, instance)`)
    .definition(`label_values(up{${of}}, instance)`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: ['All'], value: ['$__all'] })

/** Marks in every panel when an alert fired. */
const alertMarks = (severity: 'page' | 'ticket', colour: string): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name(severity === 'page' ? 'Pages' : 'Tickets')
    .datasource(datasource)
    .enable(true)
    .iconColor(colour)
    .expr(`ALERTS{alertstate="firing",severity="${severity}"}`)
    .step('15s')
    .titleFormat('{{alertname}}')
    .textFormat('{{service}} {{instance}} {{topic}}')
    .tagKeys('severity,service')

const serviceVariable = (): CustomVariableBuilder =>
  new CustomVariableBuilder('service')
    .label('Service')
    .values(services.join(','))
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: ['All'], value: ['$__all'] })

const withHead = ({ uid, title, description, instancesOf, byService = false }: Board): DashboardBuilder => {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['roomcast'])
    .timezone('browser')
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(new ConstantVariableBuilder('runbook').label('Runbook').value(runbookPlaceholder))
    .link(new DashboardLinkBuilder('roomcast').type(DashboardLinkType.Dashboards).tags(['roomcast']).keepTime(true))
    .link(
      new DashboardLinkBuilder('Runbook').type(DashboardLinkType.Link).icon('doc').url('${runbook}').targetBlank(true),
    )
    .annotation(alertMarks('page', 'red'))
    .annotation(alertMarks('ticket', 'orange'))
  if (byService) builder.withVariable(serviceVariable())
  return instancesOf === undefined ? builder : builder.withVariable(instanceVariable(instancesOf))
}

/** A dashboard in the classic model, which Grafana from version 8 on reads from files; panels are numbered as they stand. */
export const buildBoard = (board: Board): Dashboard => {
  const builder = withHead(board)
  let id = 0
  for (const { title, lines } of board.rows) {
    builder.withRow(new RowBuilder(title).id((id += 1)))
    for (const line of lines) {
      for (const place of line) builder.withPanel(place(columns / line.length, (id += 1)))
    }
  }
  const dashboard = builder.build()
  // The SDK puts links into a menu; here they stay in sight.
  for (const link of dashboard.links ?? []) delete link.placement
  return dashboard
}
