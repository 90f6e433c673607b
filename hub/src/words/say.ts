// Figures within sentences, in the reader's locale.

const numbers = new Intl.NumberFormat()

export function figure(value: number): string {
  return numbers.format(value)
}

export function counted(count: number, one: string, many: string): string {
  return `${figure(count)} ${count === 1 ? one : many}`
}

export function countedKeys(count: number, isMore: boolean, one: string, many: string): string {
  return count === 1 ? `1 key ${one}` : `${figure(count)}${isMore ? ' or more' : ''} keys ${many}`
}
