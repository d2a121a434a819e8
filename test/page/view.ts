import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

/** Without those that are not there to be used: the browser asks nobody but the nodes. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const launch = async (t: Test): Promise<Browser> => {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags })
  t.teardown(() => browser.close())
  return browser
}

const patience = 15_000

/** The status page in a window, as somebody sees it. */
export class View {
  private constructor(
    readonly page: Page,
    /** What went wrong in it. */
    readonly errors: string[],
  ) {}

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<View> {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    page.setDefaultTimeout(patience)
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => {
      // What the browser says of nodes that are away, and of refusals, is no mistake.
      if (message.type() === 'error' && !/^Failed to load resource/.test(message.text())) errors.push(message.text())
    })
    page.on('dialog', (dialog) => {
      errors.push(`a dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    await page.goto(url)
    return new View(page, errors)
  }

  /** Waits until this element has such a text. */
  async shows(selector: string, text: RegExp): Promise<string> {
    const found = this.page.locator(selector, { hasText: text }).first()
    try {
      await found.waitFor()
    } catch (error) {
      const now = await this.page.locator(selector).allTextContents()
      throw new Error(`${selector} does not show ${text}, but ${JSON.stringify(now)}`, { cause: error })
    }
    return (await found.textContent()) ?? ''
  }

  /** How a node is drawn. */
  async draws(name: string, standing: string): Promise<void> {
    await this.page.locator(`#picture g.node.${standing}`, { hasText: name }).waitFor()
  }

  async publish(channel: string, message: string): Promise<void> {
    await this.page.fill('#channel', channel)
    await this.page.fill('#message', message)
    await this.page.click('#publish')
  }

  /** Wider than the window, by so many pixels. */
  overhang(): Promise<number> {
    return this.page.evaluate('document.documentElement.scrollWidth - innerWidth')
  }

  /** What is wrong with it for who can't see, hear or point. */
  async flaws(): Promise<readonly string[]> {
    await this.page.evaluate(axe.source)
    const { violations } = (await this.page.evaluate('axe.run()')) as axe.AxeResults
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
  }

  async close(): Promise<void> {
    await this.page.context().close()
  }
}
