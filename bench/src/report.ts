import type { Goal, Row } from './scenario.ts'
import { summarize, type Summary } from './stats.ts'

export interface Result extends Row, Summary {
  scenario: string
}

/** The rows of a scenario with what their values come to. */
export function toResults(scenario: string, rows: Row[]): Result[] {
  return rows.map((row) => Object.assign(summarize(row.values), row, { scenario }))
}

/** One table for people, scenario by scenario. */
export function toTable(results: Result[]): string {
  const lines = results.map(({ scenario, name, unit, median, min, max }) => [
    scenario,
    name,
    digits(median),
    unit,
    `${digits(min)} – ${digits(max)}`,
  ])
  const table = [['scenario', 'figure', 'median', 'unit', 'lowest – highest'], ...lines]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((cells) => cells[column]!.length)))
  return table
    .map((cells) =>
      cells
        .map((cell, column) => pad(cell, widths[column]!, column === 2))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The goals, and whether they are met. */
export function toVerdicts(results: Result[]): string {
  const lines = results.flatMap(({ scenario, name, unit, median, goal }) =>
    goal
      ? [
          `${meets(median, goal) ? 'met   ' : 'MISSED'}  ${scenario}: ${name}: ${digits(median)} ${unit}, ${words(goal)}`,
        ]
      : [],
  )
  return lines.join('\n')
}

function meets(value: number, goal: Goal): boolean {
  if ('atLeast' in goal) return value >= goal.atLeast
  return 'atMost' in goal ? value <= goal.atMost : value < goal.below
}

function words(goal: Goal): string {
  if ('atLeast' in goal) return `at least ${digits(goal.atLeast)}`
  return 'atMost' in goal ? `at most ${digits(goal.atMost)}` : `below ${digits(goal.below)}`
}

function pad(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width)
}

/** Three digits that matter, more only before the point: 14,321; 57.5; 0.91. */
function digits(value: number): string {
  const size = Math.abs(value)
  if (size >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(size >= 10 ? 1 : 2)
}
