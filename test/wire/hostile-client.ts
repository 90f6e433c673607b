// A client that writes bytes as it likes, and what it watches the program by.

import { connect, type Socket } from 'node:net'
import type { TestProgram } from '../support/program.ts'

export const host = 'Host: api.flintn.com'

export function open(program: TestProgram, bytes: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(program.gatewayPort, '127.0.0.1', () => {
      socket.write(bytes, 'latin1', () => resolve(socket))
    })
    socket.on('error', () => {})
  })
}

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

export async function gauge(program: TestProgram, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${program.controlPort}/metrics`)).text()
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))]
  return values.reduce((sum, match) => sum + Number(match[1]), 0)
}

export async function until(what: () => Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 100; i++) {
    if (await what()) return true
    await pause(50)
  }
  return false
}

export async function writer(program: TestProgram): Promise<string> {
  const key = await program.admin.makeKey(await program.admin.makeMerchant(), { permissions: ['*'] })
  return `X-Api-Key: ${key.secret}`
}
