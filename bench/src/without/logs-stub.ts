export const LINES_PER_SECOND = 0

export function capLog() {
  return { info() {}, flush() {} }
}
