import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { until } from '../../support/until.js'
import { database, password } from './site.js'

export interface Shown {
  readonly title: string
  readonly body: string
}

/** Runs in the page, before anything of it: a browser without a screen shows its notifications nowhere, so the page does. */
const showNotifications = (): void => {
  const page = globalThis as unknown as {
    Notification: unknown
    shown: Shown[]
    document: {
      createElement(name: string): { textContent: string; style: { cssText: string } }
      body: { append(element: unknown): void }
    }
  }
  page.shown = []
  class Notification {
    static permission = 'granted'
    static requestPermission(): Promise<string> {
      return Promise.resolve('granted')
    }
    constructor(title: string, options: { body?: string } = {}) {
      page.shown.push({ title, body: options.body ?? '' })
      const element = page.document.createElement('div')
      element.textContent = `${title}: ${options.body}`
      const top = 60 + ((page.shown.length - 1) % 10) * 44
      element.style.cssText = `position:fixed;right:16px;top:${top}px;width:320px;padding:10px;z-index:9999;background:#333;color:#fff;border-radius:6px`
      page.document.body.append(element)
    }
  }
  page.Notification = Notification
}

/** The real web client in a real browser. */
export class WebClient {
  readonly #browser: Browser
  readonly #page: Page

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser
    this.#page = page
  }

  static async open(url: string): Promise<WebClient> {
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
    const page = await browser.newPage({ viewport: { width: 1200, height: 700 } })
    await page.addInitScript(showNotifications)
    await page.goto(`${url}/#${database}`)
    return new WebClient(browser, page)
  }

  async login(): Promise<void> {
    const page = this.#page
    // The form is of no use before it has found out which databases there are.
    await page.locator('input#database[readonly]').waitFor()
    await page.locator('#login').fill('admin')
    await page.locator('#login').press('Enter')
    await page.locator('#ask-dialog-entry').fill(password)
    await page.locator('.ask-dialog .btn-primary').click()
    await page.locator('#menu .treeview, #menu table').first().waitFor()
  }

  /** What the page goes by at the bus. */
  async busId(): Promise<string> {
    return await this.#page.evaluate(() => (globalThis as unknown as { Sao: { Bus: { id: string } } }).Sao.Bus.id)
  }

  /** The number at the bell, in version 8. */
  async bell(): Promise<string | null> {
    return await this.#page.locator('#user-preferences .notification-badge').textContent()
  }

  async shown(): Promise<readonly Shown[]> {
    return await this.#page.evaluate(() => (globalThis as unknown as { shown: Shown[] }).shown)
  }

  async shows(title: string): Promise<void> {
    await until(
      `the web client shows ${title}`,
      async () => (await this.shown()).some((each) => each.title === title),
      30_000,
    )
  }

  /** Kept for people to look at; ignored by git. */
  async photograph(name: string): Promise<string> {
    const folder = fileURLToPath(new URL('../../../artifacts', import.meta.url))
    mkdirSync(folder, { recursive: true })
    const path = `${folder}/${name}.png`
    await this.#page.screenshot({ path })
    return path
  }

  async close(): Promise<void> {
    await this.#browser.close()
  }
}
