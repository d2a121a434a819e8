import { database, password } from './site.js'

export const authorization = (session: string): string => `Session ${Buffer.from(session).toString('base64')}`

const call = async (url: string, method: string, params: readonly unknown[], session?: string): Promise<unknown> => {
  const headers: { [name: string]: string } = { 'Content-Type': 'application/json' }
  if (session !== undefined) headers['Authorization'] = authorization(session)
  const body = JSON.stringify({ id: 1, method, params })
  const response = await fetch(`${url}/${database}/`, { method: 'POST', headers, body })
  if (!response.ok) throw new Error(`${method}: ${response.status}`)
  return ((await response.json()) as { result: unknown }).result
}

/** As any client does it; what comes of it goes into `Authorization: Session`. */
export const login = async (url: string, user = 'admin'): Promise<string> => {
  const [id, key] = (await call(url, 'common.db.login', [user, { password }, 'en'])) as readonly [number, string]
  return `${user}:${id}:${key}`
}

export const logout = async (url: string, session: string): Promise<void> => {
  await call(url, 'common.db.logout', [], session)
}
